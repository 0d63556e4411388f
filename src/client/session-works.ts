/** The work of one session, under the numbers it goes by on the stream: what waits to be sent, in
 *  the order in which it came, and what was sent and has no answer.
 *  Invariants: no two have one number, and none has 0; a work is in one of the two, and once it was
 *  taken out in neither.
 *  Not here: bounds, frames, streams (session-connection.ts). */
import { NumberTable } from '../core/number-table.ts';
import type { SessionWork } from './session-work.ts';

export class SessionWorks {
  readonly #waiting = new NumberTable<SessionWork>();
  readonly #sent = new NumberTable<SessionWork>();
  #given: number;
  /** Nothing that waits was given its number before this one. */
  #taken: number;

  /** `given`: the number before the first. */
  constructor(given = 0) {
    this.#given = given;
    this.#taken = given;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get sent(): number {
    return this.#sent.size;
  }

  /** It waits from now on, and has its number. */
  add(work: SessionWork): void {
    // Of numbers of nothing that waits any more none need be looked at again.
    if (this.#waiting.size === 0) this.#taken = this.#given;
    work.correlation = this.number();
    this.#waiting.set(work.correlation, work);
  }

  /** A number that no work has. */
  number(): number {
    do this.#given = following(this.#given);
    while (this.#isUsed(this.#given));
    return this.#given;
  }

  /** What has waited longest counts as sent now; `undefined`: nothing waits. */
  next(): SessionWork | undefined {
    while (this.#waiting.size > 0) {
      this.#taken = following(this.#taken);
      const work = this.#waiting.take(this.#taken);
      if (work === undefined) continue;
      this.#sent.set(work.correlation, work);
      return work;
    }
    return undefined;
  }

  /** The work that was sent under this number is over. */
  answered(correlation: number): SessionWork | undefined {
    return this.#sent.take(correlation);
  }

  /** Takes it out if it is here; returns where it was. */
  withdraw(work: SessionWork): 'waiting' | 'sent' | undefined {
    const { correlation } = work;
    if (this.#waiting.get(correlation) === work) {
      this.#waiting.take(correlation);
      return 'waiting';
    }
    if (this.#sent.get(correlation) !== work) return undefined;
    this.#sent.take(correlation);
    return 'sent';
  }

  /** Takes out all, each in the order in which they came. */
  takeAll(): { readonly sent: SessionWork[]; readonly waiting: SessionWork[] } {
    const all = { sent: this.#inOrder(this.#sent), waiting: this.#inOrder(this.#waiting) };
    this.#sent.clear();
    this.#waiting.clear();
    return all;
  }

  #inOrder(works: NumberTable<SessionWork>): SessionWork[] {
    const rank = ({ correlation }: SessionWork): number => (correlation - this.#given - 1) >>> 0;
    return works.items().sort((a, b) => rank(a) - rank(b));
  }

  #isUsed(correlation: number): boolean {
    return (
      this.#sent.get(correlation) !== undefined || this.#waiting.get(correlation) !== undefined
    );
  }
}

function following(correlation: number): number {
  return (correlation + 1) >>> 0 || 1;
}
