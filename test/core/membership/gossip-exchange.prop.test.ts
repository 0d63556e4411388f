import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GossipCluster } from './gossip-cluster.ts';

it('whatever part of all messages is lost, tables become equal once enough get through', () => {
  const cases = fc.record({
    size: fc.integer({ min: 2, max: 7 }),
    seed: fc.nat(),
    loss: fc.double({ min: 0, max: 0.6, noNaN: true }),
    changes: fc.array(fc.nat({ max: 6 }), { maxLength: 6 }),
  });
  fc.assert(
    fc.property(cases, ({ size, seed, loss, changes }) => {
      const cluster = new GossipCluster({ size, seed, loss });
      for (const [count, change] of changes.entries()) {
        cluster.run(700);
        const { table, news } = cluster.nodes[change % size]!;
        if (count % 3 === 2) cluster.restart(change % size);
        else table.updateOwn({ weight: 1_000 + count });
        news.add(table.ownId);
      }
      cluster.run(120_000, () => cluster.isWell() && cluster.areEqual());
      expect(cluster.isWell() && cluster.areEqual()).toBe(true);
    }),
    { numRuns: 40 },
  );
});

it('no table ever goes back, and no node changes the record of another', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 2, max: 5 }), (seed, size) => {
      const cluster = new GossipCluster({ size, seed, loss: 0.2 });
      const highest = new Map<string, number>();
      for (let step = 0; step < 20; step += 1) {
        const writer = cluster.random.pick(cluster.nodes);
        writer.table.updateOwn({ weight: step });
        cluster.run(300);
        for (const { index, table } of cluster.nodes) {
          for (const { id, record } of table.entries()) {
            const key = `${index} ${id}`;
            const version = record?.version ?? 0;
            expect(version).toBeGreaterThanOrEqual(highest.get(key) ?? 0);
            highest.set(key, version);
            const writerOfIt = cluster.nodes.find((node) => node.table.ownId === id);
            expect(version).toBeLessThanOrEqual(writerOfIt!.table.own.version);
          }
        }
      }
    }),
    { numRuns: 20 },
  );
});
