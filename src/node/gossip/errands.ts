/** Probes: this node's own, those it asks others for, and those that others ask it for.
 *  Invariants: an answer counts once and only for what was asked; questions that nobody answers
 *  are forgotten; both lists are bounded.
 *  Not here: one probe on the network (prober.ts), when to probe and what follows
 *  (core/membership/failure-detector.ts).
 *  Source: Das, Gupta, Motivala 2002 (SWIM) section 3.1. */
import type { Deadlines } from '../../core/deadlines.ts';
import type { DetectorAction, FailureDetector } from '../../core/membership/failure-detector.ts';
import type { GossipContent, ProbeOutcome } from '../../wire/gossip-codec.ts';
import type { GossipChannel } from './gossip-channel.ts';
import type { Prober } from './prober.ts';

export interface ErrandParts {
  readonly detector: FailureDetector;
  readonly prober: Prober;
  readonly timeoutMs: number;
  readonly addressOf: (id: string) => string | undefined;
  readonly channelTo: (address: string) => GossipChannel;
  /** The detector may have changed its mind. */
  readonly concluded: () => void;
}

interface Question {
  readonly about: string;
  readonly round: number;
  readonly asked: string;
}

const QUESTIONS_MAX = 1_024;
/** What others ask for at most. */
const ERRAND_TIMEOUT_MS_MAX = 5_000;

const ANSWERS = { ack: 'ack', refused: 'refused', silent: 'nack' } as const;

export class Errands {
  readonly #deadlines: Deadlines;
  readonly #parts: ErrandParts;
  /** By the number of the exchange; the oldest first. */
  readonly #questions = new Map<number, Question>();
  /** Members that this node probes itself now. */
  readonly #probed = new Set<string>();

  constructor(deadlines: Deadlines, parts: ErrandParts) {
    this.#deadlines = deadlines;
    this.#parts = parts;
  }

  /** Probes the member from here. One probe of a member at a time. */
  probe(id: string): void {
    const { detector, prober, timeoutMs, addressOf, concluded } = this.#parts;
    const address = addressOf(id);
    if (address === undefined || this.#probed.has(id)) return;
    this.#probed.add(id);
    prober.probe({ id, address, timeoutMs }, (outcome) => {
      this.#probed.delete(id);
      const nowMs = this.#deadlines.nowMs();
      if (outcome === 'ack') detector.evidence(id, nowMs, 'direct');
      // What is gone from where the member was until now says nothing of where it is.
      if (outcome === 'refused' && addressOf(id) === address) detector.refused(id, nowMs);
      concluded();
    });
  }

  /** Does the member answer at this address now. Settles within the time of a probe, unless this
   *  node stops. */
  isAt(id: string, address: string): Promise<boolean> {
    const { prober, timeoutMs } = this.#parts;
    return new Promise((resolve) => {
      prober.probe({ id, address, timeoutMs }, (outcome) => resolve(outcome === 'ack'));
    });
  }

  /** Asks others to probe a member. */
  ask(action: Extract<DetectorAction, { readonly kind: 'ask' }>, nextExchange: () => number): void {
    const { addressOf, channelTo, timeoutMs } = this.#parts;
    const { id: about, round } = action;
    const address = addressOf(about);
    if (address === undefined) return;
    for (const asked of action.asked) {
      const askedAt = addressOf(asked);
      if (askedAt === undefined) continue;
      const exchange = nextExchange();
      this.#remember(exchange, { about, round, asked });
      channelTo(askedAt).send(exchange, { kind: 'probe', target: about, address, timeoutMs });
    }
  }

  /** What one who was asked has found. */
  reported(exchange: number, by: string, outcome: ProbeOutcome): void {
    const question = this.#questions.get(exchange);
    if (question === undefined || question.asked !== by) return;
    this.#questions.delete(exchange);
    const { about, round } = question;
    const nowMs = this.#deadlines.nowMs();
    this.#parts.detector.askedAnswered(about, round, by, ANSWERS[outcome], nowMs);
  }

  /** Another node asks this one to probe a member, or whether it is there itself. */
  run(
    request: Extract<GossipContent, { readonly kind: 'probe' }>,
    exchange: number,
    channel: GossipChannel,
    ownId: string,
  ): void {
    const { target } = request;
    const answer = (outcome: ProbeOutcome): void =>
      channel.send(exchange, { kind: 'probe-result', target, outcome });
    if (target === '' || target === ownId) {
      answer('ack');
      return;
    }
    const address = this.#parts.addressOf(target) ?? request.address;
    const timeoutMs = Math.min(request.timeoutMs, ERRAND_TIMEOUT_MS_MAX);
    this.#parts.prober.probe({ id: target, address, timeoutMs }, answer);
  }

  #remember(exchange: number, question: Question): void {
    this.#questions.set(exchange, question);
    if (this.#questions.size <= QUESTIONS_MAX) return;
    const [oldest] = this.#questions.keys();
    if (oldest !== undefined) this.#questions.delete(oldest);
  }
}
