/** How fresh are reads in the simulation? One write to a new key, and one read that begins a given
 *  time after its acknowledgement, many times over; every pair of writer and reader is as frequent
 *  as any other, in a drawn order.
 *  Keys are written one after the other, further apart than anything takes: trials are independent
 *  of each other, as those of a prediction are. */
import { readNodeLegs } from '../../../src/client/node-legs.ts';
import type { Client } from '../../../src/client/types.ts';
import { LegCounts } from '../../../src/core/pbs/leg-counts.ts';
import type { LatencyProfile } from '../../../src/core/pbs/profile.ts';
import type { SimCluster } from '../../../src/sim/cluster/sim-cluster.ts';
import type { RandomStream } from '../../../src/sim/kernel/random-stream.ts';
import { clientAt, onCluster } from '../cluster/cluster-rig.ts';

export interface FreshnessCell {
  readonly r: number;
  readonly w: number;
  /** From the acknowledgement of the write to the begin of the read. */
  readonly t: number;
}

export interface Freshness extends FreshnessCell {
  readonly reads: number;
  readonly fresh: number;
}

export interface MeasureOptions {
  readonly profile: LatencyProfile;
  readonly nodes: number;
  readonly cells: readonly FreshnessCell[];
  /** Of each cell. */
  readonly trials: number;
  readonly seed: number;
  /** What the nodes have counted in the end; clients' ways are not among it. */
  readonly onLegs?: (legs: LegCounts) => void;
}

/** A node, and a client beside it. */
interface Place {
  readonly node: string;
  readonly client: Client;
}

export const REPLICAS = 3;
/** Clients and coordinators are beside each other, and what is not a request costs nothing. */
const NO_DELAY = { delayMinMs: 0, delayMeanMs: 0, tailShare: 0, tailFactor: 1 };
/** Tails are long. */
const TIMEOUT_MS = 30_000;
/** Between trials. */
const PAUSE_MS = 150;

export function measureFreshness(options: MeasureOptions): Promise<Freshness[]> {
  const { nodes, seed, profile } = options;
  const given = { nodes, replicas: REPLICAS, seed, network: NO_DELAY };
  return onCluster(given, (cluster) => new Measurement(cluster, options).run(), {}, profile);
}

class Measurement {
  readonly #cluster: SimCluster;
  readonly #options: MeasureOptions;
  readonly #places: readonly Place[];
  readonly #draws: RandomStream;
  #pairs: (readonly [writer: number, reader: number])[] = [];

  constructor(cluster: SimCluster, options: MeasureOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#places = cluster.nodes.map(({ name }, index) => {
      return { node: name, client: clientAt(cluster, index) };
    });
    this.#draws = cluster.kernel.stream('trials');
  }

  async run(): Promise<Freshness[]> {
    const { cells, trials } = this.#options;
    await Promise.all(this.#places.map(({ client }) => client.get('connects')));
    const results: { -readonly [Field in keyof Freshness]: Freshness[Field] }[] = cells.map(
      (cell) => ({ ...cell, reads: 0, fresh: 0 }),
    );
    for (const [at, result] of results.entries()) {
      this.#pairs = [];
      for (let trial = 0; trial < trials; trial += 1) {
        if (await this.#isFresh(`k${at}-${trial}`, result)) result.fresh += 1;
        result.reads += 1;
        await this.#passes(PAUSE_MS);
      }
    }
    await Promise.all(this.#places.map(({ client }) => client.close()));
    this.#options.onLegs?.(await this.#legs());
    return results;
  }

  async #legs(): Promise<LegCounts> {
    const sum = new LegCounts();
    const admins = this.#cluster.nodes.flatMap(({ node }) =>
      node === undefined ? [] : node.admin,
    );
    for (const { counts } of await readNodeLegs(admins)) sum.merge(counts);
    return sum;
  }

  async #isFresh(key: string, { r, w, t }: FreshnessCell): Promise<boolean> {
    const [writerNumber, readerNumber] = this.#nextPair();
    const replicas = this.#places.filter((_, index) => this.#cluster.owns(index, key));
    const writer = placeOf(replicas, writerNumber);
    const reader = placeOf([...replicas, ...without(this.#places, replicas)], readerNumber);
    const written = await writer.client.put(key, key, { w, explain: true, timeoutMs: TIMEOUT_MS });
    if (t > 0) await this.#passes(t);
    const read = await reader.client.get(key, { r, explain: true, timeoutMs: TIMEOUT_MS });
    if (written.trace?.minter !== writer.node || read.trace?.coordinator !== reader.node) {
      throw new Error(`${key} was not written and read where it should have been`);
    }
    return read.found;
  }

  #nextPair(): readonly [number, number] {
    const pair = this.#pairs.pop();
    if (pair !== undefined) return pair;
    const numbers = this.#places.map((_, index) => index);
    const pairs = numbers
      .slice(0, REPLICAS)
      .flatMap((writer) => numbers.map((reader) => [writer, reader] as const));
    this.#pairs = this.#draws.shuffled(pairs);
    return this.#nextPair();
  }

  #passes(ms: number): Promise<void> {
    return this.#cluster.kernel.after(ms * 1_000, 'trials');
  }
}

function placeOf(places: readonly Place[], index: number): Place {
  const place = places[index];
  if (place === undefined) throw new Error(`There is no place ${index}`);
  return place;
}

function without(all: readonly Place[], some: readonly Place[]): Place[] {
  return all.filter((place) => !some.includes(place));
}
