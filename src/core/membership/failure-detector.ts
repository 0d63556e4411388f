/** What does this node think of each other member, and what must it do to find out?
 *    UNKNOWN -> ALIVE <-> SLOW <-> AVOID <-> SUSPECT -> DOWN -> ALIVE, and LEFT from everywhere
 *  Silence alone makes a member SLOW and AVOID here only. An accusation, which all hear, needs
 *  three others that could not reach it either, and a conviction needs the time in which it did
 *  not answer the accusation. A refused connection takes the short way.
 *  Invariants: while this node is getting over a pause of its own it makes no member worse by its
 *  silence, probes nobody and accuses nobody; one probe round per member at a time; accusations are
 *  of a standpoint and made once; up and down of a member alternate.
 *  Not here: accusations as data that spread (member-table.ts), sending, timers, the layout, which
 *  no opinion changes.
 *  Source: ARCHITECTURE 5.10; Hayashibara et al. 2004; Das, Gupta, Motivala 2002 (SWIM); Dadgar,
 *  Phillips, Currey 2018 (Lifeguard). */
import { assert, CoterieError } from '../errors.ts';
import { checkDetectorOptions, type DetectorOptions } from './detector-options.ts';
import { LocalPause } from './local-pause.ts';
import {
  type Accusation,
  COUNTER_MAX,
  compareStandpoints,
  GENERATION_MAX,
  type Standpoint,
} from './member-record.ts';
import {
  type EvidenceKind,
  type MemberState,
  MemberWatch,
  type WatchedRecord,
} from './member-watch.ts';
import {
  type AskedAnswer,
  chooseAsked,
  type PlanRandom,
  type ProbeResult,
  ProbeRound,
} from './probe-plan.ts';

export type DetectorAction =
  /** Ask `id` itself for an answer: `evidence` when it comes, `refused` when nobody listens. */
  | { readonly kind: 'probe'; readonly id: string; readonly round: number }
  /** Ask each of `asked` to probe `id`; their answers go to `askedAnswered`. */
  | {
      readonly kind: 'ask';
      readonly id: string;
      readonly round: number;
      readonly asked: readonly string[];
    }
  /** Put it into the table and let it spread. */
  | { readonly kind: 'accuse'; readonly accusation: Accusation }
  /** Write the own record at this standpoint and let it spread. `isAmnesia`: others know a later
   *  start of this node than it does itself. */
  | { readonly kind: 'refute'; readonly standpoint: Standpoint; readonly isAmnesia: boolean };

export interface DetectorEvent {
  readonly kind: 'up' | 'down' | 'flap';
  readonly id: string;
  readonly atMs: number;
}

export interface DetectorOutput {
  readonly actions: readonly DetectorAction[];
  readonly events: readonly DetectorEvent[];
  /** Length of the pause of this node that has just been noticed, or 0. */
  readonly pauseMs: number;
}

export interface MemberOpinion {
  readonly id: string;
  readonly state: MemberState;
  /** 0..1,000. */
  readonly phi: number;
  /** Milliseconds since it was last heard; absent = never. */
  readonly evidenceAgeMs?: number;
  readonly accuserCount: number;
}

export interface DetectorSelf {
  readonly id: string;
  readonly zone: string;
  readonly generation: number;
  readonly incarnation: number;
}

export class FailureDetector {
  readonly #options: DetectorOptions;
  readonly #random: PlanRandom;
  readonly #selfId: string;
  readonly #selfZone: string;
  readonly #pause: LocalPause;
  readonly #watches = new Map<string, MemberWatch>();
  #selfStandpoint: Standpoint;
  #rounds = 0;
  #pauseMs = 0;
  #actions: DetectorAction[] = [];
  #events: DetectorEvent[] = [];

