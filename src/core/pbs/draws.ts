/** With which latencies are trials played? Draws of every leg of the profile, a batch of trials
 *  at a time.
 *  Invariants: one leg's draws do not shift another's; legs that are slow together are drawn from
 *  the same uniform numbers.
 *  Not here: what is made of them (the shapes), which distribution a leg has (profile.ts). */
import { SeededRandom } from '../seeded-random.ts';
import { type LatencyDistribution, LatencySampler } from './latency.ts';
import type { LatencyProfile, Legs } from './profile.ts';
import type { LegDraws } from './trial.ts';

/** Trials that are drawn at a time. */
export const BATCH = 512;

interface DrawOptions {
  readonly seed: number;
  readonly replicas: number;
  /** The replicas from this one on are sent a copy. */
  readonly firstCopy: number;
}

/** Legs of one request to one replica, by the first of them. */
const ROUND_TRIP_OF = {
  write: 'write',
  commit: 'write',
  mint: 'write',
  ack: 'write',
  read: 'read',
  lookup: 'read',
  ownLookup: 'read',
  response: 'read',
} as const satisfies Readonly<Partial<Record<keyof Legs, keyof Legs>>>;
const LEG_NAMES = [
  ...(['write', 'commit', 'mint', 'ack'] as const),
  ...(['read', 'lookup', 'ownLookup', 'response'] as const),
];

export class DrawSource {
  readonly draws: LegDraws;
  readonly #chance: SeededRandom;
  readonly #legs: readonly (readonly [LegSource, Float64Array])[];

  constructor({ legs, roundTrips, copiesTogether = 0 }: LatencyProfile, options: DrawOptions) {
    const { seed, replicas, firstCopy } = options;
    const room = (): Float64Array => new Float64Array(BATCH * replicas);
    const commit = room();
    const lookup = room();
    this.draws = {
      write: room(),
      ack: room(),
      read: room(),
      response: room(),
      commit,
      mint: legs.mint === undefined ? commit : room(),
      lookup,
      ownLookup: legs.ownLookup === undefined ? lookup : room(),
      chance: new Float64Array(BATCH * (replicas + 1)),
    };
    this.#chance = new SeededRandom(seed, 'chance');
    const sources: (readonly [LegSource, Float64Array])[] = [];
    for (const name of LEG_NAMES) {
      const distribution = legs[name];
      if (distribution === undefined) continue;
      const roundTrip = ROUND_TRIP_OF[name];
      const stream = roundTrips === true ? roundTrip : name;
      const share = roundTrip === 'write' ? copiesTogether : 0;
      const together = share === 0 ? undefined : new Together(share, seed, replicas, firstCopy);
      sources.push([new LegSource(distribution, seed, stream, together), this.draws[name]]);
    }
    this.#legs = sources;
  }

  draw(): void {
    this.#chance.fill(this.draws.chance);
    for (const [source, into] of this.#legs) source.drawInto(into);
  }
}

/** One after the other there and back; undefined when the profile has no such leg. */
export function clientWays(
  { legs, roundTrips }: LatencyProfile,
  seed: number,
  count: number,
): Float64Array | undefined {
  if (legs.client === undefined) return undefined;
  const ways = new Float64Array(count);
  new LegSource(legs.client, seed, 'client').drawInto(ways);
  if (roundTrips === true) {
    for (let there = 0; there < count; there += 2) ways[there + 1] = ways[there] ?? 0;
  }
  return ways;
}

/** Draws of one leg; those with the same stream are slow and fast together. */
class LegSource {
  readonly #random: SeededRandom;
  readonly #sampler: LatencySampler;
  readonly #together: Together | undefined;

  constructor(
    distribution: LatencyDistribution,
    seed: number,
    stream: keyof Legs,
    together?: Together,
  ) {
    this.#random = new SeededRandom(seed, stream);
    this.#sampler = new LatencySampler(distribution);
    this.#together = together;
  }

  drawInto(values: Float64Array): void {
    this.#random.fill(values);
    this.#together?.apply(values);
    this.#sampler.drawFrom(values);
  }
}

/** In this share of the trials all copies have the same uniform number. Every leg has one of these,
 *  and all of them choose the same trials. */
class Together {
  readonly #share: number;
  readonly #random: SeededRandom;
  readonly #replicas: number;
  readonly #firstCopy: number;

  constructor(share: number, seed: number, replicas: number, firstCopy: number) {
    this.#share = share;
    this.#random = new SeededRandom(seed, 'together');
    this.#replicas = replicas;
    this.#firstCopy = firstCopy;
  }

  apply(uniforms: Float64Array): void {
    const replicas = this.#replicas;
    for (let first = 0; first < uniforms.length; first += replicas) {
      if (this.#random.float() >= this.#share) continue;
      const shared = uniforms[first + this.#firstCopy] ?? 0;
      uniforms.fill(shared, first + this.#firstCopy, first + replicas);
    }
  }
}
