/** What came of one write followed by one read, for every R and W at once?
 *  Invariants: entry W - 1 of `ackMs` is the time of the W-th acknowledgement and entry R - 1 of
 *  `replyMs` that of the R-th answer that counts, so both rise; `freshFromMs` falls; nothing is
 *  allocated once it is made.
 *  Not here: when what arrives where (wars-shape.ts, coterie-shape.ts), many trials (trials.ts). */

/** One number for each replica and trial: trial `i` has those from `i * n` on. Milliseconds. */
export interface LegDraws {
  readonly write: Float64Array;
  readonly ack: Float64Array;
  readonly read: Float64Array;
  readonly response: Float64Array;
  /** Zeros when the profile has no such leg. */
  readonly commit: Float64Array;
  /** As `commit` when the profile has no such leg. */
  readonly mint: Float64Array;
  readonly lookup: Float64Array;
  /** As `lookup` when the profile has no such leg. */
  readonly ownLookup: Float64Array;
  /** Uniform in [0, 1), `n` + 1 for each trial: who reads, whom it asks. */
  readonly chance: Float64Array;
}

export class TrialOutcome {
  /** After the write began. */
  readonly ackMs: Float64Array;
  /** After the read began. */
  readonly replyMs: Float64Array;
  /** A read that begins so long after the write began, or later, returns it. May be negative. */
  readonly freshFromMs: Float64Array;
  #acks = 0;
  #replies = 0;

  constructor(replicas: number) {
    this.ackMs = new Float64Array(replicas);
    this.replyMs = new Float64Array(replicas);
    this.freshFromMs = new Float64Array(replicas);
  }

  begin(): void {
    this.#acks = 0;
    this.#replies = 0;
  }

  /** In any order. */
  acknowledged(ms: number): void {
    const acks = this.ackMs;
    let at = this.#acks;
    for (; at > 0 && (acks[at - 1] ?? 0) > ms; at -= 1) acks[at] = acks[at - 1] ?? 0;
    acks[at] = ms;
    this.#acks += 1;
  }

  /** A replica that is asked whatever R is: its answer counts when it is among the R fastest.
   *  `freshFromMs`: reads that begin from then on find the write at this replica. In any order. */
  raced(replyMs: number, freshFromMs: number): void {
    const { replyMs: replies, freshFromMs: fresh } = this;
    let at = this.#replies;
    for (; at > 0 && (replies[at - 1] ?? 0) > replyMs; at -= 1) {
      replies[at] = replies[at - 1] ?? 0;
      fresh[at] = fresh[at - 1] ?? 0;
    }
    replies[at] = replyMs;
    fresh[at] = freshFromMs;
    this.#replies += 1;
  }

  /** The next replica in the order in which they are asked: its answer is waited for. */
  asked(replyMs: number, freshFromMs: number): void {
    const at = this.#replies;
    const before = at === 0 ? 0 : (this.replyMs[at - 1] ?? 0);
    this.replyMs[at] = Math.max(before, replyMs);
    this.freshFromMs[at] = freshFromMs;
    this.#replies += 1;
  }

  /** When all have been told: of R answers the freshest is returned. */
  settle(): void {
    const fresh = this.freshFromMs;
    for (let at = 1; at < this.#replies; at += 1) {
      const before = fresh[at - 1] ?? 0;
      if ((fresh[at] ?? 0) > before) fresh[at] = before;
    }
  }
}
