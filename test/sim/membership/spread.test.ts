import { describe, expect, it } from 'vitest';
import { GossipCluster, type Packet } from '../../core/membership/gossip-cluster.ts';

/** A thousand nodes, and one change at a time: minutes, so only when asked for. */
const IS_LARGE = process.env['COTERIE_LARGE'] === '1';
const DAY_MS = 24 * 3_600_000;

interface SpreadOptions {
  readonly size: number;
  readonly runs: number;
  /** Changes by different nodes that start together. */
  readonly atOnce: number;
  readonly loss: number;
  readonly flushes: boolean;
}

/** Rounds from a change until everybody knows it, a sorted figure per run. Without flushes all
 *  rounds begin together, which is the slowest that there is. */
function spread({ size, runs, atOnce, loss, flushes }: SpreadOptions): number[] {
  const cluster = new GossipCluster({
    size,
    seed: 7,
    loss,
    flushes,
    isAligned: !flushes,
    knows: true,
  });
  cluster.run(2_000);
  const figures: number[] = [];
  while (figures.length < runs) {
    const beganMs = cluster.nowMs;
    const writers = cluster.random.shuffled(cluster.nodes).slice(0, atOnce);
    const changes = writers.map(({ table, news }) => {
      table.updateOwn({ weight: 1_000 + figures.length });
      news.add(table.ownId);
      return { id: table.ownId, hash: table.hashOf(table.ownId), unaware: new Set(cluster.nodes) };
    });
    const open = new Set(changes);
    cluster.run(60_000, () => {
      for (const change of open) {
        for (const node of change.unaware) {
          if (node.table.hashOf(change.id) !== change.hash) break;
          change.unaware.delete(node);
        }
        if (change.unaware.size > 0) continue;
        open.delete(change);
        figures.push((cluster.nowMs - beganMs) / 1_000);
      }
      return open.size === 0;
    });
    for (const _ of open) figures.push(Number.POSITIVE_INFINITY);
  }
  return figures.sort((a, b) => a - b);
}

describe('a change', () => {
  it.each([
    { lost: 'none', loss: 0, within: 8 },
    { lost: 'a fifth', loss: 0.2, within: 12 },
  ])(
    'reaches 100 nodes within $within rounds in 198 of 200 runs when $lost of all messages ' +
      'is lost, even if news only travel with the rounds',
    ({ loss, within }) => {
      const figures = spread({ size: 100, runs: 200, atOnce: 5, loss, flushes: false });

      expect(figures).toHaveLength(200);
      expect(figures[197]).toBeLessThanOrEqual(within);
    },
    120_000,
  );

  it('reaches 100 nodes within 3 rounds when news are told between rounds', () => {
    const figures = spread({ size: 100, runs: 50, atOnce: 5, loss: 0.2, flushes: true });

    expect(figures.at(-1)).toBeLessThanOrEqual(3);
  }, 120_000);

  const title = 'reaches 1,000 nodes within $within rounds in 5 runs when $lost of all is lost';
  it.runIf(IS_LARGE).each([
    { lost: 'none', loss: 0, within: 12 },
    { lost: 'a fifth', loss: 0.2, within: 18 },
  ])(
    `${title} (COTERIE_LARGE=1)`,
    ({ loss, within }) => {
      const figures = spread({ size: 1_000, runs: 5, atOnce: 1, loss, flushes: false });
      console.log(`1,000 nodes, ${loss} lost: rounds ${figures.join(', ')}`);

      expect(figures.at(-1)).toBeLessThanOrEqual(within);
    },
    180_000,
  );
});

it('costs at most 8 KiB per node and round, both directions, once 100 nodes agree', () => {
  const size = 100;
  // The heartbeats of three weeks: the longest varints that a cluster without restarts gets to.
  const cluster = new GossipCluster({
    size,
    seed: 3,
    encodes: true,
    knows: true,
    heartbeat: 2_000_000,
  });
  cluster.run(12_000);
  expect(cluster.areEqual()).toBe(true);
  const before = cluster.bytes;

  cluster.run(10_000);

  const sent = (cluster.bytes - before) / size / 10;
  expect(2 * sent).toBeLessThanOrEqual(8 * 1_024);
  expect(cluster.bytesMax).toBeLessThanOrEqual(64 * 1_024);
}, 60_000);

