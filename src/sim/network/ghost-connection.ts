/** What if the network delivers a connection a second time? Links and bulk lanes are written down
 *  while they are used: their first frame, which greets, and their newest frames. Later they may
 *  come once more, as a connection of nobody's whose answers go nowhere; a frame that never arrived
 *  may arrive so for the first time.
 *  Invariants: what is kept is bounded by connections, frames and bytes; a ghost says nothing but
 *  what was recorded, and nothing before its greeting is answered.
 *  Not here: when that happens (sim/faults), sessions (they are not recorded). */
import type { Clock, Timer } from '../../env/clock.ts';
import type {
  FrameStream,
  StreamClosed,
  StreamHandlers,
  StreamService,
} from '../../env/transport.ts';

/** Of links to one address. */
const RECORDINGS_MAX = 16;
const FRAMES_MAX = 64;
const BYTES_MAX = 256 * 1_024;
const FORGOTTEN = new Uint8Array(0);

export class LinkRecording {
  /** Who dialled. */
  readonly from: string;
  readonly service: StreamService;
  #first: Uint8Array | undefined;
  /** The first `#dropped` of them are forgotten. */
  readonly #newest: Uint8Array[] = [];
  #dropped = 0;
  readonly #begun: (recording: LinkRecording) => void;
  #newestBytes = 0;

  /** `begun` is called with the first frame. */
  constructor(from: string, service: StreamService, begun: (recording: LinkRecording) => void) {
    this.from = from;
    this.service = service;
    this.#begun = begun;
  }

  note(frame: Uint8Array): void {
    if (this.#first === undefined) {
      this.#first = frame;
      this.#begun(this);
      return;
    }
    this.#newest.push(frame);
    this.#newestBytes += frame.byteLength;
    while (this.#count > FRAMES_MAX || this.#newestBytes > BYTES_MAX) {
      this.#newestBytes -= this.#newest[this.#dropped]?.byteLength ?? 0;
      this.#newest[this.#dropped] = FORGOTTEN;
      this.#dropped += 1;
    }
    if (this.#dropped <= FRAMES_MAX) return;
    this.#newest.splice(0, this.#dropped);
    this.#dropped = 0;
  }

  /** The frame that greets, and then the newest ones. */
  frames(): Uint8Array[] {
    if (this.#first === undefined) return [];
    return [this.#first, ...this.#newest.slice(this.#dropped)];
  }

  get #count(): number {
    return this.#newest.length - this.#dropped;
  }
}

export class LinkRecordings {
  readonly #byAddress = new Map<string, LinkRecording[]>();

  begin(from: string, to: string, service: StreamService): LinkRecording {
    return new LinkRecording(from, service, (recording) => {
      const recordings = this.#byAddress.get(to) ?? [];
      this.#byAddress.set(to, recordings);
      recordings.push(recording);
      if (recordings.length > RECORDINGS_MAX) recordings.shift();
    });
  }

  /** `index` counts from the newest, 0, and begins again after the oldest; undefined when there is
   *  none. */
  pick(to: string, index: number): LinkRecording | undefined {
    const recordings = this.#byAddress.get(to) ?? [];
    return recordings[recordings.length - 1 - (index % recordings.length)];
  }

  clear(): void {
    this.#byAddress.clear();
  }
}

export class GhostConnection implements StreamHandlers {
  readonly #clock: Clock;
  readonly #frames: readonly Uint8Array[];
  readonly #lingerMs: number;
  #stream: FrameStream | undefined;
  #isAnswered = false;
  #lingering: Timer | undefined;

  /** `lingerMs`: from the last frame until it ends. */
  constructor(clock: Clock, frames: readonly Uint8Array[], lingerMs: number) {
    this.#clock = clock;
    this.#frames = frames;
    this.#lingerMs = lingerMs;
  }

  /** Says the greeting; the rest follows when something came back. */
  haunt(stream: FrameStream): void {
    this.#stream = stream;
    const [greeting] = this.#frames;
    if (greeting !== undefined) stream.send(greeting);
  }

  frame(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    for (const frame of this.#frames.slice(1)) this.#stream?.send(frame);
    this.#lingering = this.#clock.setTimer(this.#lingerMs, () => this.#stream?.close());
  }

  closed(_reason: StreamClosed): void {
    this.#lingering?.cancel();
  }
}
