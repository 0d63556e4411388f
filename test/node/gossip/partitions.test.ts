/** Networks that say nothing, in both directions or in one, and that come back. */
import { expect, test } from 'vitest';
import type { Cluster } from '../rig.ts';
import { isAllAlive, msUntil, startFound, stateAt } from './members-rig.ts';

const PARTITION_MS = 300_000;
const HEALED_WITHIN_MS = 10_000;

/** Nothing gets from any of the ones to any of the others. */
function darken(cluster: Cluster, from: readonly string[], to: readonly string[]): () => void {
  const ways = from.flatMap((one) => to.map((other) => [one, other] as const));
  const addressOf = (name: string) => cluster.node(name).address;
  for (const [one, other] of ways) cluster.network.darken(addressOf(one), addressOf(other));
  return () => {
    for (const [one, other] of ways) cluster.network.lighten(addressOf(one), addressOf(other));
  };
}

const [LEFT, RIGHT] = [
  ['n1', 'n2'],
  ['n3', 'n4', 'n5'],
];

test('a partition of five minutes heals by itself within 10 s after its end', async () => {
  await using cluster = await startFound();
  const lighten = [darken(cluster, LEFT, RIGHT), darken(cluster, RIGHT, LEFT)];
  await cluster.advance(PARTITION_MS);
  for (const left of LEFT) {
    for (const right of RIGHT) {
      expect(stateAt(cluster.node(left), right)).toBe('DOWN');
      expect(stateAt(cluster.node(right), left)).toBe('DOWN');
    }
  }
  for (const side of [LEFT, RIGHT]) {
    for (const one of side) {
      for (const other of side) expect(stateAt(cluster.node(one), other)).toBe('ALIVE');
    }
  }
  for (const way of lighten) way();
  const healedMs = await msUntil(cluster, () => isAllAlive(cluster.nodes));
  expect(healedMs).toBeLessThanOrEqual(HEALED_WITHIN_MS);
});

test('one that hears nobody, while all hear it, is whole again within 10 s after', async () => {
  await using cluster = await startFound();
  const others = ['n1', 'n2', 'n3', 'n4'];
  const lighten = darken(cluster, others, ['n5']);
  await cluster.advance(PARTITION_MS);
  lighten();
  const healedMs = await msUntil(cluster, () => isAllAlive(cluster.nodes));
  expect(healedMs).toBeLessThanOrEqual(HEALED_WITHIN_MS);
  // Who hears nobody is the odd one: the others kept each other all the time.
  for (const name of others) {
    const downs = cluster.node(name).memberEvents.filter((event) => /^down n[1-4]/.test(event));
    expect(downs).toEqual([]);
  }
});

test('one that nobody hears, while it hears all, is whole again within 10 s after', async () => {
  await using cluster = await startFound();
  const others = ['n1', 'n2', 'n3', 'n4'];
  const lighten = darken(cluster, ['n5'], others);
  await cluster.advance(PARTITION_MS);
  for (const name of others) expect(stateAt(cluster.node(name), 'n5')).toBe('DOWN');
  lighten();
  const healedMs = await msUntil(cluster, () => isAllAlive(cluster.nodes));
  expect(healedMs).toBeLessThanOrEqual(HEALED_WITHIN_MS);
});

test('a way that is dark between two only makes nobody DOWN: the others pass it on', async () => {
  await using cluster = await startFound();
  const lighten = [darken(cluster, ['n1'], ['n2']), darken(cluster, ['n2'], ['n1'])];
  await cluster.advance(60_000);
  for (const { memberEvents } of cluster.nodes) {
    expect(memberEvents.filter((event) => event.startsWith('down'))).toEqual([]);
  }
  for (const way of lighten) way();
  const healedMs = await msUntil(cluster, () => isAllAlive(cluster.nodes));
  expect(healedMs).toBeLessThanOrEqual(HEALED_WITHIN_MS);
});

test('two nodes that were apart for a quarter of an hour find each other again', async () => {
  await using cluster = await startFound(['n1', 'n2']);
  const lighten = [darken(cluster, ['n1'], ['n2']), darken(cluster, ['n2'], ['n1'])];
  await cluster.advance(1_000_000);
  for (const way of lighten) way();
  const healedMs = await msUntil(cluster, () => isAllAlive(cluster.nodes));
  expect(healedMs).toBeLessThanOrEqual(HEALED_WITHIN_MS);
});
