/** What happens next, and what time is it? Virtual time moves from event to event; events that are
 *  due at the same time come in an order that the seed draws, which is what explores interleavings.
 *  Invariants: nothing happens outside events and the microtasks they leave; time never goes back;
 *  equal seeds and equal calls give the same order and the same trace hash.
 *  Not here: draining microtasks between events (the driver that the caller brings: it calls `step`
 *  in a macrotask of its own each time), what a node sees as its clock (node-clock.ts).
 *  Source: FoundationDB's simulation (Zhou et al., SIGMOD 2021, section 4). */
import { EventHeap, type ScheduledEvent } from './event-heap.ts';
import { RandomStream } from './random-stream.ts';
import { TraceHash } from './trace-hash.ts';

export interface Scheduled {
  /** Harmless once the event has run. */
  cancel(): void;
}

/** Events waiting at once, beyond which a run is broken rather than slow. */
const EVENTS_MAX = 1_000_000;

export class Kernel {
  readonly seed: number;
  readonly trace = new TraceHash();
  readonly #heap = new EventHeap();
  readonly #order: RandomStream;
  #nowUs = 0;
  #sequence = 0;
  #eventCount = 0;

  /** `seed`: a safe integer, 0 or more. */
  constructor(seed: number) {
    this.seed = seed;
    this.#order = this.stream('order');
  }

  /** Whole microseconds of virtual time since the run began. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** Events that have run. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /** A new stream of random numbers of this run's seed. */
  stream(label: string): RandomStream {
    return new RandomStream(this.seed, label);
  }

  /** Runs once, `delayUs` (0 or more, rounded to whole microseconds) from now. `source` names whose
   *  event it is. */
  schedule(delayUs: number, source: string, run: () => void): Scheduled {
    if (this.#heap.size >= EVENTS_MAX) throw new RangeError(`${EVENTS_MAX} events are waiting`);
    this.#sequence += 1;
    const timeUs = this.#nowUs + Math.max(0, Math.round(delayUs));
    const event = new KernelEvent(timeUs, this.#order.uint32(), this.#sequence, source, run);
    this.#heap.push(event);
    return event;
  }

  /** Settles `delayUs` from now. */
  after(delayUs: number, source: string): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(delayUs, source, resolve);
    });
  }

  /** Runs the next event; false when there is none. */
  step(): boolean {
    for (let event = this.#heap.pop(); event !== undefined; event = this.#heap.pop()) {
      const { run } = event;
      if (run === undefined) continue;
      this.#nowUs = event.timeUs;
      this.#eventCount += 1;
      this.trace.number(event.timeUs);
      this.trace.text(event.source);
      run();
      return true;
    }
    return false;
  }
}

class KernelEvent implements ScheduledEvent, Scheduled {
  readonly timeUs: number;
  readonly priority: number;
  readonly sequence: number;
  readonly source: string;
  run: (() => void) | undefined;

  constructor(timeUs: number, priority: number, sequence: number, source: string, run: () => void) {
    this.timeUs = timeUs;
    this.priority = priority;
    this.sequence = sequence;
    this.source = source;
    this.run = run;
  }

  cancel(): void {
    this.run = undefined;
  }
}
