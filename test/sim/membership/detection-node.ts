/** One node of detection-world.ts: a failure detector and just enough gossip for it. Heartbeats,
 *  standpoints and accusations are exchanged both ways with three others a second, one of those
 *  that are down every fifth round, and sooner when there is news. */
import type { DetectorOptions } from '../../../src/core/membership/detector-options.ts';
import {
  type DetectorAction,
  type DetectorEvent,
  FailureDetector,
} from '../../../src/core/membership/failure-detector.ts';
import type { Accusation } from '../../../src/core/membership/member-record.ts';
import type { MemberState } from '../../../src/core/membership/member-watch.ts';
import type { AskedAnswer } from '../../../src/core/membership/probe-plan.ts';
import type { RandomStream } from '../../../src/sim/kernel/random-stream.ts';

const ROUND_MS = 1_000;
const FANOUT = 3;
const NEWS_MS = 200;
const NEWS_ROUNDS = 3;
const LOST_EVERY = 5;

interface Question {
  readonly round: number;
  /** Who wants to know. */
  readonly origin: number;
}

interface Gossip {
  readonly kind: 'gossip';
  readonly heartbeats: Int32Array;
  readonly generations: Int32Array;
  readonly incarnations: Int32Array;
  readonly accusations: readonly Accusation[];
  readonly isReply: boolean;
}

export type Message =
  | Gossip
  | ({ readonly kind: 'ping' } & Question)
  | ({ readonly kind: 'pong' } & Question)
  | ({ readonly kind: 'refusal' } & Question)
  | { readonly kind: 'ask'; readonly about: number; readonly round: number }
  | {
      readonly kind: 'answer';
      readonly about: number;
      readonly round: number;
      readonly answer: AskedAnswer;
    };

/** What a node sees of the world. */
export interface Surroundings {
  readonly nowMs: number;
  readonly options: DetectorOptions;
  readonly random: RandomStream;
  readonly ids: readonly string[];
  readonly zoneCount: number;
  send(from: number, to: number, message: Message): void;
}

/** 'killed': the machine refuses. 'silent': nothing answers. 'stopped': mail waits. */
export type Condition = 'running' | 'killed' | 'silent' | 'stopped';

export class DetectionNode {
  readonly index: number;
  readonly events: DetectorEvent[] = [];
  readonly inbox: { readonly from: number; readonly message: Message }[] = [];
  condition: Condition = 'running';
  /** Probability of getting the processor in a step. */
  share = 1;
  /** Messages that it gets through in a step; the rest waits. */
  lettersMax: number = Number.POSITIVE_INFINITY;
  pauseCount = 0;
  accusedCount = 0;
  readonly #world: Surroundings;
  readonly #heartbeats: Int32Array;
  readonly #generations: Int32Array;
  readonly #incarnations: Int32Array;
  readonly #accusations = new Map<string, Accusation>();
  #detector: FailureDetector;
  #errands: (Question & { readonly about: number; readonly dueMs: number })[] = [];
  #nextBeatMs: number;
  #nextRoundMs: number;
  #nextNewsMs = Number.POSITIVE_INFINITY;
  #newsRounds = 0;
  #rounds = 0;

  constructor(index: number, world: Surroundings) {
    this.index = index;
    this.#world = world;
    const count = world.ids.length;
    this.#heartbeats = new Int32Array(count);
    this.#generations = new Int32Array(count).fill(1);
    this.#incarnations = new Int32Array(count);
    this.#nextBeatMs = world.random.between(0, world.options.localPause.beatMs);
    this.#nextRoundMs = world.random.between(0, ROUND_MS);
    this.#detector = this.#newDetector(1, 1);
  }

