/** Whom does the detector judge, and by which words of theirs?
 *  Invariants: one id per name is judged, and besides it those that may yet stand for the name;
 *  what the table has dropped or another id has replaced is forgotten at once, with all that was
 *  measured of it.
 *  Not here: who stands for a name (namesakes.ts), judging (core/membership). */
import { CoterieError } from '../../core/errors.ts';
import type { ClockOffsets } from '../../core/membership/clock-offset.ts';
import type { FailureDetector } from '../../core/membership/failure-detector.ts';
import { Ghosts } from '../../core/membership/ghosts.ts';
import type { MemberTable } from '../../core/membership/member-table.ts';
import type { Findings } from './findings.ts';
import type { MemberView } from './member-view.ts';

export interface WatchListParts {
  readonly table: MemberTable;
  readonly detector: FailureDetector;
  readonly view: MemberView;
  readonly offsets: ClockOffsets;
  readonly findings: Findings;
  /** Whether the layout names it; false before there is one. */
  readonly isNamed: (name: string) => boolean;
}

export class WatchList {
  readonly #parts: WatchListParts;
  readonly #watched = new Set<string>();
  readonly #ghosts = new Ghosts();

  constructor(parts: WatchListParts) {
    this.#parts = parts;
  }

  /** Entries of the table are new or others, those of `ids` among them. Costs O(members). */
  changed(ids: Iterable<string>, nowMs: number): void {
    const { table, detector, view, offsets } = this.#parts;
    view.index();
    for (const id of [...this.#watched]) {
      if (view.isJudged(id)) continue;
      this.#watched.delete(id);
      detector.forget(id);
      offsets.forget(id);
    }
    for (const id of ids) if (this.#watched.has(id)) this.#learn(id, nowMs);
    for (const { id } of table.entries()) {
      if (!this.#watched.has(id) && view.isJudged(id)) this.#learn(id, nowMs);
    }
    view.refresh();
  }

  /** While two live under one name the states of both decide who stands for it. */
  weighNamesakes(nowMs: number): void {
    const { table, view, findings } = this.#parts;
    if (view.contenders.size === 0) return;
    this.changed([], nowMs);
    for (const id of view.contenders) {
      const later = table.record(id);
      const standing = [...view.records()].find(({ name }) => name === later?.name);
      if (later === undefined || standing === undefined) continue;
      findings.namesakes(later.name, [standing.address, later.address]);
    }
  }

  /** Forgets nodes that were found, are no members and are gone. */
  forgetGhosts(nowMs: number): void {
    const { table, view, isNamed } = this.#parts;
    const found = [...view.records()].map(({ id, name, address, nodeIndex }) => ({
      id,
      address,
      state: view.stateOfId(id),
      isNamed: id === table.ownId || nodeIndex !== undefined || isNamed(name),
    }));
    const gone = this.#ghosts.weigh(found, nowMs);
    if (gone.length === 0) return;
    for (const id of gone) table.forget(id);
    this.changed([], nowMs);
  }

  #learn(id: string, nowMs: number): void {
    const { table, detector, findings } = this.#parts;
    const record = table.record(id);
    if (record === undefined || id === table.ownId) return;
    try {
      detector.learn(record, nowMs);
    } catch (thrown) {
      if (!(thrown instanceof CoterieError) || thrown.code !== 'OVERLOADED') throw thrown;
      findings.tooMany(id, thrown);
      return;
    }
    this.#watched.add(id);
    for (const accusation of table.accusations(id)) detector.accused(accusation, nowMs);
  }
}
