/** May one more replica be asked, in case it is sooner? A hedge is work that others will miss when
 *  there is much of it, so reads earn it: one for every twenty.
 *  Invariants: of hedges there are at most one for every READS_PER_HEDGE reads so far, and at most
 *  SAVED_MAX in a row.
 *  Not here: when a replica is late (node/coordinator/read.ts).
 *  Source: Dean and Barroso 2013, "The tail at scale" (5 % of requests take most of the tail). */

export const READS_PER_HEDGE = 20;
export const SAVED_MAX = 10;

export class HedgeBudget {
  /** In reads. */
  #saved = 0;

  /** There was a read. */
  earn(): void {
    if (this.#saved < SAVED_MAX * READS_PER_HEDGE) this.#saved += 1;
  }

  /** True: one may be asked, and is paid for. */
  spend(): boolean {
    if (this.#saved < READS_PER_HEDGE) return false;
    this.#saved -= READS_PER_HEDGE;
    return true;
  }
}
