/** Keeps this node's standing (may it serve) and what it remembers of every other member, durably.
 *  Invariants: what a peer showed is fsynced before any answer of that run is counted; a store that
 *  came back below what is remembered of it does not replace the memory; SERVING never falls back
 *  to UNVERIFIED, and RECOVERING is left only by a rebuild.
 *  Not here: the rules (core/membership/standing.ts), the handshake that carries the facts
 *  (node/link). */

import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type { OpenedStore, Remembered, Standing } from '../../core/membership/standing.ts';
import {
  findLoss,
  judgeStanding,
  remember,
  VERIFY_WAIT_MS,
} from '../../core/membership/standing.ts';
import type { Log } from '../../env/log.ts';

/** Small durable rows, each fsynced before the promise settles. */
export interface MetaRows {
  readMeta(name: string): Promise<Uint8Array | undefined>;
  writeMeta(
    entries: readonly { readonly name: string; readonly value: Uint8Array }[],
  ): Promise<void>;
}

interface Peer {
  remembered: Remembered | undefined;
  shown: OpenedStore | undefined;
  hasAnswered: boolean;
  answer: Remembered | undefined;
  isDown: boolean;
}

/** Commits of peers are noted at most this often: they only sharpen what the handshake has already
 *  secured. */
const COMMIT_NOTE_INTERVAL_MS = 1_000;

export class StandingKeeper {
  readonly #deadlines: Deadlines;
  readonly #log: Log;
  readonly #rows: MetaRows;
  readonly #onChange: (standing: Standing) => void;
  readonly #peers = new Map<number, Peer>();
  #opened: OpenedStore | undefined;
  #damage: string | undefined;
  #startedMs = 0;
  #standing: Standing = {
    state: 'UNVERIFIED',
    reason: 'this node belongs to no cluster yet: run `coterie cluster init`',
  };
  #isNoteDue = false;

  constructor(
    env: { readonly deadlines: Deadlines; readonly log: Log },
    rows: MetaRows,
    onChange: (standing: Standing) => void,
  ) {
    this.#deadlines = env.deadlines;
    this.#log = env.log;
    this.#rows = rows;
    this.#onChange = onChange;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Called once this node has a place in a layout. `peers`: node indexes of the other members. */
  async start(
    opened: OpenedStore,
    damage: string | undefined,
    peers: readonly number[],
  ): Promise<void> {
    this.#opened = opened;
    const earlier = await this.#rows.readMeta(RECOVERING_ROW);
    this.#damage = damage ?? (earlier && decodeReason(earlier));
    for (const nodeIndex of peers) {
      const row = await this.#rows.readMeta(rowName(nodeIndex));
      this.#peers.set(nodeIndex, {
        remembered: row === undefined ? undefined : decodeRow(row),
        shown: undefined,
        hasAnswered: false,
        answer: undefined,
        isDown: false,
      });
    }
    this.#startedMs = this.#deadlines.nowMs();
    this.#deadlines.add(this.#startedMs + VERIFY_WAIT_MS, () => this.#judge());
    this.#judge();
  }

  remembered(nodeIndex: number): Remembered | undefined {
    return this.#peers.get(nodeIndex)?.remembered;
  }

  /** A peer greeted; settles once what it showed is durable here. */
  async peerGreeted(
    nodeIndex: number,
    shown: OpenedStore,
    answer: Remembered | undefined,
  ): Promise<void> {
    const peer = this.#peers.get(nodeIndex);
    if (peer === undefined) return;
    peer.shown = shown;
    const next = remember(peer.remembered, shown);
    if (next !== peer.remembered) {
      await this.#rows.writeMeta([{ name: rowName(nodeIndex), value: encodeRow(next) }]);
      // Commits may have been noted meanwhile, over a link in the other direction.
      const commitSeq = Math.max(next.commitSeq, peer.remembered?.commitSeq ?? 0);
      peer.remembered = { ...next, commitSeq };
    }
    peer.hasAnswered = true;
    peer.answer = answer;
    peer.isDown = false;
    this.#judge();
  }

  peerReach(nodeIndex: number, isDown: boolean): void {
    const peer = this.#peers.get(nodeIndex);
    if (peer === undefined || peer.isDown === isDown) return;
    peer.isDown = isDown;
    this.#judge();
  }

  /** A reply showed this durable commit of the peer's present run. */
  peerCommitted(nodeIndex: number, commitSeq: number): void {
    const peer = this.#peers.get(nodeIndex);
    const remembered = peer?.remembered;
    if (peer === undefined || remembered === undefined || commitSeq <= remembered.commitSeq) return;
    if (!this.isTrusted(nodeIndex)) return;
    // Written out: this runs with every reply, and a spread would make a hidden class each time.
    const { storeId, run, runId, ceiling } = remembered;
    peer.remembered = { storeId, run, runId, ceiling, commitSeq };
    if (this.#isNoteDue) return;
    this.#isNoteDue = true;
    this.#deadlines.add(this.#deadlines.nowMs() + COMMIT_NOTE_INTERVAL_MS, () => {
      this.#isNoteDue = false;
      void this.#noteCommits();
    });
  }

  /** False for a peer whose store came back below what is remembered of it. */
  isTrusted(nodeIndex: number): boolean {
    const peer = this.#peers.get(nodeIndex);
    if (peer?.shown === undefined) return false;
    return findLoss(peer.shown, peer.remembered) === undefined;
  }

  /** Damage that came to light while running. */
  reportDamage(reason: string): void {
    this.#damage ??= reason;
    this.#judge();
  }

  /** Notes what is not noted yet: after a clean stop nothing that peers showed is forgotten. */
  async flush(): Promise<void> {
    if (this.#isNoteDue) await this.#noteCommits();
  }

  async #noteCommits(): Promise<void> {
    const entries = [];
    for (const [nodeIndex, peer] of this.#peers) {
      if (peer.remembered === undefined) continue;
      entries.push({ name: rowName(nodeIndex), value: encodeRow(peer.remembered) });
    }
    try {
      await this.#rows.writeMeta(entries);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#log.warn('peer-commits-not-noted', { message });
    }
  }

  #judge(): void {
    if (this.#opened === undefined || this.#standing.state === 'RECOVERING') return;
    const peers = [...this.#peers.values()];
    const next = judgeStanding({
      opened: this.#opened,
      damage: this.#damage,
      peerCount: peers.length,
      answers: peers.filter((peer) => peer.hasAnswered).map((peer) => peer.answer),
      unreachableCount: peers.filter((peer) => !peer.hasAnswered && peer.isDown).length,
      waitedMs: this.#deadlines.nowMs() - this.#startedMs,
    });
    if (this.#standing.state === 'SERVING' && next.state === 'UNVERIFIED') return;
    const isChange = next.state !== this.#standing.state;
    this.#standing = next;
    if (isChange && next.state === 'RECOVERING') this.#noteRecovering(next.reason);
    if (isChange) this.#onChange(next);
  }

  /** A restart must not forget it: what came back goes on committing and would pass every number
   *  its peers remember. */
  #noteRecovering(reason: string): void {
    const text = new TextEncoder().encode(reason);
    const value = new Uint8Array(1 + text.length);
    value[0] = ROW_FORMAT;
    value.set(text, 1);
    this.#rows.writeMeta([{ name: RECOVERING_ROW, value }]).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.#log.error('recovering-not-noted', { message });
    });
  }
}

