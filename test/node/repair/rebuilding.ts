/** Nodes that lost something, and how far they are with getting it back. */
import { expect } from 'vitest';
import type { RebuildStatus } from '../../../src/node/contracts.ts';
import { type Cluster, startThree } from '../rig.ts';

export const KEYS = Array.from({ length: 12 }, (_, index) => `key-${index}`);

export async function writeAll(cluster: Cluster, at: string, value: string): Promise<void> {
  for (const key of KEYS) {
    await cluster.put(at, { key, value: `${key} ${value}`, overwrite: true, level: 'all' });
  }
}

/** What the node's own copies hold, each by itself. */
export async function heldBy(cluster: Cluster, name: string): Promise<string[]> {
  const held: string[] = [];
  for (const key of KEYS) held.push(...(await cluster.held(name, key)));
  return held;
}

export function all(value: string): string[] {
  return KEYS.map((key) => `${key} ${value}`);
}

export async function wipe(cluster: Cluster, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await cluster.node(name).stop();
    cluster.node(name).wipe();
  }
}

export function rebuildOf(cluster: Cluster, name: string): RebuildStatus | undefined {
  return cluster.node(name).node.repairs?.rebuild();
}

export async function untilRebuilt(cluster: Cluster, name: string): Promise<void> {
  const { notes } = cluster.node(name);
  await cluster.until(
    () => notes.log.some(({ event }) => event === 'rebuilt') && isServing(cluster, name),
    `${name} rebuilt`,
  );
}

export function isServing(cluster: Cluster, name: string): boolean {
  return cluster.node(name).state === 'SERVING';
}

export function unreadableAt(cluster: Cluster, name: string): number | undefined {
  return cluster.node(name).notes.numbers.get('coterie_unreadable_keys{}');
}

/** n3 has been wiped, and has rebuilt some of its partitions and noted it. */
export async function startHalfRebuilt(): Promise<Cluster> {
  const cluster = await startThree({ receiveBytesPerSecondMax: 1_024 });
  await writeAll(cluster, 'n1', 'x'.repeat(400));
  await wipe(cluster, 'n3');
  await cluster.node('n3').start();
  await cluster.until(() => (rebuildOf(cluster, 'n3')?.done ?? 0) >= 2, 'two partitions rebuilt');
  await cluster.advance(1_100);
  expect(cluster.node('n3').state).toBe('RECOVERING');
  return cluster;
}
