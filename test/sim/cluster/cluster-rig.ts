/** A simulated cluster for tests: a small scenario, the driver of this platform, and puts and gets
 *  straight at a node. */
import { crc32 } from 'node:zlib';
import { CoterieError } from '../../../src/core/errors.ts';
import { macrotaskDriver } from '../../../src/platform/system/macrotask-driver.ts';
import { type ClusterObserver, SimCluster } from '../../../src/sim/cluster/sim-cluster.ts';
import type { SimNode } from '../../../src/sim/cluster/sim-node.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';
import type { FaultStep, Scenario } from '../../../src/sim/scenario.ts';
import { getRequest, putRequest } from '../../node/requests.ts';

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

/** Runs the body on a cluster of its own, which has been started. */
export async function onCluster<Result>(
  given: Partial<Scenario>,
  body: (cluster: SimCluster) => Promise<Result>,
  observer: ClusterObserver = {},
): Promise<Result> {
  const scenario = scenarioOf(given);
  const kernel = new Kernel(scenario.seed);
  const cluster = new SimCluster(kernel, scenario, { checksum }, observer);
  return await drive(kernel, async () => {
    await cluster.start();
    return body(cluster);
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
  return cluster.kernel.sleep(durationMs * 1_000, 'test');
}

/** One event after another: what the body does is in no event of a node. */
export async function apart(cluster: SimCluster, act: () => void): Promise<void> {
  await cluster.kernel.sleep(0, 'test');
  act();
}

/** The steps carried out at their times from now on need `Nemesis`; this is one step, now. */
export type Step = FaultStep;

/** Whether it was acknowledged at quorum. A crash of the node asked leaves it unanswered. */
export async function put(
  cluster: SimCluster,
  at: SimNode,
  key: string,
  value: string,
): Promise<boolean> {
  const { node } = at;
  if (node === undefined) return false;
  const answered = node.kv.put(putRequest({ key, value, level: 'quorum' })).then(
    () => true,
    (error: unknown) => {
      if (error instanceof CoterieError) return false;
      throw error;
    },
  );
  return await Promise.race([answered, passes(cluster, 5_000).then(() => false)]);
}

/** Values that a quorum read at the node shows; undefined when it fails. */
export async function get(
  cluster: SimCluster,
  at: SimNode,
  key: string,
): Promise<string[] | undefined> {
  const { node } = at;
  if (node === undefined) return undefined;
  const answered = node.kv.get(getRequest({ key, level: 'quorum' })).then(
    ({ siblings }) => siblings.map(({ value }) => new TextDecoder().decode(value)),
    (error: unknown) => {
      if (error instanceof CoterieError) return undefined;
      throw error;
    },
  );
  return await Promise.race([answered, passes(cluster, 5_000).then(() => undefined)]);
}
