/** What is in a partition, summed up: a tree over its leaves, whose nodes are compared from the
 *  root down until only the leaves that differ are left.
 *
 *      level 0            root                    1 node
 *      level 1     32 nodes of 32 leaves         32 nodes
 *      level 2     leaves, 10 bits of token   1,024 nodes
 *
 *  A node is the XOR of the item hashes of all records under it (two u32) and their number (u32):
 *  leaves are summed into nodes as records are into leaves, and no node is stored but the leaves.
 *  Invariants: equal sets of records give equal nodes; two that differ in one record always differ,
 *  in others by accident of 64 bits and a number alone; the packed form has 12 bytes a node.
 *  Not here: keeping the leaves (node/storage), what is asked when (exchange.ts).
 *  Source: DeCandia et al. 2007 section 4.7; XOR nodes as in Riak's Tictac trees. */
import { CoterieError } from '../errors.ts';
import { LEAVES_PER_PARTITION } from '../ring/token.ts';

export const TREE_FANOUT = 32;
/** Numbers of a node in an array of nodes: high, low, count. */
export const NODE_FIELDS = 3;
export const NODE_BYTES = 12;
export const LEAF_LEVEL = 2;
export type TreeLevel = 0 | 1 | 2;

/** How many nodes the level has. */
export function nodeCountOf(level: TreeLevel): number {
  return TREE_FANOUT ** level;
}

/** The nodes of a level in the order of `ids`, all of it when there are none. `leaves`: of the
 *  whole partition. Cost: all leaves are read for the upper levels. Errors: MALFORMED_MESSAGE for
 *  ids that are not increasing or not of the level. */
export function nodesOf(
  leaves: Uint32Array,
  level: TreeLevel,
  ids: readonly number[] = [],
): Uint32Array {
  checkIds(level, ids);
  const wanted = ids.length === 0 ? allIds(level) : ids;
  const nodes = new Uint32Array(wanted.length * NODE_FIELDS);
  const width = LEAVES_PER_PARTITION / nodeCountOf(level);
  let at = 0;
  for (const id of wanted) {
    for (let leaf = id * width; leaf < (id + 1) * width; leaf += 1) {
      const from = leaf * NODE_FIELDS;
      nodes[at] = (nodes[at] ?? 0) ^ (leaves[from] ?? 0);
      nodes[at + 1] = (nodes[at + 1] ?? 0) ^ (leaves[from + 1] ?? 0);
      nodes[at + 2] = (nodes[at + 2] ?? 0) + (leaves[from + 2] ?? 0);
    }
    at += NODE_FIELDS;
  }
  return nodes;
}

/** Of two answers to the same ids: those under which the trees differ. */
export function differingIds(
  ids: readonly number[],
  own: Uint32Array,
  theirs: Uint32Array,
): number[] {
  return ids.filter((_, index) => !isSameNode(own, theirs, index));
}

/** Whether the node at this position is the same in both. */
export function isSameNode(a: Uint32Array, b: Uint32Array, index: number): boolean {
  const at = index * NODE_FIELDS;
  return a[at] === b[at] && a[at + 1] === b[at + 1] && a[at + 2] === b[at + 2];
}

/** Ids of the next level under these, increasing when they are. */
export function childrenOf(ids: readonly number[]): number[] {
  return ids.flatMap((id) =>
    Array.from({ length: TREE_FANOUT }, (_, child) => id * TREE_FANOUT + child),
  );
}

export function allIds(level: TreeLevel): number[] {
  return Array.from({ length: nodeCountOf(level) }, (_, id) => id);
}

/** Big endian. */
export function packNodes(nodes: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(nodes.length * 4);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < nodes.length; index += 1) {
    view.setUint32(4 * index, nodes[index] ?? 0);
  }
  return bytes;
}

/** Errors: MALFORMED_MESSAGE when they are not `count` nodes. */
export function unpackNodes(bytes: Uint8Array, count: number): Uint32Array {
  if (bytes.length !== count * NODE_BYTES) {
    throw malformed(`${bytes.length} bytes are not ${count} nodes of a tree`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: count * NODE_FIELDS }, (_, index) => view.getUint32(4 * index));
}

/** Errors: MALFORMED_MESSAGE when the tree has no such level. */
export function levelOf(level: number): TreeLevel {
  if (level === 0 || level === 1 || level === LEAF_LEVEL) return level;
  throw malformed(`A tree has no level ${level}`);
}

function checkIds(level: TreeLevel, ids: readonly number[]): void {
  let previous = -1;
  for (const id of ids) {
    if (!Number.isInteger(id) || id <= previous || id >= nodeCountOf(level)) {
      throw malformed(`Level ${level} of a tree has no node ${id} behind ${previous}`);
    }
    previous = id;
  }
}

function malformed(message: string): CoterieError {
  return new CoterieError('MALFORMED_MESSAGE', message);
}