  /** All times are monotonic milliseconds of this node. Errors: INVALID_CONFIG. */
  constructor(options: DetectorOptions, self: DetectorSelf, random: PlanRandom, nowMs: number) {
    checkDetectorOptions(options);
    this.#options = options;
    this.#random = random;
    this.#selfId = self.id;
    this.#selfZone = self.zone;
    this.#selfStandpoint = { generation: self.generation, incarnation: self.incarnation };
    this.#pause = new LocalPause(options.localPause, nowMs);
  }

  /** The table has a new or changed record: call it for every one, heartbeats apart, and after it
   *  `accused` with what the table holds against it. A higher standpoint is the member's own voice:
   *  it ends accusations, and DOWN.
   *  Errors: OVERLOADED when `membersMax` are watched. */
  learn(record: WatchedRecord, nowMs: number): void {
    if (record.id === this.#selfId) return;
    this.#notice(nowMs);
    const watch = this.#watches.get(record.id);
    if (watch === undefined) {
      this.#admit(record, nowMs);
      return;
    }
    watch.zone = record.zone;
    if (watch.state === 'LEFT') return;
    if (record.status === 'LEFT') {
      watch.state = 'LEFT';
      watch.round = undefined;
      return;
    }
    if (!watch.raise(record)) return;
    if (watch.state === 'DOWN') this.#comeBack(watch, nowMs);
    this.#hear(watch, nowMs, 'relayed');
  }

  /** The table has dropped the member. */
  forget(id: string): void {
    this.#watches.delete(id);
  }

  /** A sign that the member lives now. Ids that are not known are none of this node's business. */
  evidence(id: string, nowMs: number, kind: EvidenceKind): void {
    this.#notice(nowMs);
    const watch = this.#watches.get(id);
    if (watch === undefined || watch.state === 'LEFT') return;
    this.#hear(watch, nowMs, kind);
  }

  /** A connection to the member was refused: its machine answers that nobody listens. It is
   *  avoided from here on and counts as a direct probe that failed. */
  refused(id: string, nowMs: number): void {
    this.#notice(nowMs);
    const watch = this.#watches.get(id);
    if (watch === undefined || watch.state === 'LEFT') return;
    watch.refuse();
    this.#review(watch, nowMs, true);
  }

  /** `by` was asked, in this round, to probe `id`. */
  askedAnswered(id: string, round: number, by: string, answer: AskedAnswer, nowMs: number): void {
    this.#notice(nowMs);
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    if (watch.round?.number !== round || !watch.round.answer(by, answer)) return;
    watch.report(by, answer);
    if (answer === 'ack') this.evidence(id, nowMs, 'relayed');
    else this.#review(watch, nowMs, false);
  }

  /** The table holds this against a member, or against this node. May be repeated. */
  accused(accusation: Accusation, nowMs: number): void {
    this.#notice(nowMs);
    if (accusation.about === this.#selfId) {
      this.#answer(accusation, nowMs);
      return;
    }
    const watch = this.#watches.get(accusation.about);
    if (watch === undefined || watch.state === 'LEFT') return;
    if (watch.accuse(accusation)) this.#review(watch, nowMs, false);
  }

  /** To be called every `localPause.beatMs`: what is to be done and what has happened since. */
  tick(nowMs: number): DetectorOutput {
    const pauseMs = this.#pauseMs + this.#pause.beat(nowMs);
    for (const watch of this.#watches.values()) this.#review(watch, nowMs, false);
    const output = { actions: this.#actions, events: this.#events, pauseMs };
    this.#actions = [];
    this.#events = [];
    this.#pauseMs = 0;
    return output;
  }

  /** As of the last input or tick. Undefined for ids that are not known, and for this node. */
  stateOf(id: string): MemberState | undefined {
    return this.#watches.get(id)?.state;
  }

  opinions(nowMs: number): readonly MemberOpinion[] {
    return [...this.#watches.values()].map((watch) => {
      const { id, state, accuserCount, evidenceMs } = watch;
      const opinion = { id, state, phi: watch.phi(nowMs), accuserCount };
      if (evidenceMs === undefined) return opinion;
      return { ...opinion, evidenceAgeMs: Math.max(0, nowMs - evidenceMs) };
    });
  }

  /** Reasons of this node to doubt itself, 0..7. */
  get localHealth(): number {
    return this.#pause.health;
  }

  /** Is silence held against nobody, because this node was stopped itself. */
  isIgnoring(nowMs: number): boolean {
    return this.#pause.isIgnoring(nowMs);
  }

  /** Before any conclusion: what is heard after a pause of this node can come before its beat. */
  #notice(nowMs: number): void {
    this.#pauseMs += this.#pause.notice(nowMs);
  }

  #admit(record: WatchedRecord, nowMs: number): void {
    const { membersMax } = this.#options;
    if (this.#watches.size >= membersMax) {
      throw new CoterieError(
        'OVERLOADED',
        `${membersMax} members are watched already; remove nodes that are gone for good`,
        { details: { membersMax } },
      );
    }
    this.#watches.set(record.id, new MemberWatch(this.#options, record, nowMs));
  }

