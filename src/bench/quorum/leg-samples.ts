/** How long each leg of a request takes on this cluster, from requests that were explained; and the
 *  profile that predictions are made from.
 *  A trace has both ends at one node, so ways in one direction are not seen, only round trips: a
 *  way is half of a round trip less what was done at its far end. Distributions are subtracted
 *  quantile by quantile, and the parts are drawn together, so that they come to the whole again.
 *  Invariant: memory is bounded; when it is full the oldest samples make room.
 *  Not here: asking (leg-probe.ts), predicting (core/pbs). */
import type { GetResult, PutResult, RequestTrace } from '../../client/types.ts';
import type { LatencyDistribution, Quantiles } from '../../core/pbs/latency.ts';
import type { LatencyProfile } from '../../core/pbs/profile.ts';
import { rankCorrelation } from '../../core/pbs/rank-correlation.ts';

/** `client`: there and back between client and coordinator. `mint`: the first commit. `copy`: there
 *  and back with the commit of a replica. `local`: a look-up. `remote`: there and back with one.
 *  `one` and `other`: two copies of the same write, at the same place in both lists. */
const KINDS = ['client', 'mint', 'copy', 'local', 'remote', 'one', 'other'] as const;
export type LegKind = (typeof KINDS)[number];

/** As it travels between processes; milliseconds. */
export type EncodedLegs = Readonly<Record<LegKind, readonly number[]>>;

const SAMPLES_MAX = 20_000;
const DECIMALS = 1_000;
/** Denser where the tail is. */
const SHARES: readonly number[] = [
  ...Array.from({ length: 19 }, (_, at) => at / 20),
  ...[0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 1],
];

export class LegSamples {
  readonly #samples: Readonly<Record<LegKind, number[]>> = {
    client: [],
    mint: [],
    copy: [],
    local: [],
    remote: [],
    one: [],
    other: [],
  };

  addWrite({ trace, elapsedMs }: PutResult): void {
    if (trace === undefined) return;
    // Passed on to the node that minted: neither leg of the client's way is what it is elsewhere.
    if (trace.coordinator === trace.minter) this.#add('client', elapsedMs - trace.elapsedMs);
    this.#addSteps(trace, 'mint', 'mint', 'mint');
    this.#addSteps(trace, 'replicate', 'copy', 'copy');
    this.#addPair(trace);
  }

  addRead({ trace, elapsedMs }: GetResult): void {
    if (trace === undefined) return;
    this.#add('client', elapsedMs - trace.elapsedMs);
    this.#addSteps(trace, 'read', 'local', 'remote');
    this.#addSteps(trace, 'digest', 'local', 'remote');
  }

  merge(other: EncodedLegs): void {
    for (const kind of KINDS) for (const ms of other[kind]) this.#add(kind, ms);
  }

  encode(): EncodedLegs {
    return this.#samples;
  }

  count(kind: LegKind): number {
    return this.#samples[kind].length;
  }

  /** undefined when nothing was stored or looked up yet. */
  profile(name: string): LatencyProfile | undefined {
    if (this.count('mint') === 0 || this.count('local') === 0) return undefined;
    const commit = this.#quantiles('mint');
    const lookup = this.#quantiles('local');
    const way = halfOf(difference(this.#quantiles('remote'), lookup));
    const copied = difference(this.#quantiles('copy'), commit);
    return {
      name,
      remoteMs: 0,
      roundTrips: true,
      copiesTogether: this.#together(),
      legs: {
        write: distributionOf(difference(copied, way)),
        ack: distributionOf(way),
        read: distributionOf(way),
        response: distributionOf(way),
        commit: distributionOf(commit),
        lookup: distributionOf(lookup),
        client: distributionOf(halfOf(this.#quantiles('client'))),
      },
    };
  }

  #addSteps(trace: RequestTrace, action: string, own: LegKind, other: LegKind): void {
    for (const step of trace.steps) {
      if (step.action !== action || !step.counted) continue;
      const kind = step.node === trace.coordinator ? own : other;
      this.#add(kind, step.answeredAtMs - step.sentAtMs);
    }
  }

  #addPair({ steps }: RequestTrace): void {
    const copies = steps.filter(({ action, counted }) => action === 'replicate' && counted);
    const [one, other] = copies.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs);
    if (one === undefined || other === undefined) return;
    this.#add('one', one);
    this.#add('other', other);
  }

  /** Two copies that have the same rank in this share of the writes, and any rank in the others,
   *  have it as their rank correlation. */
  #together(): number {
    const share = rankCorrelation(this.#samples.one, this.#samples.other);
    return Math.round(Math.max(0, share) * DECIMALS) / DECIMALS;
  }

  #add(kind: LegKind, ms: number): void {
    const samples = this.#samples[kind];
    samples.push(Math.max(0, ms));
    if (samples.length >= 2 * SAMPLES_MAX) samples.splice(0, samples.length - SAMPLES_MAX);
  }

  /** At each of the shares; zeros when there are none, as with a single replica. */
  #quantiles(kind: LegKind): number[] {
    const sorted = Float64Array.from(this.#samples[kind]).sort();
    const last = sorted.length - 1;
    return SHARES.map((share) => sorted[Math.round(share * last)] ?? 0);
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
