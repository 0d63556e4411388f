/** A simulated cluster for tests: a small scenario, the driver of this platform, and a client with
 *  a steady load of writes that remembers which were acknowledged. */
import { crc32 } from 'node:zlib';
import { createClient } from '../../../src/client/client.ts';
import type { Client } from '../../../src/client/types.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import type { LatencyProfile } from '../../../src/core/pbs/profile.ts';
import { macrotaskDriver } from '../../../src/platform/system/macrotask-driver.ts';
import { type ClusterObserver, SimCluster } from '../../../src/sim/cluster/sim-cluster.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';
import { NodeClock } from '../../../src/sim/kernel/node-clock.ts';
import type { Scenario } from '../../../src/sim/scenario.ts';
import { silentLog } from '../../client/scripted-node.ts';

export const checksum = (bytes: Uint8Array, previous?: number): number => crc32(bytes, previous);

export function scenarioOf(given: Partial<Scenario> = {}): Scenario {
  const nodes = given.nodes ?? 5;
  return {
    version: 1,
    seed: 1,
    workload: 'none',
    nodes,
    replicas: 3,
    partitions: 8,
    durationMs: 60_000,
    network: { delayMinMs: 0.2, delayMeanMs: 0.5, tailShare: 0, tailFactor: 1 },
    clocks: Array.from({ length: nodes }, () => ({ offsetMs: 0, driftPpm: 0 })),
    limits: {},
    faults: [],
    clients: [],
    ...given,
  };
}

/** Runs the body on a cluster of its own, which has been started, and stops it afterwards. */
export async function onCluster<Result>(
  given: Partial<Scenario>,
  body: (cluster: SimCluster) => Promise<Result>,
  observer: ClusterObserver = {},
  profile?: LatencyProfile,
): Promise<Result> {
  const scenario = scenarioOf(given);
  const kernel = new Kernel(scenario.seed);
  const world = profile === undefined ? { checksum } : { checksum, profile };
  const cluster = new SimCluster(kernel, scenario, world, observer);
  return await drive(kernel, async () => {
    await cluster.start();
    const result = await body(cluster);
    await cluster.stop();
    return result;
  });
}

/** Drives the kernel until the body is done. */
export async function drive<Result>(kernel: Kernel, body: () => Promise<Result>): Promise<Result> {
  let outcome: { readonly result: Result } | { readonly error: unknown } | undefined;
  body().then(
    (result) => {
      outcome = { result };
    },
    (error: unknown) => {
      outcome = { error };
    },
  );
  await macrotaskDriver(() => outcome === undefined && kernel.step());
  if (outcome === undefined) throw new Error('nothing happens any more, and the body waits');
  if ('error' in outcome) throw outcome.error;
  return outcome.result;
}

export function passes(cluster: SimCluster, durationMs: number): Promise<void> {
  return cluster.until(() => false, durationMs).then(() => undefined);
}

export function clientOf(cluster: SimCluster, index: number): Client {
  const { kernel, network, nodes } = cluster;
  const clock = new NodeClock(kernel, `client-${index}`);
  return createClient(
    {
      transport: network.transport(`client-${index}`, clock),
      clock,
      random: kernel.stream(`client-${index}`),
      log: silentLog,
    },
    { nodes: nodes.map(({ address }) => address) },
  );
}

/** A client that reaches this node alone, so that this node coordinates what it asks. */
export function clientAt(cluster: SimCluster, index: number): Client {
  const others = cluster.nodes.filter((node) => node.index !== index);
  const addresses = others.map(({ address }) => address);
  cluster.network.partition([`client-${index}`], addresses, false);
  return clientOf(cluster, index);
}

/** Clients that put one new key after the other at quorum. */
export class Load {
  /** By key, in the order of acknowledgement. */
  readonly acknowledged = new Map<string, string>();
  #writes = 0;
  #isOver = false;
  readonly #workers: Promise<void>[];
  readonly #cluster: SimCluster;

  constructor(cluster: SimCluster, clients = 4) {
    this.#cluster = cluster;
    this.#workers = Array.from({ length: clients }, (_, index) => this.#work(index));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
  }

  /** Acknowledged keys of which a quorum read does not show the value. */
  async lost(): Promise<string[]> {
    const client = clientOf(this.#cluster, 99);
    const lost: string[] = [];
    for (const [key, value] of this.acknowledged) {
      const { siblings } = await client.get(key, { timeoutMs: 20_000 });
      const values = siblings.map(({ value: bytes }) => new TextDecoder().decode(bytes));
      if (!values.includes(value)) lost.push(key);
    }
    await client.close();
    return lost;
  }

  async #work(index: number): Promise<void> {
    const client = clientOf(this.#cluster, index);
    const pauses = this.#cluster.kernel.stream(`load ${index}`);
    while (!this.#isOver) {
      this.#writes += 1;
      const [key, value] = [`k${this.#writes}`, `w${this.#writes}`];
      try {
        await client.put(key, value);
        this.acknowledged.set(key, value);
      } catch (error) {
        if (!(error instanceof CoterieError)) throw error;
      }
      await passes(this.#cluster, pauses.between(20, 200));
    }
    await client.close();
  }
}
