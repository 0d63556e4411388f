import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fallbackOrder } from '../../../src/core/ring/fallbacks.ts';
import { encodeLayout, firstLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';

const members = fc.array(
  fc.record({ zone: fc.constantFrom('a', 'b', 'c', 'd'), weight: fc.nat(2) }),
  { minLength: 3, maxLength: 10 },
);

test('everyone who owns no replica is named once, those of other zones first', () => {
  fc.assert(
    fc.property(members, fc.nat(15), (drawn, partition) => {
      const nodes = drawn.map((each, index) => {
        const name = `n${index}`;
        const weight = index < 3 ? 1 : each.weight;
        return { name, address: `${name}:1`, datacentre: 'dc', zone: each.zone, weight };
      });
      const clusterId = new Uint8Array(16).fill(7);
      const layout = firstLayout({ clusterId, partitions: 16, replicas: 3, members: nodes });
      const ring = new Ring(layout, layoutHash(encodeLayout(layout)));
      const replicas = ring.replicasOf(partition);
      const order = fallbackOrder(ring, partition);
      const all = layout.roles.map(({ nodeIndex }) => nodeIndex);
      expect([...order, ...replicas].sort((a, b) => a - b)).toEqual(all);
      const zones = replicas.map((node) => ring.role(node)?.zone);
      const isIn = order.map((node) => Number(zones.includes(ring.role(node)?.zone)));
      expect(isIn).toEqual(isIn.toSorted());
    }),
    { numRuns: 60 },
  );
});
