/** A stream of a node that can stand still, on a stream of a real adapter. While the gate is not
 *  clear the real one is paused: frames stay at their sender, whose window fills, as when the
 *  receiver's process is stopped. What the node sends meanwhile waits at the gate.
 *
 *  Invariants: those of env/transport.ts, given that the real stream holds them. It hands in no
 *  frame while it is paused, and it goes on only once all that waited is in: so a frame never
 *  overtakes anything, and `closed` comes last. */
import type { Log } from '../../env/log.ts';
import type { FrameStream, StreamHandlers } from '../../env/transport.ts';
import type { Gate } from './gate.ts';

export interface GatedStreamParts {
  readonly gate: Gate;
  readonly log: Log;
}

export class GatedStream implements FrameStream {
  readonly remote: string;
  readonly #gate: Gate;
  readonly #log: Log;
  #real: FrameStream | undefined;
  #heldBytes = 0;
  #isPaused = false;
  #isOver = false;

  constructor({ gate, log }: GatedStreamParts, remote: string) {
    this.#gate = gate;
    this.#log = log;
    this.remote = remote;
  }

  get bufferedBytes(): number {
    return this.#heldBytes + (this.#real?.bufferedBytes ?? 0);
  }

  /** On which it goes from now on. */
  attach(real: FrameStream): void {
    this.#real = real;
    if (this.#isPaused || !this.#gate.isClear) real.pause();
  }

  /** What the real stream is to call. May be asked for once. */
  handlersFor(handlers: StreamHandlers): StreamHandlers {
    const unwatch = this.#gate.watch(() => this.#follow());
    return {
      frame: (bytes) => handlers.frame(bytes),
      closed: (reason) =>
        this.#enter('closed', () => {
          this.#isOver = true;
          unwatch();
          handlers.closed(reason);
        }),
      drained: () =>
        this.#enter('drained', () => {
          // More was sent while this waited: it will be called again.
          if (this.bufferedBytes === 0) handlers.drained?.();
        }),
    };
  }

  send(frame: Uint8Array): void {
    if (this.#isOver) return;
    this.#heldBytes += frame.byteLength;
    this.#gate.leave(() => {
      this.#heldBytes -= frame.byteLength;
      this.#real?.send(frame);
    });
  }

  pause(): void {
    this.#isPaused = true;
    this.#real?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#gate.isClear) this.#real?.resume();
  }

  close(): void {
    this.#gate.leave(() => this.#real?.close());
  }

  #follow(): void {
    if (this.#gate.isClosed) this.#real?.pause();
    else if (!this.#isPaused) this.#real?.resume();
  }

  /** What a handler throws goes to the real stream, which breaks; to nobody when it had to wait. */
  #enter(name: 'closed' | 'drained', callback: () => void): void {
    if (this.#gate.isClear) {
      callback();
      return;
    }
    this.#gate.enter(() => {
      try {
        callback();
      } catch (thrown) {
        const message = thrown instanceof Error ? thrown.message : String(thrown);
        this.#log.error('stream-handler-failed', { callback: name, remote: this.remote, message });
        this.#real?.close();
      }
    });
  }
}
