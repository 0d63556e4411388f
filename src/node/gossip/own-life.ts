/** What this node says of itself: its record, its answers to accusations, its clock.
 *  Invariants: a generation is durable before it is in the record; one is made durable at a time;
 *  the record changes only when something in it is different, small moves of the clock are not.
 *  Not here: telling the others (gossip.ts), the rules of records (core/membership). */
import type { ClockOffsets } from '../../core/membership/clock-offset.ts';
import type { MemberRecord } from '../../core/membership/member-record.ts';
import type { MemberTable, OwnChange } from '../../core/membership/member-table.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';

export interface OwnLifeParts {
  readonly table: MemberTable;
  readonly offsets: ClockOffsets;
  /** Everybody, this node included. */
  readonly members: () => Iterable<MemberRecord>;
  readonly saveGeneration: (generation: number) => Promise<void>;
  readonly clockConfirmed: () => void;
  /** The own record is another one now. */
  readonly changed: () => void;
}

/** The own clock offset is written anew when it has moved by so much. */
const OFFSET_STEP_MS = 100;
const CLOCK_AGREES_MS = 250;
/** Clocks of others that must agree with this node's before it is believed. */
const CLOCKS_MIN = 2;
/** Two that were given one name and one address would outlive each other for ever. */
const OUTLIVED_MAX = 8;

export class OwnLife {
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #parts: OwnLifeParts;
  #isRaising = false;
  #outlivedCount = 0;
  #isStopped = false;

  constructor(env: { readonly log: Log; readonly metrics: Metrics }, parts: OwnLifeParts) {
    this.#log = env.log;
    this.#metrics = env.metrics;
    this.#parts = parts;
  }

  stop(): void {
    this.#isStopped = true;
  }

  update(change: OwnChange): void {
    const { table, changed } = this.#parts;
    if (!this.#isOver && table.updateOwn(change)) changed();
  }

  /** Answers what the table holds against this node, if it holds anything. */
  answer(): void {
    const { table, changed } = this.#parts;
    if (this.#isOver) return;
    const refutation = table.refute();
    if (refutation.kind === 'generation') void this.#raise(refutation.above);
    if (refutation.kind === 'refuted') changed();
  }

  /** Others know a start of this name at this very address that was later by its clock. It is gone,
   *  for this node listens there: its generation must not hide this one from them. */
  outlive(record: MemberRecord | undefined): void {
    const { own } = this.#parts.table;
    if (this.#isOver || record === undefined || record.id === own.id) return;
    if (record.status === 'LEFT') return;
    if (record.name !== own.name || record.address !== own.address) return;
    if (record.generation < own.generation || this.#outlivedCount >= OUTLIVED_MAX) return;
    this.#outlivedCount += 1;
    void this.#raise(record.generation);
  }

  /** Compares this node's clock with those of the others. */
  weighClock(): void {
    const { table, offsets, members, clockConfirmed } = this.#parts;
    const others = [...members()].map(({ id }) => id).filter((id) => id !== table.ownId);
    const offsetMs = offsets.ownMs(others);
    this.#metrics.set('coterie_clock_offset_seconds', {}, offsetMs / 1_000);
    const known = others.filter((id) => offsets.of(id) !== undefined).length;
    const isMajority = known >= CLOCKS_MIN && known * 2 >= others.length;
    if (isMajority && Math.abs(offsetMs) <= CLOCK_AGREES_MS) clockConfirmed();
    if (Math.abs(offsetMs - table.own.clockOffsetMs) < OFFSET_STEP_MS) return;
    this.update({ clockOffsetMs: Math.round(offsetMs / OFFSET_STEP_MS) * OFFSET_STEP_MS });
  }

  get #isOver(): boolean {
    return this.#isStopped || this.#parts.table.own.status === 'LEFT';
  }

  /** Others know a later life of this node: it goes on above that. */
  async #raise(above: number): Promise<void> {
    if (this.#isRaising) return;
    const { table, saveGeneration, changed } = this.#parts;
    const generation = above + 1;
    this.#isRaising = true;
    try {
      await saveGeneration(generation);
    } catch (thrown) {
      // A store that is closed because the node stops says so to everybody.
      if (this.#isOver) return;
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      this.#log.error('generation-not-saved', { generation, message });
      return;
    } finally {
      this.#isRaising = false;
    }
    if (this.#isOver) return;
    const still = table.refute();
    // Another life was heard of meanwhile: once more, above that one.
    if (still.kind === 'generation' && still.above >= generation) return this.#raise(still.above);
    if (generation <= table.own.generation) return;
    table.startGeneration(generation);
    changed();
  }
}
