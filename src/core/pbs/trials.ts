/** What do many writes, each followed by a read, come to?
 *  Invariants: equal options and seed give equal results on every machine, and settings that are
 *  compared meet the same draws; memory is 8 bytes for each trial and each R, W and R again that is
 *  asked for.
 *  Not here: one trial (the shapes), the numbers it is played with (draws.ts), percentiles and
 *  probabilities (predict.ts).
 *  Cost: some 0.6 us for each trial of three replicas. */
import { CoterieShape } from './coterie-shape.ts';
import { BATCH, clientWays, DrawSource } from './draws.ts';
import type { LatencyProfile } from './profile.ts';
import { type LegDraws, TrialOutcome } from './trial.ts';
import { playWars } from './wars-shape.ts';

export const MODELS = ['wars', 'coterie'] as const;
/** `wars` is the paper's, `coterie` how this database sends. */
export type Model = (typeof MODELS)[number];

export interface TrialOptions {
  readonly model: Model;
  readonly profile: LatencyProfile;
  /** N. */
  readonly replicas: number;
  /** Of the cluster, at least N. For `coterie`. */
  readonly nodes: number;
  /** A read asks all N and takes the fastest R. For `coterie`; `wars` always does. */
  readonly readsAll: boolean;
  readonly trials: number;
  readonly seed: number;
  /** Which R and W will be asked for. */
  readonly settings: readonly Setting[];
}

export interface Setting {
  readonly r: number;
  readonly w: number;
}

/** Ways between client and coordinator: write there and back, read there and back. */
const CLIENT_WAYS = 4;

export class Trials {
  readonly #options: TrialOptions;
  /** By W, at the coordinator: until the W-th acknowledgement. */
  readonly #ackMs = new Map<number, Float64Array>();
  /** By R, at the coordinator: until the R-th answer, and from when after the write began a read
   *  is fresh. */
  readonly #replyMs = new Map<number, Float64Array>();
  readonly #freshFromMs = new Map<number, Float64Array>();
  /** Four for each trial, when the profile has that leg. */
  readonly #clientMs: Float64Array | undefined;

  constructor(options: TrialOptions) {
    const { trials, settings, profile, seed } = options;
    this.#options = options;
    for (const { r, w } of settings) {
      if (!this.#replyMs.has(r)) {
        this.#replyMs.set(r, new Float64Array(trials));
        this.#freshFromMs.set(r, new Float64Array(trials));
      }
      if (!this.#ackMs.has(w)) this.#ackMs.set(w, new Float64Array(trials));
    }
    this.#play();
    this.#clientMs = clientWays(profile, seed, trials * CLIENT_WAYS);
  }

  /** How long the read of each trial took; a new array. */
  readMs(r: number): Float64Array {
    return this.#withClient(this.#replyMs.get(r), 2);
  }

  /** How long the write of each trial took; a new array. */
  writeMs(w: number): Float64Array {
    return this.#withClient(this.#ackMs.get(w), 0);
  }

  /** For each trial: a read that begins so long after the end of the write, or later, returns it.
   *  Negative when earlier ones do too. A new array. */
  lagMs({ r, w }: Setting): Float64Array {
    const lags = copyOf(this.#freshFromMs.get(r));
    const acks = this.#ackMs.get(w);
    const clients = this.#clientMs;
    for (let trial = 0; trial < lags.length; trial += 1) {
      lags[trial] = (lags[trial] ?? 0) - (acks?.[trial] ?? 0);
      if (clients === undefined) continue;
      const backAndThere = CLIENT_WAYS * trial + 1;
      const away = (clients[backAndThere] ?? 0) + (clients[backAndThere + 1] ?? 0);
      lags[trial] = (lags[trial] ?? 0) - away;
    }
    return lags;
  }

  #withClient(times: Float64Array | undefined, firstWay: number): Float64Array {
    const whole = copyOf(times);
    const clients = this.#clientMs;
    if (clients === undefined) return whole;
    for (let trial = 0; trial < whole.length; trial += 1) {
      const there = CLIENT_WAYS * trial + firstWay;
      const ways = (clients[there] ?? 0) + (clients[there + 1] ?? 0);
      whole[trial] = (whole[trial] ?? 0) + ways;
    }
    return whole;
  }

  #play(): void {
    const { trials, replicas, profile, seed, model } = this.#options;
    const outcome = new TrialOutcome(replicas);
    const play = playerOf(this.#options);
    const source = new DrawSource(profile, { seed, replicas, firstCopy: model === 'wars' ? 0 : 1 });
    for (let first = 0; first < trials; first += BATCH) {
      source.draw();
      const count = Math.min(BATCH, trials - first);
      for (let trial = 0; trial < count; trial += 1) {
        play(source.draws, trial, outcome);
        this.#record(first + trial, outcome);
      }
    }
  }

  #record(trial: number, { ackMs, replyMs, freshFromMs }: TrialOutcome): void {
    for (let count = 1; count <= ackMs.length; count += 1) {
      put(this.#ackMs.get(count), trial, ackMs[count - 1]);
      put(this.#replyMs.get(count), trial, replyMs[count - 1]);
      put(this.#freshFromMs.get(count), trial, freshFromMs[count - 1]);
    }
  }
}

type Player = (draws: LegDraws, trial: number, outcome: TrialOutcome) => void;

function playerOf({ model, profile, replicas, nodes, readsAll }: TrialOptions): Player {
  const { remoteMs } = profile;
  if (model === 'wars') {
    const cluster = { replicas, remoteMs };
    return (draws, trial, outcome) => playWars(cluster, draws, trial, outcome);
  }
  const { commit, mint } = profile.legs;
  const storesInWrite = commit === undefined && mint === undefined;
  const shape = new CoterieShape({ replicas, nodes, remoteMs, readsAll, storesInWrite });
  return (draws, trial, outcome) => shape.play(draws, trial, outcome);
}

function put(column: Float64Array | undefined, trial: number, ms: number | undefined): void {
  if (column !== undefined) column[trial] = ms ?? 0;
}

function copyOf(column: Float64Array | undefined): Float64Array {
  if (column === undefined) throw new RangeError('Not one of the settings that were played');
  return column.slice();
}
