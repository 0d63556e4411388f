/** Tells every member with a link that this node's storage stands otherwise than the greeting said:
 *  it is behind, or it is rebuilt; and hears the same of others.
 *  Invariants: a member that can be spoken with is told until it has made durable what follows from
 *  it; one that cannot, or whose link ends, is told by the greeting of its next link; what is said
 *  is how the storage stands when it is said; only the one who greeted is believed.
 *  Not here: what follows from it (core/membership/standing.ts).
 *  Source: ARCHITECTURE 5.19. */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type { OpenedStore, Remembered } from '../../core/membership/standing.ts';
import type { Log } from '../../env/log.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type { Hello } from '../../wire/generated/coterie/v1/peer.ts';
import type { Done, PeerCall, PeerResult, Peers } from '../contracts.ts';
import { makeHello, openedOf, rememberedOf, type Speaker } from './handshake.ts';
import { type Greeted, isOf } from './twins.ts';

interface Memory {
  remembered(nodeIndex: number): Remembered | undefined;
  peerGreeted(nodeIndex: number, shown: OpenedStore, answer: Remembered | undefined): Promise<void>;
}

const TIMEOUT_MS = 2_000;
const RETRY_MS = 500;
/** For the bounds of the link. */
const HELLO_BYTES = 4_096;
/** It is of no partition. */
const NO_EPOCHS = { current: 0, minimum: 0, read: 0 };

export class Introductions {
  readonly #deadlines: Deadlines;
  readonly #log: Log;
  readonly #peers: Pick<Peers, 'reach' | 'call'>;
  readonly #speaker: () => Speaker;
  readonly #memory: Memory;
  readonly #retries = new Map<number, DeadlineEntry>();
  #isStopped = false;

  constructor(
    env: { readonly deadlines: Deadlines; readonly log: Log },
    peers: Pick<Peers, 'reach' | 'call'>,
    speaker: () => Speaker,
    memory: Memory,
  ) {
    this.#deadlines = env.deadlines;
    this.#log = env.log;
    this.#peers = peers;
    this.#speaker = speaker;
    this.#memory = memory;
  }

  begin(members: Iterable<number>): void {
    for (const nodeIndex of members) this.#introduce(nodeIndex);
  }

  stop(): void {
    this.#isStopped = true;
    for (const retry of this.#retries.values()) this.#deadlines.cancel(retry);
    this.#retries.clear();
  }

  /** The member of a link says how its storage stands now; the answer is this node's hello. */
  hear(
    greeted: Greeted & { readonly nodeIndex: number | undefined },
    hello: Hello | undefined,
    done: Done<PeerResult>,
  ): void {
    const { nodeIndex } = greeted;
    if (hello === undefined || nodeIndex === undefined || !isOf(greeted, hello)) {
      done(new CoterieError('MALFORMED_MESSAGE', 'An introduction is of the one who greeted'));
      return;
    }
    this.#heard(nodeIndex, hello).then(
      () => done({ $case: 'introduced', introduced: { hello: this.#hello(nodeIndex) } }),
      (error: unknown) => done(asCoterieError(error)),
    );
  }

  #hello(nodeIndex: number): Hello {
    return makeHello(this.#speaker(), this.#memory.remembered(nodeIndex));
  }

  #introduce(nodeIndex: number): void {
    const retry = this.#retries.get(nodeIndex);
    if (retry !== undefined) this.#deadlines.cancel(retry);
    this.#retries.delete(nodeIndex);
    if (this.#isStopped || this.#peers.reach(nodeIndex) === 'down') return;
    const call: PeerCall = {
      operation: { $case: 'introduce', introduce: { hello: this.#hello(nodeIndex) } },
      epochs: NO_EPOCHS,
      deadlineMs: this.#deadlines.nowMs() + TIMEOUT_MS,
      bytes: HELLO_BYTES,
      done: (result) => this.#answered(nodeIndex, result),
    };
    this.#peers.call(nodeIndex, call);
  }

  #answered(nodeIndex: number, result: PeerResult | CoterieError): void {
    if (result instanceof CoterieError) {
      const isLinkGone = result.code === 'UNREACHABLE';
      if (!isLinkGone) this.#again(nodeIndex, result);
      return;
    }
    const hello = result.$case === 'introduced' ? result.introduced.hello : undefined;
    if (hello === undefined) {
      this.#again(nodeIndex, new CoterieError('MALFORMED_MESSAGE', 'No answer to a greeting'));
      return;
    }
    this.#heard(nodeIndex, hello).catch((error: unknown) => {
      this.#again(nodeIndex, asCoterieError(error));
    });
  }

  async #heard(nodeIndex: number, hello: Hello): Promise<void> {
    await this.#memory.peerGreeted(nodeIndex, openedOf(hello), rememberedOf(hello));
  }

  #again(nodeIndex: number, error: CoterieError): void {
    if (this.#isStopped || this.#retries.has(nodeIndex)) return;
    this.#log.warn('introduction-failed', { member: nodeIndex, reason: error.message });
    const atMs = this.#deadlines.nowMs() + RETRY_MS;
    const retry = this.#deadlines.add(atMs, () => this.#introduce(nodeIndex));
    this.#retries.set(nodeIndex, retry);
  }
}