function rowName(nodeIndex: number): string {
  return `peer|${nodeIndex}`;
}

const ROW_FORMAT = 1;
const RECOVERING_ROW = 'recovering';

function decodeReason(row: Uint8Array): string {
  return new TextDecoder().decode(row.subarray(1));
}

function encodeRow(remembered: Remembered): Uint8Array {
  const { storeId, run, runId, ceiling, commitSeq } = remembered;
  const json = JSON.stringify({ storeId, run, runId, ceiling, commitSeq });
  const text = new TextEncoder().encode(json);
  const row = new Uint8Array(1 + text.length);
  row[0] = ROW_FORMAT;
  row.set(text, 1);
  return row;
}

function decodeRow(row: Uint8Array): Remembered {
  if (row[0] !== ROW_FORMAT) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `A row about a member has format ${row[0]}; this software reads ${ROW_FORMAT}`,
    );
  }
  const value: unknown = JSON.parse(new TextDecoder().decode(row.subarray(1)));
  if (isRemembered(value)) return value;
  throw new CoterieError('MALFORMED_MESSAGE', 'A row about a member cannot be read');
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    typeof fields['storeId'] === 'string' &&
    typeof fields['runId'] === 'string' &&
    Number.isSafeInteger(fields['run']) &&
    Number.isSafeInteger(fields['ceiling']) &&
    Number.isSafeInteger(fields['commitSeq'])
  );
}
