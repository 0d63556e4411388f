/** What has one node gathered about one other member, and what follows for its state?
 *  The facts: when it was last heard, whether its machine refuses, who accuses it at which
 *  standpoint. The state is read off the facts, worst first, and only DOWN stays by itself.
 *  Invariants: the standpoint only rises, and with it accusations of the one before are dropped;
 *  DOWN ends only by the member's own record of a higher standpoint, LEFT never; a suspicion runs
 *  only while this node itself hears nothing, so hearsay alone convicts nobody who is heard; who
 *  was heard here and refuses nobody is not convicted before the shortest suspicion is over.
 *  Not here: probes and who is asked to do what (failure-detector.ts).
 *  Source: ARCHITECTURE 5.10; Das, Gupta, Motivala 2002 (SWIM) §4.2. */
import type { DetectorOptions } from './detector-options.ts';
import { FlapDamping } from './flap-damping.ts';
import {
  type Accusation,
  compareStandpoints,
  type MemberRecord,
  type Standpoint,
} from './member-record.ts';
import { PhiAccrual } from './phi-accrual.ts';
import type { AskedAnswer, ProbeRound } from './probe-plan.ts';
import { Suspicion } from './suspicion.ts';

/** UNKNOWN: never heard. SLOW: silent for long. AVOID: silent for too long, refused, or flapping.
 *  SUSPECT: others hold the same. DOWN: convicted. LEFT: gone for good. */
export type MemberState = 'UNKNOWN' | 'ALIVE' | 'SLOW' | 'AVOID' | 'SUSPECT' | 'DOWN' | 'LEFT';

/** Nothing is sent to it. */
export function isGone(state: MemberState): boolean {
  return state === 'DOWN' || state === 'LEFT';
}

/** 'direct': the member itself was heard (a reply, a message, the answer to a probe). 'relayed': a
 *  higher heartbeat came through others, or another one reached it. */
export type EvidenceKind = 'direct' | 'relayed';

/** The part of a record that is judged by. */
export type WatchedRecord = Pick<
  MemberRecord,
  'id' | 'zone' | 'status' | 'generation' | 'incarnation'
>;

export class MemberWatch {
  readonly id: string;
  zone: string;
  state: MemberState = 'UNKNOWN';
  /** Running, or undefined. */
  round: ProbeRound | undefined;
  nextProbeMs = Number.NEGATIVE_INFINITY;
  readonly #options: DetectorOptions;
  readonly #window: PhiAccrual;
  readonly #flaps: FlapDamping;
  readonly #accusers = new Set<string>();
  readonly #refusers = new Set<string>();
  #standpoint: Standpoint;
  #isConvictedByOthers = false;
  #suspicion: Suspicion | undefined;
  #hasBeenHeard = false;
  #isRefused = false;

  constructor(options: DetectorOptions, record: WatchedRecord, nowMs: number) {
    this.id = record.id;
    this.zone = record.zone;
    this.#options = options;
    this.#standpoint = { generation: record.generation, incarnation: record.incarnation };
    this.#window = new PhiAccrual(options.phi, nowMs);
    this.#flaps = new FlapDamping(options.flap);
    if (record.status === 'LEFT') this.state = 'LEFT';
  }

  get standpoint(): Standpoint {
    return this.#standpoint;
  }

  get isRefused(): boolean {
    return this.#isRefused;
  }

  get hasBeenHeard(): boolean {
    return this.#hasBeenHeard;
  }

  /** When it was heard last (monotonic); undefined = never. */
  get evidenceMs(): number | undefined {
    return this.#hasBeenHeard ? this.#window.evidenceMs : undefined;
  }

  phi(nowMs: number): number {
    return this.#window.phi(nowMs);
  }

  /** Accusers at the present standpoint that are counted; bounded. */
  get accuserCount(): number {
    return this.#accusers.size;
  }

  isAccusedBy(id: string): boolean {
    return this.#accusers.has(id);
  }

