/** Does somebody answer at this address, now? A probe dials anew instead of using a stream that is
 *  open: the door is what callers need, and a stream to a machine that lost its power would stay
 *  open for long.
 *  Invariants: each probe is answered exactly once, at its deadline at the latest; only the member
 *  that is meant counts; the number at work is bounded, beyond it the answer is `silent`.
 *  Not here: who is probed and what follows (core/membership/failure-detector.ts). */
import type { Deadlines } from '../../core/deadlines.ts';
import type { FrameStream, Transport } from '../../env/transport.ts';
import {
  decodeGossipFrame,
  encodeGossipFrame,
  type GossipPeer,
  type ProbeOutcome,
} from '../../wire/gossip-codec.ts';

export const PROBES_MAX = 64;

export interface ProbeTarget {
  readonly id: string;
  readonly address: string;
  readonly timeoutMs: number;
}

export class Prober {
  readonly #env: {
    readonly deadlines: Deadlines;
    readonly transport: Transport;
    readonly clock: { wallMs(): number };
  };
  readonly #own: () => GossipPeer;
  readonly #stops = new Set<() => void>();
  #isStopped = false;

  constructor(
    env: {
      readonly deadlines: Deadlines;
      readonly transport: Transport;
      readonly clock: { wallMs(): number };
    },
    own: () => GossipPeer,
  ) {
    this.#env = env;
    this.#own = own;
  }

  /** `done` is called once, in a later turn; never after `stop`. */
  probe(target: ProbeTarget, done: (outcome: ProbeOutcome) => void): void {
    if (this.#isStopped) return;
    const { deadlines, transport, clock } = this.#env;
    let stream: FrameStream | undefined;
    let isOver = this.#stops.size >= PROBES_MAX;
    const untilMs = deadlines.nowMs() + (isOver ? 0 : target.timeoutMs);
    const stop = (): void => {
      isOver = true;
      this.#stops.delete(stop);
      deadlines.cancel(deadline);
      stream?.close();
    };
    const settle = (outcome: ProbeOutcome): void => {
      if (!this.#stops.has(stop)) return;
      stop();
      done(outcome);
    };
    const deadline = deadlines.add(untilMs, () => settle('silent'));
    this.#stops.add(stop);
    if (isOver) return;
    stream = transport.dial(target.address, 'gossip', {
      frame: (bytes) => {
        if (!isOver) settle(isFrom(bytes, target.id) ? 'ack' : 'refused');
      },
      closed: ({ kind, isNobodyThere = false }) => {
        stream = undefined;
        // A node that hangs up says no more than one that keeps silent.
        if (kind === 'refused' && isNobodyThere) settle('refused');
      },
    });
    const hello = { exchange: 0, wallMs: clock.wallMs(), sender: this.#own() };
    stream.send(encodeGossipFrame(hello));
  }

  stop(): void {
    this.#isStopped = true;
    for (const stop of [...this.#stops]) stop();
  }
}

function isFrom(bytes: Uint8Array, id: string): boolean {
  try {
    return decodeGossipFrame(bytes).sender?.id === id;
  } catch {
    // Whoever it is, it is not the member.
    return false;
  }
}