  /** A new process of a new generation, which knows of all others that they once were. */
  restart(): void {
    const generation = (this.#generations[this.index] ?? 0) + 1;
    this.#generations.fill(1);
    this.#incarnations.fill(0);
    this.#heartbeats.fill(0);
    this.#accusations.clear();
    this.inbox.length = 0;
    this.#errands = [];
    this.#generations[this.index] = generation;
    this.#detector = this.#newDetector(generation, 1);
    this.#nextBeatMs = this.#world.nowMs + this.#world.options.localPause.beatMs;
    this.#nextRoundMs = this.#world.nowMs;
    this.condition = 'running';
  }

  stateOf(about: number): MemberState | undefined {
    return this.#detector.stateOf(this.#id(about));
  }

  act(): void {
    const { nowMs, random } = this.#world;
    if (this.condition !== 'running') return;
    if (this.share < 1 && !random.chance(this.share)) return;
    // After a pause either may come first, the timers or the mail.
    const isBeatFirst = random.chance(0.5);
    if (isBeatFirst && nowMs >= this.#nextBeatMs) this.#beat();
    const letters = this.inbox.splice(0, Math.min(this.inbox.length, this.lettersMax));
    for (const { from, message } of letters) this.#receive(from, message);
    if (nowMs >= this.#nextBeatMs) this.#beat();
    if (nowMs >= this.#nextRoundMs) {
      this.#nextRoundMs = nowMs + ROUND_MS * random.between(0.9, 1.1);
      this.#heartbeats[this.index] = (this.#heartbeats[this.index] ?? 0) + 1;
      this.#rounds += 1;
      this.#gossip();
    } else if (nowMs >= this.#nextNewsMs) {
      this.#gossip();
      this.#newsRounds -= 1;
      this.#nextNewsMs = this.#newsRounds > 0 ? nowMs + NEWS_MS : Number.POSITIVE_INFINITY;
    }
  }

  #newDetector(generation: number, knownGeneration: number): FailureDetector {
    const { options, random, nowMs, ids, zoneCount } = this.#world;
    const self = { id: this.#id(this.index), zone: `zone-${this.index % zoneCount}` };
    const standpoint = { generation, incarnation: 0 };
    const detector = new FailureDetector(options, { ...self, ...standpoint }, random, nowMs);
    for (const [at, id] of ids.entries()) {
      const zone = `zone-${at % zoneCount}`;
      const record = {
        id,
        zone,
        status: 'UP',
        generation: knownGeneration,
        incarnation: 0,
      } as const;
      detector.learn(record, nowMs);
    }
    return detector;
  }

  #gossip(): void {
    const { ids, random } = this.#world;
    const well: number[] = [];
    const lost: number[] = [];
    for (let peer = 0; peer < ids.length; peer += 1) {
      if (peer !== this.index) (this.stateOf(peer) === 'DOWN' ? lost : well).push(peer);
    }
    for (let sent = 0; sent < FANOUT && well.length > 0; sent += 1) {
      const [peer] = well.splice(random.below(well.length), 1);
      if (peer !== undefined) this.#send(peer, this.#news(false));
    }
    const forLost = this.#rounds % LOST_EVERY === 0 ? lost[random.below(lost.length)] : undefined;
    if (forLost !== undefined) this.#send(forLost, this.#news(false));
  }

  #news(isReply: boolean): Gossip {
    return {
      kind: 'gossip',
      heartbeats: this.#heartbeats.slice(),
      generations: this.#generations.slice(),
      incarnations: this.#incarnations.slice(),
      accusations: [...this.#accusations.values()],
      isReply,
    };
  }

  #receive(from: number, message: Message): void {
    const { nowMs, options } = this.#world;
    const id = this.#id(from);
    if (message.kind === 'refusal') {
      this.#detector.refused(id, nowMs);
      this.#report(from, message, 'refused');
      return;
    }
    this.#detector.evidence(id, nowMs, 'direct');
    if (message.kind === 'gossip') {
      this.#merge(message);
      if (!message.isReply) this.#send(from, this.#news(true));
    } else if (message.kind === 'ping') {
      this.#send(from, { ...message, kind: 'pong' });
    } else if (message.kind === 'pong') {
      this.#report(from, message, 'ack');
    } else if (message.kind === 'ask') {
      const { about, round } = message;
      const dueMs = nowMs + options.probe.directTimeoutMs;
      this.#errands.push({ about, round, origin: from, dueMs });
      this.#send(about, { kind: 'ping', round, origin: from });
    } else {
      const { about, round, answer } = message;
      this.#detector.askedAnswered(this.#id(about), round, id, answer, nowMs);
    }
  }

  /** To whoever asked this node to probe `about`. */
  #report(about: number, { round, origin }: Question, answer: AskedAnswer): void {
    const errand = this.#errands.find(
      (one) => one.about === about && one.round === round && one.origin === origin,
    );
    if (errand === undefined) return;
    this.#errands = this.#errands.filter((one) => one !== errand);
    this.#send(origin, { kind: 'answer', about, round, answer });
  }

  #merge(message: Gossip): void {
    for (let at = 0; at < this.#heartbeats.length; at += 1) {
      if (at === this.index) continue;
      const generation = message.generations[at] ?? 0;
      const incarnation = message.incarnations[at] ?? 0;
      const order = generation - (this.#generations[at] ?? 0);
      if (order < 0) continue;
      if (order > 0) this.#heartbeats[at] = 0;
      if (order > 0 || incarnation > (this.#incarnations[at] ?? 0)) {
        this.#generations[at] = generation;
        this.#incarnations[at] = incarnation;
        this.#learn(at);
      }
      const heartbeat = message.heartbeats[at] ?? 0;
      if (heartbeat <= (this.#heartbeats[at] ?? 0)) continue;
      this.#heartbeats[at] = heartbeat;
      this.#detector.evidence(this.#id(at), this.#world.nowMs, 'relayed');
    }
    for (const accusation of message.accusations) this.#hold(accusation);
  }

  #learn(about: number): void {
    const id = this.#id(about);
    const generation = this.#generations[about] ?? 0;
    const incarnation = this.#incarnations[about] ?? 0;
    const zone = `zone-${about % this.#world.zoneCount}`;
    const record = { id, zone, status: 'UP', generation, incarnation } as const;
    this.#detector.learn(record, this.#world.nowMs);
    this.#dropStale();
    this.#spread();
  }

  #hold(accusation: Accusation): void {
    if (this.#isStale(accusation)) return;
    const key = `${accusation.about} ${accusation.by} ${accusation.state}`;
    const known = this.#accusations.get(key);
    const isKnown =
      known?.generation === accusation.generation && known.incarnation >= accusation.incarnation;
    if (isKnown || (known?.generation ?? 0) > accusation.generation) return;
    this.#accusations.set(key, accusation);
    this.#detector.accused(accusation, this.#world.nowMs);
    this.#spread();
  }

  #isStale({ about, generation, incarnation }: Accusation): boolean {
    const at = this.#world.ids.indexOf(about);
    const known = this.#generations[at] ?? 0;
    if (generation !== known) return generation < known;
    return incarnation < (this.#incarnations[at] ?? 0);
  }

  #dropStale(): void {
    for (const [key, accusation] of this.#accusations) {
      if (this.#isStale(accusation)) this.#accusations.delete(key);
    }
  }

  #spread(): void {
    this.#newsRounds = NEWS_ROUNDS;
    this.#nextNewsMs = Math.min(this.#nextNewsMs, this.#world.nowMs + NEWS_MS);
  }

  #beat(): void {
    const { nowMs, options } = this.#world;
    this.#nextBeatMs = nowMs + options.localPause.beatMs;
    const { actions, events, pauseMs } = this.#detector.tick(nowMs);
    if (pauseMs > 0) this.pauseCount += 1;
    this.events.push(...events);
    for (const action of actions) this.#do(action);
    const overdue = this.#errands.filter(({ dueMs }) => nowMs >= dueMs);
    if (overdue.length === 0) return;
    this.#errands = this.#errands.filter(({ dueMs }) => nowMs < dueMs);
    for (const { about, round, origin } of overdue) {
      this.#send(origin, { kind: 'answer', about, round, answer: 'nack' });
    }
  }

  #do(action: DetectorAction): void {
    if (action.kind === 'probe') {
      const { id, round } = action;
      this.#send(this.#world.ids.indexOf(id), { kind: 'ping', round, origin: this.index });
    } else if (action.kind === 'ask') {
      const about = this.#world.ids.indexOf(action.id);
      for (const asked of action.asked) {
        const { round } = action;
        this.#send(this.#world.ids.indexOf(asked), { kind: 'ask', about, round });
      }
    } else if (action.kind === 'accuse') {
      this.accusedCount += 1;
      this.#hold(action.accusation);
    } else {
      this.#generations[this.index] = action.standpoint.generation;
      this.#incarnations[this.index] = action.standpoint.incarnation;
      this.#dropStale();
      this.#spread();
    }
  }

  #send(to: number, message: Message): void {
    this.#world.send(this.index, to, message);
  }

  #id(index: number): string {
    return this.#world.ids[index] ?? '';
  }
}
