/** What operators gave up of this node's data: in force until the rebuild that it was said of is
 *  over, and on record after it.
 *  Invariants: notes are written one after another, and each keeps those before it, so many in all;
 *  what was ended is in force for nothing any more, at once, and durably when `end` settles; what a
 *  crash left in force of a node that is not behind is over at its next start.
 *  Not here: what may be given up (standing-keeper.ts, node/repair), the row (standing-rows.ts). */
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { MetaRows } from './peer-memories.ts';
import {
  type AcceptedLoss,
  decodeAcceptedLoss,
  encodeAcceptedLoss,
  LOSS_ACCEPTED_ROW,
  LOSSES_MAX,
} from './standing-rows.ts';

export class AcceptedLosses {
  readonly #env: { readonly clock: Clock; readonly log: Log };
  readonly #rows: MetaRows;
  #last: AcceptedLoss | undefined;
  /** The row may say that it is in force. */
  #isStoredInForce = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(env: { readonly clock: Clock; readonly log: Log }, rows: MetaRows) {
    this.#env = env;
    this.#rows = rows;
  }

  get last(): AcceptedLoss | undefined {
    return this.#last;
  }

  get isInForce(): boolean {
    return this.#last?.isOver === false;
  }

  /** `isBehind`: the node was to be rebuilt when it was last open. */
  async restore(isBehind: boolean): Promise<void> {
    const row = await this.#rows.readMeta(LOSS_ACCEPTED_ROW);
    this.#last = row && decodeAcceptedLoss(row);
    this.#isStoredInForce = this.isInForce;
    if (!isBehind) await this.end();
  }

  /** `isOver`: nothing is rebuilt because of it. Settles when that is durable. */
  note(reason: string, isOver: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const atMs = Math.floor(this.#env.clock.wallMs());
      const before = this.#last;
      const earlier =
        before === undefined
          ? []
          : [...before.earlier, { atMs: before.atMs, reason: before.reason }];
      const next = { atMs, reason, isOver, earlier: earlier.slice(1 - LOSSES_MAX) };
      if (!isOver) this.#isStoredInForce = true;
      await this.#write(next);
      this.#last = next;
      this.#env.log.error('loss-accepted', { reason });
    });
  }

  /** The rebuild is over; so is what is being noted now, once it is noted. */
  end(): Promise<void> {
    this.#endLast();
    return this.#inTurn(async () => {
      this.#endLast();
      if (this.#last === undefined || !this.#isStoredInForce) return;
      await this.#write(this.#last);
      this.#isStoredInForce = false;
    });
  }

  #endLast(): void {
    if (this.#last !== undefined) this.#last = { ...this.#last, isOver: true };
  }

  #write(loss: AcceptedLoss): Promise<void> {
    return this.#rows.writeMeta([{ name: LOSS_ACCEPTED_ROW, value: encodeAcceptedLoss(loss) }]);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    // Who asked for it is told of a failure; what comes next has nothing to do with it.
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
