import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allIds,
  childrenOf,
  differingIds,
  LEAF_LEVEL,
  NODE_FIELDS,
  nodesOf,
  packNodes,
  TREE_FANOUT,
  type TreeLevel,
  unpackNodes,
} from '../../../src/core/merkle/tree.ts';
import { KEYS, leafOfKey, leavesOf, type Replica } from './model.ts';

const replica = fc
  .array(fc.tuple(fc.nat(KEYS - 1), fc.integer({ min: 1, max: 3 })), { maxLength: 60 })
  .map((pairs): Replica => new Map(pairs));

const LEVELS: readonly TreeLevel[] = [0, 1, LEAF_LEVEL];

test('going down from the root finds exactly the leaves that differ', () => {
  fc.assert(
    fc.property(replica, replica, (own, theirs) => {
      const [a, b] = [leavesOf(own), leavesOf(theirs)];
      let ids: readonly number[] = allIds(0);
      for (const level of LEVELS) {
        if (level > 0) ids = childrenOf(ids);
        if (ids.length === 0) break;
        ids = differingIds(ids, nodesOf(a, level, ids), nodesOf(b, level, ids));
      }
      const keys = [...new Set([...own.keys(), ...theirs.keys()])];
      const differing = keys.filter((key) => own.get(key) !== theirs.get(key)).map(leafOfKey);
      expect(ids).toEqual([...new Set(differing)].sort((x, y) => x - y));
    }),
  );
});

test('a node is the sum of its children at every level', () => {
  fc.assert(
    fc.property(replica, (side) => {
      const leaves = leavesOf(side);
      for (const level of [0, 1] as const) {
        const parents = nodesOf(leaves, level);
        const children = nodesOf(leaves, level === 0 ? 1 : LEAF_LEVEL);
        for (const id of allIds(level)) {
          const sum = [0, 0, 0];
          for (const child of childrenOf([id])) {
            const at = child * NODE_FIELDS;
            sum[0] = ((sum[0] ?? 0) ^ (children[at] ?? 0)) >>> 0;
            sum[1] = ((sum[1] ?? 0) ^ (children[at + 1] ?? 0)) >>> 0;
            sum[2] = (sum[2] ?? 0) + (children[at + 2] ?? 0);
          }
          expect([...parents.subarray(id * NODE_FIELDS, (id + 1) * NODE_FIELDS)]).toEqual(sum);
        }
      }
    }),
    { numRuns: 20 },
  );
});

test('asking for some nodes is asking for all and picking', () => {
  const ids = fc.uniqueArray(fc.nat(31), { minLength: 1 }).map((all) => all.sort((a, b) => a - b));
  fc.assert(
    fc.property(replica, ids, (side, wanted) => {
      const leaves = leavesOf(side);
      const all = nodesOf(leaves, 1);
      const picked = wanted.flatMap((id) => [
        ...all.subarray(id * NODE_FIELDS, (id + 1) * NODE_FIELDS),
      ]);
      expect([...nodesOf(leaves, 1, wanted)]).toEqual(picked);
    }),
  );
});

test('nodes come out of a message as they went in', () => {
  fc.assert(
    fc.property(replica, (side) => {
      const nodes = nodesOf(leavesOf(side), 1);
      expect(unpackNodes(packNodes(nodes), TREE_FANOUT)).toEqual(nodes);
    }),
  );
});
