/** Who is asked whether a silent member answers, and what do the answers come to?
 *  First this node asks the member itself; then three others are asked to, those of other zones
 *  first, because they share the least with this node. A no is worth more than silence: who said it
 *  is there and could not reach the member; when most of those asked are silent too, it is this
 *  node that has a problem.
 *  Invariants: a round ends once; each one asked counts once; answers of others are not taken.
 *  Not here: sending, and what a failed round leads to (failure-detector.ts).
 *  Source: Das, Gupta, Motivala 2002 (SWIM) §3.1; Dadgar, Phillips, Currey 2018 (Lifeguard) §4. */
import type { ProbeOptions } from './detector-options.ts';

export interface Candidate {
  readonly id: string;
  readonly zone: string;
}

/** The part of the port to randomness that is used. */
export interface PlanRandom {
  /** Uniform in [0, 1). */
  float(): number;
}

export interface PlanInput {
  /** Members that are well, without this node and the one in question. Is not changed. */
  readonly candidates: readonly Candidate[];
  readonly ownZone: string;
  readonly count: number;
  readonly random: PlanRandom;
}

/** `count` ids at most, other zones than the own first, at random within. */
export function chooseAsked({ candidates, ownZone, count, random }: PlanInput): readonly string[] {
  const far = candidates.filter(({ zone }) => zone !== ownZone);
  const near = candidates.filter(({ zone }) => zone === ownZone);
  return [...draw(far, count, random), ...draw(near, count, random)].slice(0, count);
}

function draw(from: Candidate[], count: number, random: PlanRandom): string[] {
  const drawn: string[] = [];
  for (let at = 0; at < from.length && at < count; at += 1) {
    const other = at + Math.floor(random.float() * (from.length - at));
    const [here, there] = [from[at], from[other]];
    if (here === undefined || there === undefined) break;
    from[other] = here;
    drawn.push(there.id);
  }
  return drawn;
}

/** What one who was asked says of the member: it answered, it did not, or its machine said that
 *  nobody listens. */
export type AskedAnswer = 'ack' | 'nack' | 'refused';

export interface ProbeResult {
  readonly askedCount: number;
  readonly ackCount: number;
  /** Without those that were refused. */
  readonly nackCount: number;
  readonly refusedCount: number;
  readonly silentCount: number;
}

export class ProbeRound {
  /** Answers name it, so that those to an older round are told apart. */
  readonly number: number;
  readonly #options: ProbeOptions;
  readonly #patience: number;
  #deadlineMs: number;
  #asked: Map<string, AskedAnswer | undefined> | undefined;

  /** `localHealth`: of this node; the worse, the more patient. */
  constructor(options: ProbeOptions, start: ProbeStart) {
    this.number = start.number;
    this.#options = options;
    this.#patience = 1 + start.localHealth;
    this.#deadlineMs = start.startMs + options.directTimeoutMs * this.#patience;
  }

  /** The member itself has not answered in time; others are to be asked. */
  isDirectOver(nowMs: number): boolean {
    return this.#asked === undefined && nowMs >= this.#deadlineMs;
  }

  get hasAsked(): boolean {
    return this.#asked !== undefined;
  }

  /** The direct probe failed, these are asked; none = there is nobody to ask. */
  ask(ids: readonly string[], nowMs: number): void {
    this.#asked = new Map(ids.map((id) => [id, undefined]));
    this.#deadlineMs = nowMs + this.#options.indirectTimeoutMs * this.#patience;
  }

  /** False when this one was not asked, or has answered. */
  answer(id: string, answer: AskedAnswer): boolean {
    if (this.#asked === undefined || !this.#asked.has(id)) return false;
    if (this.#asked.get(id) !== undefined) return false;
    this.#asked.set(id, answer);
    return true;
  }

  /** Undefined while answers can come. `isEnough`: no further one would change anything. */
  result(nowMs: number, isEnough: boolean): ProbeResult | undefined {
    if (this.#asked === undefined) return undefined;
    const count = { ack: 0, nack: 0, refused: 0, silent: 0 };
    for (const answer of this.#asked.values()) count[answer ?? 'silent'] += 1;
    const isOver = isEnough || count.silent === 0 || nowMs >= this.#deadlineMs;
    if (!isOver) return undefined;
    return {
      askedCount: this.#asked.size,
      ackCount: count.ack,
      nackCount: count.nack,
      refusedCount: count.refused,
      silentCount: count.silent,
    };
  }
}

export interface ProbeStart {
  readonly number: number;
  readonly startMs: number;
  readonly localHealth: number;
}