  #hear(watch: MemberWatch, nowMs: number, kind: EvidenceKind): void {
    const isFirst = !watch.hasBeenHeard;
    watch.hear(nowMs, kind, this.#pause.pauseEndMs);
    if (watch.state === 'ALIVE') return;
    // A member that was held to be down without ever being heard comes up by `comeBack`.
    if (isFirst && watch.state !== 'DOWN') this.#announce(watch, 'up', nowMs);
    this.#review(watch, nowMs, false);
  }

  #comeBack(watch: MemberWatch, nowMs: number): void {
    this.#announce(watch, 'up', nowMs);
    if (watch.comeBack(nowMs)) this.#announce(watch, 'flap', nowMs);
  }

  #announce(watch: MemberWatch, kind: DetectorEvent['kind'], atMs: number): void {
    this.#events.push({ kind, id: watch.id, atMs });
  }

  /** Draws every conclusion from what is known of one member. */
  #review(watch: MemberWatch, nowMs: number, isRefusedNow: boolean): void {
    if (watch.state === 'LEFT' || watch.state === 'DOWN') return;
    const isIgnoring = this.#pause.isIgnoring(nowMs);
    if (isIgnoring) {
      watch.round = undefined;
      const evidenceMs = watch.evidenceMs ?? Number.NEGATIVE_INFINITY;
      const isHeardSince = evidenceMs >= this.#pause.pauseEndMs;
      // What was known before the pause stays as it was; a refusal is no silence.
      if (!isHeardSince && !(watch.isRefused && watch.state !== 'SUSPECT')) return;
    }
    const phi = isIgnoring ? 0 : watch.phi(nowMs);
    if (!isIgnoring) this.#probe(watch, nowMs, phi, isRefusedNow);
    watch.weigh(nowMs, phi, () => this.#memberCount());
    if (!isIgnoring && this.#convict(watch, nowMs, phi)) return;
    watch.state = watch.settle(nowMs, phi);
  }

  #convict(watch: MemberWatch, nowMs: number, phi: number): boolean {
    const reason = watch.isToBeDown(nowMs, phi, this.#pause.health);
    if (reason === undefined) return false;
    watch.goDown();
    this.#announce(watch, 'down', nowMs);
    if (reason === 'judged') this.#accuse(watch, 'DOWN');
    return true;
  }

  #probe(watch: MemberWatch, nowMs: number, phi: number, isRefusedNow: boolean): void {
    const isNeeded = watch.isRefused || phi > this.#options.phiAvoid;
    if (!isNeeded) {
      watch.round = undefined;
      return;
    }
    if (watch.round === undefined) {
      if (nowMs < watch.nextProbeMs) return;
      this.#rounds += 1;
      watch.round = new ProbeRound(this.#options.probe, {
        number: this.#rounds,
        startMs: nowMs,
        localHealth: this.#pause.health,
      });
      if (!isRefusedNow) {
        this.#actions.push({ kind: 'probe', id: watch.id, round: this.#rounds });
      }
    }
    const { round } = watch;
    if (round.isDirectOver(nowMs) || (isRefusedNow && !round.hasAsked)) {
      this.#ask(watch, round, nowMs);
    }
    this.#conclude(watch, round, nowMs, phi);
  }

  #ask(watch: MemberWatch, round: ProbeRound, nowMs: number): void {
    const candidates: MemberWatch[] = [];
    for (const other of this.#watches.values()) {
      if (other === watch) continue;
      if (other.state === 'ALIVE' || other.state === 'SLOW') candidates.push(other);
    }
    const count = this.#options.probe.askedCount;
    const { id } = watch;
    const asked = chooseAsked({
      candidates,
      ownZone: this.#selfZone,
      count,
      random: this.#random,
    });
    round.ask(asked, nowMs);
    if (asked.length === 0) return;
    this.#actions.push({ kind: 'ask', id, round: round.number, asked });
  }

  #conclude(watch: MemberWatch, round: ProbeRound, nowMs: number, phi: number): void {
    const { refusalsMin } = this.#options.suspicion;
    const isEnough = watch.isRefused && watch.refuserCount >= refusalsMin;
    const result = round.result(nowMs, isEnough);
    if (result === undefined) return;
    watch.round = undefined;
    watch.nextProbeMs = nowMs + this.#options.probe.intervalMs;
    if (result.ackCount > 0) {
      this.#pause.improve(nowMs);
      return;
    }
    const isGone =
      watch.isRefused && watch.refuserCount >= Math.min(refusalsMin, result.askedCount);
    if (!isGone) this.#doubt(result, nowMs);
    if (!isGone && phi <= this.#options.phiAvoid) return;
    this.#accuse(watch, 'SUSPECT');
    if (!isGone) return;
    watch.weigh(nowMs, phi, () => this.#memberCount());
    watch.hasten(nowMs);
  }

  /** Does a failed round speak against the member, or against this node. */
  #doubt({ askedCount, silentCount }: ProbeResult, nowMs: number): void {
    // Most of those asked do not even say no, or all others went silent at once.
    const isCutOff = askedCount === 0 ? this.#memberCount() > 2 : silentCount * 2 > askedCount;
    if (isCutOff) this.#pause.worsen(nowMs);
    else if (silentCount === 0) this.#pause.improve(nowMs);
  }

  /** Once per standpoint and state, and no more accusers than shorten the time. */
  #accuse(watch: MemberWatch, state: Accusation['state']): void {
    if (state === 'SUSPECT') {
      if (watch.isAccusedBy(this.#selfId) || watch.hasAllAccusers) return;
    }
    const { generation, incarnation } = watch.standpoint;
    const accusation = { about: watch.id, generation, incarnation, state, by: this.#selfId };
    watch.accuse(accusation);
    this.#actions.push({ kind: 'accuse', accusation });
  }

  /** An accusation against this node itself. */
  #answer(accusation: Accusation, nowMs: number): void {
    if (compareStandpoints(accusation, this.#selfStandpoint) < 0) return;
    const isAmnesia = accusation.generation > this.#selfStandpoint.generation;
    const isNewGeneration = isAmnesia || accusation.incarnation >= COUNTER_MAX;
    const { generation, incarnation } = accusation;
    // Nothing is above it: the table does not take such a one from anybody.
    if (isNewGeneration && generation >= GENERATION_MAX) return;
    const standpoint = isNewGeneration
      ? { generation: generation + 1, incarnation: 0 }
      : { generation, incarnation: incarnation + 1 };
    this.#selfStandpoint = standpoint;
    this.#pause.worsen(nowMs);
    this.#actions = this.#actions.filter(({ kind }) => kind !== 'refute');
    this.#actions.push({ kind: 'refute', standpoint, isAmnesia });
  }

  #memberCount(): number {
    let count = 1;
    for (const { state } of this.#watches.values()) {
      if (state !== 'DOWN' && state !== 'LEFT') count += 1;
    }
    assert(count >= 2, 'a suspicion is of another member that is not down');
    return count;
  }
}
