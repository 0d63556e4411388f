/** Nodes that are told one address, and what each of them thinks of the others. */
import type { MemberState } from '../../../src/core/membership/member-watch.ts';
import type { KnownMember } from '../../../src/node/contracts.ts';
import { Cluster } from '../rig.ts';
import type { NodeSpec, RigNode } from '../rig-node.ts';

export const FIVE = ['n1', 'n2', 'n3', 'n4', 'n5'] as const;

/** Nodes that know the first one's address; they run and belong to no cluster. */
export async function startSeeded(
  names: readonly string[] = FIVE,
  options: NodeSpec['options'] = {},
): Promise<Cluster> {
  const seeds = [`${names[0]}:7400`];
  return new Cluster({ nodes: names, options: { seeds, ...options } }).start();
}

/** The same, found, in one cluster and serving. */
export async function startFound(names: readonly string[] = FIVE): Promise<Cluster> {
  const cluster = await startSeeded(names);
  await cluster.init();
  await untilAllAlive(cluster);
  return cluster;
}

/** What `at` knows of the member of this name. */
export function known(at: RigNode, name: string): KnownMember | undefined {
  return at.node.members().find((member) => member.name === name);
}

export function stateAt(at: RigNode, name: string): MemberState | undefined {
  return known(at, name)?.state;
}

/** Of the member, as seen by every other one that runs. */
export function statesOf(cluster: Cluster, name: string): (MemberState | undefined)[] {
  return runningBut(cluster, name).map((node) => stateAt(node, name));
}

export function runningBut(cluster: Cluster, name: string): RigNode[] {
  return cluster.nodes.filter((node) => node.isRunning && node.name !== name);
}

export function isAllAlive(nodes: readonly RigNode[]): boolean {
  return nodes.every((at) => nodes.every(({ name }) => stateAt(at, name) === 'ALIVE'));
}

export async function untilAllAlive(cluster: Cluster, withinMs = 30_000): Promise<void> {
  const running = cluster.nodes.filter(({ isRunning }) => isRunning);
  await cluster.until(() => isAllAlive(running), 'all know all to be alive', withinMs);
}

/** How long it takes, in steps of 50 ms. */
export async function msUntil(
  cluster: Cluster,
  condition: () => boolean,
  withinMs = 60_000,
): Promise<number> {
  const beganMs = cluster.world.monotonicMs();
  while (!condition()) {
    const passedMs = cluster.world.monotonicMs() - beganMs;
    if (passedMs >= withinMs) throw new Error(`${withinMs} ms passed without: ${condition}`);
    await cluster.advance(50);
  }
  return cluster.world.monotonicMs() - beganMs;
}

/** The generation that `at` knows of the member. */
export function generationAt(at: RigNode, name: string): number {
  return known(at, name)?.generation ?? -1;
}
