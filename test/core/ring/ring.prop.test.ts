import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeLayout, firstLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';
import { partitionRange } from '../../../src/core/ring/token.ts';
import { countsOf, members } from './roles-arbitrary.ts';

const rings: fc.Arbitrary<Ring> = fc
  .record({
    clusterId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    partitions: fc.nat(8).map((bits) => 2 ** bits),
    replicas: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 3, max: 12 }),
  })
  .map(({ count, ...sizes }) => {
    const layout = firstLayout({ ...sizes, members: members(count) });
    return new Ring(layout, layoutHash(encodeLayout(layout)));
  });

test('a key lies in the partition whose range holds its token, on N distinct members', () => {
  fc.assert(
    fc.property(rings, fc.uint8Array({ maxLength: 40 }), (ring, key) => {
      const { token, partition } = ring.partitionOfKey('default', key);
      const { fromToken, toToken } = partitionRange(partition, ring.layout.partitions);
      expect(fromToken <= token && token < toToken).toBe(true);
      const replicas = ring.replicasOf(partition);
      expect(new Set(replicas).size).toBe(ring.layout.replicas);
      expect(replicas.every((nodeIndex) => ring.role(nodeIndex) !== undefined)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('preference lists and ownership are the table, read two ways', () => {
  fc.assert(
    fc.property(rings, (ring) => {
      const { partitions, table } = ring.layout;
      const lists = Array.from({ length: partitions }, (_, at) => ring.replicasOf(at));
      expect(lists.flat()).toEqual([...table]);
      const owned = [...ring.ownership()].filter(([, count]) => count > 0);
      expect(new Map(owned)).toEqual(new Map(countsOf(table)));
    }),
    { numRuns: 100 },
  );
});

test('keys spread over the partitions: none has more than twice its share', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (clusterId) => {
      const layout = firstLayout({ clusterId, partitions: 16, replicas: 3, members: members(3) });
      const ring = new Ring(layout, layoutHash(encodeLayout(layout)));
      const counts = countsOf(
        Array.from(
          { length: 3_200 },
          (_, at) => ring.partitionOfKey('b', Uint8Array.of(at >> 8, at & 0xff)).partition,
        ),
      );
      expect(Math.max(...counts.values())).toBeLessThan(400);
    }),
    { numRuns: 20 },
  );
});