  /** It was heard. `pauseEndMs`: the gap over a pause of this node is no sample. */
  hear(nowMs: number, kind: EvidenceKind, pauseEndMs: number): void {
    if (this.#window.evidenceMs < pauseEndMs) this.#window.voidGap();
    this.#window.record(nowMs);
    this.#hasBeenHeard = true;
    if (kind === 'direct') this.#accepts();
  }

  refuse(): void {
    this.#isRefused = true;
  }

  /** What another one that was asked found. Reports of refusals add up over rounds, because some
   *  get lost, until somebody is let in. */
  report(by: string, answer: AskedAnswer): void {
    if (answer === 'ack') this.#refusers.clear();
    if (answer !== 'refused' || this.#refusers.size >= this.#options.probe.askedCount) return;
    this.#refusers.add(by);
  }

  /** Others that were refused, too; bounded. */
  get refuserCount(): number {
    return this.#refusers.size;
  }

  /** Takes a higher standpoint over. A new generation has a new door: what refused is gone. */
  raise(standpoint: Standpoint): boolean {
    if (compareStandpoints(standpoint, this.#standpoint) <= 0) return false;
    if (standpoint.generation > this.#standpoint.generation) this.#accepts();
    const { generation, incarnation } = standpoint;
    this.#standpoint = { generation, incarnation };
    this.#accusers.clear();
    this.#isConvictedByOthers = false;
    this.#suspicion = undefined;
    return true;
  }

  /** False when it is of an older standpoint, or known. */
  accuse(accusation: Accusation): boolean {
    this.raise(accusation);
    if (compareStandpoints(accusation, this.#standpoint) < 0) return false;
    if (accusation.state === 'DOWN') {
      const isNew = !this.#isConvictedByOthers;
      this.#isConvictedByOthers = true;
      this.#addAccuser(accusation.by);
      return isNew;
    }
    return this.#addAccuser(accusation.by);
  }

  /** Bounded: more accusers than shorten the time say nothing new. */
  get hasAllAccusers(): boolean {
    return this.#accusers.size > this.#options.suspicion.confirmationsMax;
  }

  /** Suspicion begins or ends by what this node hears itself. `memberCount` is asked when one
   *  begins. */
  weigh(nowMs: number, phi: number, memberCount: () => number): void {
    const isSilent = this.#isRefused || !this.#hasBeenHeard || phi >= this.#options.phiSlow;
    if (!isSilent || this.#accusers.size === 0) {
      this.#suspicion = undefined;
      return;
    }
    this.#suspicion ??= new Suspicion(this.#options.suspicion, {
      startMs: nowMs,
      memberCount: memberCount(),
    });
  }

  /** Others report, too, that nobody listens there. */
  hasten(nowMs: number): void {
    this.#suspicion?.hasten(nowMs);
  }

  /** Is there reason to hold it to be down. Silence must be beyond doubt here, and time up:
   *  'judged' by this node itself, or 'told' by another one, whose word stands for all accusers. It
   *  is no evidence of now: it can come late out of a partition. One that refuses here, or was
   *  never heard, is down as soon as this is told. */
  isToBeDown(nowMs: number, phi: number, localHealth: number): 'told' | 'judged' | undefined {
    const suspicion = this.#suspicion;
    if (suspicion === undefined) return undefined;
    if (this.#isConvictedByOthers && (this.#isRefused || !this.#hasBeenHeard)) return 'told';
    if (!this.#isRefused && phi <= this.#options.phiAvoid) return undefined;
    if (this.#isConvictedByOthers) return nowMs < suspicion.soonestMs ? undefined : 'told';
    return nowMs < suspicion.dueMs(this.#accusers.size, localHealth) ? undefined : 'judged';
  }

  /** From here on only `comeBack` leads out. */
  goDown(): void {
    this.state = 'DOWN';
    this.round = undefined;
    this.#suspicion = undefined;
    this.#window.voidGap();
  }

  /** True when it begins to be damped by this return. */
  comeBack(nowMs: number): boolean {
    this.state = 'ALIVE';
    return this.#flaps.returned(nowMs);
  }

  /** The state that the facts come to, for a member that is neither DOWN nor LEFT. */
  settle(nowMs: number, phi: number): MemberState {
    if (this.#suspicion !== undefined) return 'SUSPECT';
    if (this.#isRefused || phi > this.#options.phiAvoid) return 'AVOID';
    if (!this.#hasBeenHeard) return 'UNKNOWN';
    if (this.#flaps.isDamped(nowMs)) return 'AVOID';
    return phi >= this.#options.phiSlow ? 'SLOW' : 'ALIVE';
  }

  #accepts(): void {
    this.#isRefused = false;
    this.#refusers.clear();
  }

  #addAccuser(id: string): boolean {
    if (this.#accusers.has(id) || this.hasAllAccusers) return false;
    this.#accusers.add(id);
    return true;
  }
}
