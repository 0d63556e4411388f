/** How much a node works on at once, in requests and in bytes, and when the last of it is done.
 *  Invariants: what is admitted is released exactly once; one request is always admitted alone,
 *  however large; beyond a bound nothing is done and the caller is told when to come back.
 *  Not here: the bounds of one session or one peer (node/session, node/link). */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';

export interface AdmissionOptions {
  readonly requestsMax: number;
  readonly bytesMax: number;
}

const RETRY_AFTER_MS = 20;

export class Admission {
  readonly #options: AdmissionOptions;
  #requests = 0;
  #bytes = 0;
  #whenIdle: (() => void) | undefined;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Requests at work. */
  get requests(): number {
    return this.#requests;
  }

  /** More than half of a bound is used: what can be left undone is. */
  get isBusy(): boolean {
    const { requestsMax, bytesMax } = this.#options;
    return this.#requests > requestsMax / 2 || this.#bytes > bytesMax / 2;
  }

  /** Why the request is not taken: OVERLOADED {retryAfterMs}. */
  admit(bytes: number): CoterieError | undefined {
    const { requestsMax, bytesMax } = this.#options;
    const isAlone = this.#requests === 0;
    if (this.#requests >= requestsMax || (!isAlone && this.#bytes + bytes > bytesMax)) {
      return new CoterieError(
        'OVERLOADED',
        `This node works on ${this.#requests} requests (${this.#bytes} bytes); ` +
          `the bounds are ${requestsMax} and ${bytesMax}`,
        { details: { retryAfterMs: RETRY_AFTER_MS } },
      );
    }
    this.#requests += 1;
    this.#bytes += bytes;
    return undefined;
  }

  release(bytes: number): void {
    this.#requests -= 1;
    this.#bytes -= bytes;
    if (this.#requests === 0) this.#whenIdle?.();
  }

  /** Settles when nothing is at work, or at the deadline (monotonic). Nothing may be admitted
   *  meanwhile. */
  idle(deadlines: Deadlines, dueMs: number): Promise<void> {
    if (this.#requests === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const deadline: DeadlineEntry = deadlines.add(dueMs, resolve);
      this.#whenIdle = () => {
        deadlines.cancel(deadline);
        resolve();
      };
    });
  }
}

/** How large answers have been of late: the largest counts at once and is forgotten over some
 *  hundred smaller ones. Reads are admitted by it, because their size is known only when they are
 *  done and a burst of large ones would otherwise fill the memory. */
export class AnswerSizes {
  #expectedBytes = 0;

  get expectedBytes(): number {
    return this.#expectedBytes;
  }

  note(bytes: number): void {
    this.#expectedBytes = Math.max(bytes, Math.floor(this.#expectedBytes * FORGETTING));
  }
}

const FORGETTING = 0.98;