describe('all views become equal again', () => {
  it('when 40 nodes that know two seeds and nothing else start at once', () => {
    const cluster = new GossipCluster({ size: 40, seed: 11, encodes: true });

    cluster.run(20_000, () => cluster.isWell() && cluster.areEqual());

    expect(cluster.isWell()).toBe(true);
    expect(cluster.areEqual()).toBe(true);
  }, 60_000);

  it('after a restart of all nodes, of which everybody thinks that they are DOWN', () => {
    const cluster = new GossipCluster({
      size: 30,
      seed: 12,
      knows: true,
      loss: 0.1,
      detects: true,
    });
    cluster.run(3_000);
    for (const { index } of cluster.nodes.slice(0, 29)) cluster.stop(index);
    cluster.run(60_000);
    const { table } = cluster.nodes[29]!;
    expect(cluster.nodes.filter((node) => table.accusedOf(node.table.ownId))).toHaveLength(29);

    for (const { index } of cluster.nodes) cluster.restart(index);
    cluster.run(60_000, () => cluster.isWell() && cluster.areEqual());

    expect(cluster.isWell()).toBe(true);
    expect(cluster.areEqual()).toBe(true);
  }, 60_000);

  it.each([
    ['both ways', (from: number, to: number) => from < 12 === to < 12],
    ['one way', (from: number, to: number) => from < 12 || to >= 12],
    ['to one node only', (from: number, to: number) => from === to || to !== 5],
  ])(
    'after a partition %s',
    (_, reaches) => {
      const cluster = new GossipCluster({
        size: 30,
        seed: 13,
        knows: true,
        loss: 0.05,
        detects: true,
      });
      cluster.run(3_000);
      cluster.reaches = reaches;
      cluster.run(60_000);
      const accused = cluster.nodes.map(({ table }) => {
        return cluster.nodes.filter((other) => table.accusedOf(other.table.ownId)).length;
      });
      expect(Math.max(...accused)).toBeGreaterThan(0);

      cluster.reaches = () => true;
      cluster.run(90_000, () => cluster.isWell() && cluster.areEqual());

      expect(cluster.isWell()).toBe(true);
      expect(cluster.areEqual()).toBe(true);
    },
    60_000,
  );

  it('when old packets come again, from lives that are over', () => {
    const cluster = new GossipCluster({ size: 20, seed: 14, knows: true, detects: true });
    const packets: Packet[] = [];
    cluster.onSend = (packet) => packets.push(packet);
    cluster.run(5_000);
    cluster.stop(4);
    cluster.run(40_000);
    cluster.restart(4);
    cluster.run(20_000);
    cluster.onSend = () => {};

    for (let count = 0; count < 2_000; count += 1) {
      cluster.deliver(cluster.random.pick(packets));
      if (count % 100 === 0) cluster.run(500);
    }
    cluster.run(60_000, () => cluster.isWell() && cluster.areEqual());

    expect(cluster.isWell()).toBe(true);
    expect(cluster.areEqual()).toBe(true);
    expect(cluster.nodes.flatMap(({ findings }) => findings)).toEqual([]);
  }, 60_000);

  it('when a node comes back that was alone for a virtual day', () => {
    const cluster = new GossipCluster({ size: 3, seed: 15, knows: true, detects: true });
    cluster.run(3_000);
    cluster.reaches = (from, to) => (from === 2) === (to === 2);
    cluster.run(DAY_MS);
    expect(cluster.nodes[0]!.table.accusedOf(cluster.nodes[2]!.table.ownId)).toBe('DOWN');
    expect(cluster.nodes[2]!.table.accusedOf(cluster.nodes[0]!.table.ownId)).toBe('DOWN');

    cluster.reaches = () => true;
    cluster.run(60_000, () => cluster.isWell() && cluster.areEqual());

    expect(cluster.isWell()).toBe(true);
    expect(cluster.areEqual()).toBe(true);
  }, 60_000);
});
