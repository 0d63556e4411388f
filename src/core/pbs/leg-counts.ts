/** How long did each leg of the requests take? Counts of every one, and the profile that
 *  predictions are made from.
 *  A node that sends a request knows how long the answer took, and is told how long the other node
 *  had it: what is left are the two ways. No clock sees one way alone, so it is half of that; but
 *  an acknowledgement, which carries nothing, is on the way no longer than a way of a read.
 *  Invariant: memory is fixed, however many requests there are.
 *  Not here: who counts (node/coordinator, and clients for their own way), predicting (predict.ts).
 *  Source: Bailis et al., "Probabilistically Bounded Staleness", VLDB 2012, section 5.5 (WARS legs
 *  measured on line). */
import { type EncodedLatencyCounts, LatencyCounts } from '../latency-counts.ts';
import type { LatencyDistribution, Quantiles } from './latency.ts';
import { type EncodedPairCounts, PairCounts } from './pair-counts.ts';
import type { LatencyProfile } from './profile.ts';

/** `mint`: the minter stores a write. `copy`: another replica is sent it, stores it and says so;
 *  `copyWay`: the part of that on the way. `lookup`: a look into the own copy. `read`: another
 *  replica is asked, looks and answers; `readWay`: the part of that on the way. `client`: what a
 *  client waited and the coordinator did not have its request. */
export const LEGS = ['mint', 'copy', 'copyWay', 'lookup', 'read', 'readWay', 'client'] as const;
export type Leg = (typeof LEGS)[number];

/** As it travels. */
export interface EncodedLegCounts {
  readonly legs: Readonly<Partial<Record<Leg, EncodedLatencyCounts>>>;
  readonly pairs: EncodedPairCounts;
}

const DECIMALS = 1_000;
/** Denser where the tail is. */
const SHARES: readonly number[] = [
  ...Array.from({ length: 19 }, (_, at) => at / 20),
  ...[0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998],
  // The slowest of millions must not stand for the slowest thousandth.
  ...[0.9999, 0.999_99, 0.999_999, 1],
];

export class LegCounts {
  readonly #legs: Readonly<Record<Leg, LatencyCounts>> = {
    mint: new LatencyCounts(),
    copy: new LatencyCounts(),
    copyWay: new LatencyCounts(),
    lookup: new LatencyCounts(),
    read: new LatencyCounts(),
    readWay: new LatencyCounts(),
    client: new LatencyCounts(),
  };
  readonly #pairs = new PairCounts();

  minted(tookMs: number): void {
    this.#legs.mint.add(tookMs);
  }

  /** `farMs`: what the replica had it for; undefined when it does not tell. */
  copied(tookMs: number, farMs: number | undefined): void {
    this.#legs.copy.add(tookMs);
    if (farMs !== undefined) this.#legs.copyWay.add(tookMs - farMs);
  }

  /** Two copies of the same write. */
  together(oneMs: number, otherMs: number): void {
    this.#pairs.add(oneMs, otherMs);
  }

  lookedUp(tookMs: number): void {
    this.#legs.lookup.add(tookMs);
  }

  read(tookMs: number, farMs: number | undefined): void {
    this.#legs.read.add(tookMs);
    if (farMs !== undefined) this.#legs.readWay.add(tookMs - farMs);
  }

  /** There and back. */
  reached(clientMs: number): void {
    this.#legs.client.add(clientMs);
  }

  count(leg: Leg): number {
    return this.#legs[leg].count;
  }

  /** Times of each of these shares, 0 to 1 and rising. */
  quantilesMs(leg: Leg, shares: readonly number[]): number[] {
    return this.#legs[leg].quantilesMs(shares);
  }

  merge({ legs, pairs }: EncodedLegCounts, sign: 1 | -1 = 1): void {
    for (const leg of LEGS) {
      const counts = legs[leg];
      if (counts !== undefined) this.#legs[leg].merge(counts, sign);
    }
    this.#pairs.merge(pairs, sign);
  }

  encode(): EncodedLegCounts {
    const met = LEGS.filter((leg) => this.count(leg) > 0);
    const legs = Object.fromEntries(met.map((leg) => [leg, this.#legs[leg].encode()]));
    return { legs, pairs: this.#pairs.encode() };
  }

  /** undefined when no write was stored or nothing was looked up. Legs that were not met take no
   *  time, but reads that asked no other replica would have been on the way as writes were. */
  profile(name: string): LatencyProfile | undefined {
    if (this.count('mint') === 0) return undefined;
    if (this.count('lookup') + this.count('read') === 0) return undefined;
    const mint = this.#quantiles('mint');
    const copyWay = this.#quantiles('copyWay');
    const commit = this.count('copy') === 0 ? mint : difference(this.#quantiles('copy'), copyWay);
    const readWay = this.count('readWay') > 0 ? this.#quantiles('readWay') : copyWay;
    const ack = lesserOf(halfOf(copyWay), halfOf(readWay));
    const hasOwn = this.count('lookup') > 0;
    const own = this.#quantiles('lookup');
    const lookup = this.count('read') > 0 ? difference(this.#quantiles('read'), readWay) : own;
    const together = Math.max(0, this.#pairs.rankCorrelation());
    const hasClient = this.count('client') > 0;
    return {
      name,
      remoteMs: 0,
      roundTrips: true,
      copiesTogether: Math.round(together * DECIMALS) / DECIMALS,
      legs: {
        write: distributionOf(difference(copyWay, ack)),
        ack: distributionOf(ack),
        read: distributionOf(halfOf(readWay)),
        response: distributionOf(halfOf(readWay)),
        commit: distributionOf(commit),
        mint: distributionOf(mint),
        lookup: distributionOf(lookup),
        ...(hasOwn ? { ownLookup: distributionOf(own) } : {}),
        ...(hasClient ? { client: distributionOf(halfOf(this.#quantiles('client'))) } : {}),
      },
    };
  }

  #quantiles(leg: Leg): number[] {
    return this.quantilesMs(leg, SHARES);
  }
}

/** Of two rising lists; rises as well and is nowhere below 0. */
function difference(whole: readonly number[], part: readonly number[]): number[] {
  let highest = 0;
  return whole.map((ms, at) => {
    highest = Math.max(highest, ms - (part[at] ?? 0));
    return highest;
  });
}

function lesserOf(ones: readonly number[], others: readonly number[]): number[] {
  return ones.map((ms, at) => Math.min(ms, others[at] ?? ms));
}

function halfOf(whole: readonly number[]): number[] {
  return whole.map((ms) => ms / 2);
}

function distributionOf(times: readonly number[]): LatencyDistribution {
  const points: Quantiles['points'] = SHARES.map((share, at) => [
    share,
    Math.round((times[at] ?? 0) * DECIMALS) / DECIMALS,
  ]);
  return { kind: 'quantiles', points };
}
