/** The one way into a node that can stand still, and the one way out of it. While the gate is
 *  closed, what would call the node waits, and what the node sends waits; when it opens, all of it
 *  goes through, once, as after SIGSTOP and SIGCONT of a process: first what was sent, then the
 *  timers that are overdue, then what arrived, each in a turn of its own and in order.
 *
 *  Bounds: the node runs nothing while the gate is closed but the rest of the turn in which it was
 *  closed, and what its storage calls back. So there wait at most one callback of each timer,
 *  deferred turn and call that there is, two of each stream (streams are paused: frames wait at
 *  their senders), and as many frames out as the requests that the node had taken give.
 *  Not here: what waits (the gated ports beside this file), when it opens and closes. */
import type { Clock } from '../../env/clock.ts';

export class Gate {
  readonly #clock: Pick<Clock, 'defer'>;
  readonly #overdue: (() => void)[] = [];
  readonly #arrived: (() => void)[] = [];
  readonly #leaving: (() => void)[] = [];
  readonly #watchers = new Set<() => void>();
  #isClosed = false;

  constructor(clock: Pick<Clock, 'defer'>) {
    this.#clock = clock;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** It is open, and nothing waits any more. */
  get isClear(): boolean {
    return !this.#isClosed && this.#overdue.length === 0 && this.#arrived.length === 0;
  }

  /** Idempotent, as is `open`. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#tell();
  }

  /** Throws what was thrown by what it let out, when all of it is out. */
  open(): void {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    const waiting = this.#overdue.length + this.#arrived.length;
    for (let each = 0; each < waiting; each += 1) this.#setTurn();
    const thrown = this.#letOut();
    if (waiting === 0 && this.isClear) this.#tell();
    if (thrown.length === 1) throw thrown[0];
    if (thrown.length > 1) throw new AggregateError(thrown, 'Several sends that were held failed');
  }

  /** Calls back now, or when the gate has opened and what came earlier is through. */
  enter(callback: () => void): void {
    this.#take(callback, this.#arrived);
  }

  /** The same of a timer that fires: after a pause, a process looks at its timers first. */
  fire(callback: () => void): void {
    this.#take(callback, this.#overdue);
  }

  /** Calls back now, or when the gate opens. */
  leave(callback: () => void): void {
    // What is sent while earlier sends are being let out does not overtake them.
    if (this.#isClosed || this.#leaving.length > 0) this.#leaving.push(callback);
    else callback();
  }

  /** Calls back when it has closed, and when it has become clear. Returns what ends it. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #take(callback: () => void, waiting: (() => void)[]): void {
    if (this.isClear) {
      callback();
      return;
    }
    waiting.push(callback);
    if (!this.#isClosed) this.#setTurn();
  }

  /** Until one of them closes the gate. What they threw: one that fails takes no other with it. */
  #letOut(): unknown[] {
    const thrown: unknown[] = [];
    while (!this.#isClosed) {
      const callback = this.#leaving.shift();
      if (callback === undefined) break;
      try {
        callback();
      } catch (error) {
        thrown.push(error);
      }
    }
    return thrown;
  }

  #setTurn(): void {
    this.#clock.defer(() => this.#letOneIn());
  }

  /** It may have closed again since, and there may be more turns than callbacks then. */
  #letOneIn(): void {
    if (this.#isClosed) return;
    const callback = this.#overdue.shift() ?? this.#arrived.shift();
    if (callback === undefined) return;
    try {
      callback();
    } finally {
      if (this.isClear) this.#tell();
    }
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
