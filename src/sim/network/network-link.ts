/** What happens to what goes from one address to another? One direction of one pair: how long it
 *  takes, and the conditions that faults have put on it.
 *  - Cut: nothing arrives; who sends tries again, after 200 ms and then ever more rarely.
 *  - Clogged: what arrives waits here, and comes out at once when the clog ends.
 *  - Loss and delay: each try lost costs the wait until the next; both only make arrival later.
 *  Invariants: conditions are counted, so that faults overlap and each ends alone; all draws come
 *  from this link's own stream of random numbers.
 *  Not here: the order within a stream (frame-flow.ts), which faults there are (sim-network.ts). */
import type { Kernel } from '../kernel/kernel.ts';
import type { RandomStream } from '../kernel/random-stream.ts';
import type { NetworkModel } from '../scenario.ts';

export interface NetworkCounters {
  /** Delivered, and their bytes. */
  frames: number;
  bytes: number;
  /** Tries that did not arrive. */
  retransmissions: number;
  /** Streams that a reset broke. */
  resets: number;
  /** Ghost connections. */
  replays: number;
  /** Callbacks of processes that threw. */
  handlerFailures: number;
}

/** What all links of a network share. */
export interface NetworkState {
  readonly kernel: Kernel;
  readonly model: NetworkModel;
  readonly counters: NetworkCounters;
  /** Share of tries that do not arrive, 0..1. */
  lossShare: number;
  isStopped: boolean;
}

/** One end of links. */
export interface LinkEnd {
  readonly address: string;
  /** What everything from and to here takes longer. */
  readonly extraDelayUs: number;
}

/** What is no frame: the steps of opening a stream, and its breaking. */
export interface ControlMessage {
  /** It is sent again until it arrives or this is true. */
  isStale(): boolean;
  arrive(): void;
}

const US_PER_MS = 1_000;
const FIRST_RETRY_US = 200 * US_PER_MS;
const DOUBLINGS_MAX = 6;

/** From a try to the next; `attempt` counts from 0. */
export function retryDelayUs(attempt: number): number {
  return FIRST_RETRY_US << Math.min(attempt, DOUBLINGS_MAX);
}

export class NetworkLink {
  /** `from>to`, the source of its events. */
  readonly label: string;
  readonly random: RandomStream;
  readonly #state: NetworkState;
  readonly #from: LinkEnd;
  readonly #to: LinkEnd;
  #cutCount = 0;
  #clogCount = 0;
  /** What arrived while the link is clogged. */
  #waiting: (() => void)[] = [];

  constructor(state: NetworkState, from: LinkEnd, to: LinkEnd) {
    this.#state = state;
    this.#from = from;
    this.#to = to;
    this.label = `${from.address}>${to.address}`;
    this.random = state.kernel.stream(`net ${this.label}`);
  }

  get from(): string {
    return this.#from.address;
  }

  get to(): string {
    return this.#to.address;
  }

  get isCut(): boolean {
    return this.#cutCount > 0;
  }

  /** One draw: how long what is sent now is on the way, what is lost on it included. */
  drawDelayUs(): number {
    const { model, lossShare } = this.#state;
    let delayMs = model.delayMinMs + this.random.exponential(model.delayMeanMs);
    if (this.random.chance(model.tailShare)) delayMs *= model.tailFactor;
    let delayUs = delayMs * US_PER_MS + this.#from.extraDelayUs + this.#to.extraDelayUs;
    if (lossShare === 0) return delayUs;
    for (let attempt = 0; attempt < DOUBLINGS_MAX; attempt += 1) {
      if (!this.random.chance(lossShare)) break;
      this.#state.counters.retransmissions += 1;
      delayUs += retryDelayUs(attempt);
    }
    return delayUs;
  }

  /** To be asked first by whatever arrives: true when it must not go on now. `arrive` is then
   *  called again in an event of its own, or never once the network has stopped. */
  holds(arrive: () => void): boolean {
    if (this.#state.isStopped) return true;
    if (this.#clogCount === 0) return false;
    this.#waiting.push(arrive);
    return true;
  }

  post(message: ControlMessage, attempt = 0): void {
    if (this.#state.isStopped || message.isStale()) return;
    if (this.isCut) {
      this.#postLater(message, attempt);
      return;
    }
    const arrive = (): void => {
      if (this.holds(arrive) || message.isStale()) return;
      if (this.isCut) this.#postLater(message, attempt);
      else message.arrive();
    };
    this.#state.kernel.schedule(this.drawDelayUs(), this.label, arrive);
  }

  /** Returns what ends it. */
  cut(): () => void {
    this.#cutCount += 1;
    return once(() => {
      this.#cutCount -= 1;
    });
  }

  /** Returns what ends it. */
  clog(): () => void {
    this.#clogCount += 1;
    return once(() => {
      this.#clogCount -= 1;
      if (this.#clogCount > 0) return;
      // Events of the same time come in a drawn order: streams mix, each keeps its own order.
      for (const arrive of this.#waiting) this.#state.kernel.schedule(0, this.label, arrive);
      this.#waiting = [];
    });
  }

  #postLater(message: ControlMessage, attempt: number): void {
    this.#state.counters.retransmissions += 1;
    this.#state.kernel.schedule(retryDelayUs(attempt), this.label, () => {
      this.post(message, attempt + 1);
    });
  }
}

/** What ends a fault; a second call does nothing. */
export function once(end: () => void): () => void {
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    end();
  };
}
