/** Replies on their way to one stream: those of one event-loop tick go out together, in frames of
 *  about the same size, and no more of them than the other side takes.
 *  Invariants: replies leave in the order in which they came; beyond the bound on bytes that wait
 *  in the stream nothing is encoded until it has drained; `flushAll` sends what is left, for a
 *  stream that is about to be closed.
 *  Not here: what a frame is (the sender handed in), when to stop reading requests (its users). */
import type { Clock } from '../env/clock.ts';
import type { FrameStream } from '../env/transport.ts';

export interface ReplyOutboxOptions<Reply> {
  /** A frame carries about this much, or one larger reply alone. */
  readonly frameBytes: number;
  /** Bytes that may wait in the stream before more is sent. */
  readonly bufferedBytesMax: number;
  readonly sizeOf: (reply: Reply) => number;
  readonly send: (replies: Reply[]) => void;
}

const MICROSECONDS_MAX = 2 ** 32 - 1;

/** Of a time that a reply tells: 0 would say that it is not told; beyond 71 minutes it stays at
 *  that. */
export function microsecondsOf(ms: number): number {
  return Math.max(1, Math.min(MICROSECONDS_MAX, Math.round(ms * 1_000)));
}

export class ReplyOutbox<Reply> {
  readonly #clock: Clock;
  readonly #stream: FrameStream;
  readonly #options: ReplyOutboxOptions<Reply>;
  #waiting: Reply[] = [];
  #isFlushDue = false;

  constructor(clock: Clock, stream: FrameStream, options: ReplyOutboxOptions<Reply>) {
    this.#clock = clock;
    this.#stream = stream;
    this.#options = options;
  }

  /** The other side takes less than is answered: its requests must wait. */
  get isBackedUp(): boolean {
    return this.#stream.bufferedBytes > this.#options.bufferedBytesMax;
  }

  push(reply: Reply): void {
    this.#waiting.push(reply);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#clock.defer(() => {
      this.#isFlushDue = false;
      this.flush();
    });
  }

  /** Sends what the stream takes; call it again when the stream has drained. */
  flush(): void {
    this.#sendWhile(() => !this.isBackedUp);
  }

  flushAll(): void {
    this.#sendWhile(() => true);
  }

  drop(): void {
    this.#waiting = [];
  }

  #sendWhile(mayGoOn: () => boolean): void {
    const { frameBytes, sizeOf, send } = this.#options;
    const waiting = this.#waiting;
    let next = 0;
    while (next < waiting.length && mayGoOn()) {
      const first = next;
      let bytes = 0;
      do {
        const reply = waiting[next];
        const size = reply === undefined ? 0 : sizeOf(reply);
        if (next > first && bytes + size > frameBytes) break;
        bytes += size;
        next += 1;
      } while (next < waiting.length);
      send(first === 0 && next === waiting.length ? waiting : waiting.slice(first, next));
    }
    this.#waiting = next === waiting.length ? [] : waiting.slice(next);
  }
}
