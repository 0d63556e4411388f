import { expect, test } from 'vitest';
import {
  LEAF_LEVEL,
  levelOf,
  nodeCountOf,
  nodesOf,
  packNodes,
  TREE_FANOUT,
  unpackNodes,
} from '../../../src/core/merkle/tree.ts';
import { LEAVES_PER_PARTITION } from '../../../src/core/ring/token.ts';
import { leavesOf } from './model.ts';

test('a node is as the protocol writes it', () => {
  const nodes = Uint32Array.of(0x01020304, 0xfffefdfc, 7);
  const bytes = packNodes(nodes);
  expect(Buffer.from(bytes).toString('hex')).toBe('01020304fffefdfc00000007');
  expect(unpackNodes(bytes, 1)).toEqual(nodes);
});

test('what is no part of a tree is refused', () => {
  const refused = expect.objectContaining({ code: 'MALFORMED_MESSAGE' });
  const leaves = leavesOf(new Map());
  expect(() => nodesOf(leaves, 1, [3, 3])).toThrow(refused);
  expect(() => nodesOf(leaves, 1, [4, 3])).toThrow(refused);
  expect(() => nodesOf(leaves, 1, [TREE_FANOUT])).toThrow(refused);
  expect(() => nodesOf(leaves, 0, [0.5])).toThrow(refused);
  expect(() => levelOf(3)).toThrow(refused);
  expect(() => unpackNodes(new Uint8Array(13), 1)).toThrow(refused);
  expect(nodeCountOf(LEAF_LEVEL)).toBe(LEAVES_PER_PARTITION);
});
