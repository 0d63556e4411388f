/** Which marks of one target does this node know to be stored, and what happened to a key while its
 *  record was on the way? A key that is written a thousand times while a replica is away costs one
 *  row: the ledger remembers the keys marked of late, and what it has forgotten costs a look at the
 *  row and nothing else.
 *  Invariants: bounded, the oldest entry goes first; a mark may be taken back only by the very miss
 *  that made its row, and only while no other miss has come after it; a row that is being sent may
 *  be deleted only if no miss was noted since the sending began (otherwise the record that was sent
 *  may lack what the miss was about).
 *  Not here: rows (node/handoff).
 *  Source: DeCandia et al. 2007 §4.6. */

/** One miss that the ledger did not know the key of. */
export interface Mark {
  /** The row was there before, made by an earlier miss: not this one's to take back. */
  isOld: boolean;
}

interface Sending {
  isMissedAgain: boolean;
}

export class MarkLedger {
  readonly #entriesMax: number;
  /** By id. `undefined`: known, and nobody's to take back. */
  readonly #marks = new Map<string, Mark | undefined>();
  readonly #sending = new Map<string, Sending>();

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** Keys remembered. */
  get size(): number {
    return this.#marks.size;
  }

  /** A copy did not arrive. Returns the mark to be stored; `undefined`: there is one. */
  missed(id: string): Mark | undefined {
    const sending = this.#sending.get(id);
    if (sending !== undefined) sending.isMissedAgain = true;
    if (this.#marks.has(id)) {
      this.#marks.set(id, undefined);
      return undefined;
    }
    const mark: Mark = { isOld: false };
    if (this.#marks.size >= this.#entriesMax) this.#dropOldest();
    this.#marks.set(id, mark);
    return mark;
  }

  /** The copy that the mark was made for has arrived after all. True: its row may go, unless it
   *  turns out to be old. */
  arrived(id: string, mark: Mark): boolean {
    if (this.#marks.get(id) !== mark) return false;
    this.#marks.delete(id);
    return true;
  }

  /** The mark was not stored. */
  dropped(id: string): void {
    this.#marks.delete(id);
  }

  /** The present record of the key is about to be read and sent. */
  begin(id: string): void {
    this.#sending.set(id, { isMissedAgain: false });
  }

  /** What was sent has arrived, or has not. True: its row may go. */
  end(id: string, hasArrived: boolean): boolean {
    const sending = this.#sending.get(id);
    this.#sending.delete(id);
    if (!hasArrived || sending === undefined || sending.isMissedAgain) return false;
    this.#marks.delete(id);
    return true;
  }

  #dropOldest(): void {
    for (const id of this.#marks.keys()) {
      this.#marks.delete(id);
      return;
    }
  }
}
