/** Waits until one of the given nodes has answered the handshake, dialing a few at a time.
 *  Invariants: it settles exactly once; it fails as soon as every given node has failed once, or
 *  at the deadline. A node that refuses this client (another cluster, another protocol) explains
 *  more than one that is away: its error stands before UNREACHABLE. */
import type { DeadlineEntry } from '../core/deadline-queue.ts';
import type { Deadlines } from '../core/deadlines.ts';
import { CoterieError } from '../core/errors.ts';
import type { SessionConnection } from './session-connection.ts';
import type { SessionListener, SessionPool } from './session-pool.ts';

export const DIALS_AT_ONCE = 3;

export interface ReadyOutcome {
  resolve(): void;
  reject(error: CoterieError): void;
}

export class ReadyWait implements SessionListener {
  readonly #deadlines: Deadlines;
  readonly #outcome: ReadyOutcome;
  readonly #deadline: DeadlineEntry;
  readonly #stopListening: () => void;
  readonly #toDial: SessionConnection[];
  readonly #faults = new Map<SessionConnection, CoterieError | undefined>();
  readonly #timeoutMs: number;
  #isSettled = false;

  constructor(pool: SessionPool, deadlines: Deadlines, timeoutMs: number, outcome: ReadyOutcome) {
    this.#deadlines = deadlines;
    this.#outcome = outcome;
    this.#timeoutMs = timeoutMs;
    this.#toDial = [...pool.given];
    for (const session of pool.given) this.#faults.set(session, undefined);
    this.#stopListening = pool.listen(this);
    this.#deadline = deadlines.add(deadlines.nowMs() + timeoutMs, () => this.#fail());
  }

  start(): void {
    for (let count = 0; count < DIALS_AT_ONCE; count += 1) this.#toDial.shift()?.connect();
  }

  ready(): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#outcome.resolve();
  }

  broken(session: SessionConnection, error: CoterieError): void {
    if (this.#isSettled || !this.#faults.has(session)) return;
    this.#faults.set(session, error);
    const next = this.#toDial.shift();
    if (next !== undefined) next.connect();
    else if (![...this.#faults.values()].includes(undefined)) this.#fail();
  }

  abandon(error: CoterieError): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#outcome.reject(error);
  }

  #fail(): void {
    const faults = [...this.#faults];
    const refusal = faults.find(([, error]) => error !== undefined && error.code !== 'UNREACHABLE');
    if (refusal?.[1] !== undefined) {
      this.abandon(refusal[1]);
      return;
    }
    const reasons = faults.map(
      ([{ address }, error]) => error?.message ?? `${address} has not answered yet`,
    );
    const message = `No node can be reached (${this.#timeoutMs} ms allowed): ${reasons.join('; ')}`;
    const nodes = faults.map(([{ address }]) => address);
    this.abandon(new CoterieError('UNREACHABLE', message, { applied: 'no', details: { nodes } }));
  }

  #settle(): void {
    this.#isSettled = true;
    this.#stopListening();
    this.#deadlines.cancel(this.#deadline);
  }
}
