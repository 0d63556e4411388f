/** Two replicas of a partition as sets of numbered versions, and an exchange between them that is
 *  driven step by step, so that a test can write in between. A later version is a newer record. */
import { bytesEqual } from '../../../src/core/bytes.ts';
import type { Entry, EntryPage } from '../../../src/core/merkle/entries.ts';
import type { Ask, Exchange } from '../../../src/core/merkle/exchange.ts';
import type { LeafRanges } from '../../../src/core/merkle/leaf-ranges.ts';
import { NODE_FIELDS, nodesOf } from '../../../src/core/merkle/tree.ts';
import { LEAVES_PER_PARTITION } from '../../../src/core/ring/token.ts';

/** Keys are numbers below this; eight of them share a leaf. */
export const KEYS = 8 * LEAVES_PER_PARTITION;

export type Replica = Map<number, number>;

export function leafOfKey(key: number): number {
  return key >>> 3;
}

export function rowOf(key: number): Uint8Array {
  return Uint8Array.of(0x44, key >>> 8, key & 0xff);
}

export function keyOfRow(row: Uint8Array): number {
  return (row[1] ?? 0) * 256 + (row[2] ?? 0);
}

export function entryOf(key: number, version: number): Entry {
  const high = Math.imul(key + 1, 0x9e3779b1) >>> 0;
  const low = Math.imul(version * KEYS + key + 1, 0x85ebca6b) >>> 0;
  return { key: rowOf(key), high, low, stamp: version };
}

export function leavesOf(replica: Replica): Uint32Array {
  const leaves = new Uint32Array(LEAVES_PER_PARTITION * NODE_FIELDS);
  for (const [key, version] of replica) {
    const at = leafOfKey(key) * NODE_FIELDS;
    const { high, low } = entryOf(key, version);
    leaves[at] = (leaves[at] ?? 0) ^ high;
    leaves[at + 1] = (leaves[at + 1] ?? 0) ^ low;
    leaves[at + 2] = (leaves[at + 2] ?? 0) + 1;
  }
  return leaves;
}

export function pageOf(
  replica: Replica,
  ranges: LeafRanges,
  after: Uint8Array,
  entriesMax: number,
): EntryPage {
  const from = after.length === 0 ? -1 : keyOfRow(after);
  const keys = [...replica.keys()]
    .filter((key) => key > from && isIn(ranges, leafOfKey(key)))
    .sort((a, b) => a - b);
  const entries = keys.slice(0, entriesMax).map((key) => entryOf(key, replica.get(key) ?? 0));
  return { entries, isMore: keys.length > entriesMax };
}

function isIn(ranges: LeafRanges, leaf: number): boolean {
  for (let at = 0; at < ranges.length; at += 2) {
    if (leaf >= (ranges[at] ?? 0) && leaf < (ranges[at + 1] ?? 0)) return true;
  }
  return false;
}

/** The newer version of each goes to the other side; which keys those were. */
function transfer(own: Replica, theirs: Replica, keys: readonly number[]): void {
  for (const key of keys) {
    const newest = Math.max(own.get(key) ?? 0, theirs.get(key) ?? 0);
    own.set(key, newest);
    theirs.set(key, newest);
  }
}

export interface Driven {
  readonly transferred: number[];
  readonly asks: Ask['kind'][];
}

/** Does what is asked until nothing is, or for `stepsMax` steps. `before` is called before each. */
export function drive(
  exchange: Exchange,
  own: Replica,
  theirs: Replica,
  { entriesMax = 5, stepsMax = 100_000, before = (_: Ask['kind']): void => {} } = {},
): Driven {
  const driven: Driven = { transferred: [], asks: [] };
  for (let steps = 0; exchange.ask.kind !== 'done' && steps < stepsMax; steps += 1) {
    const { ask } = exchange;
    driven.asks.push(ask.kind);
    before(ask.kind);
    if (ask.kind === 'tree') {
      const of = (replica: Replica) => nodesOf(leavesOf(replica), ask.level, ask.ids);
      exchange.tookNodes(of(own), of(theirs));
    } else if (ask.kind === 'pause') {
      exchange.waited();
    } else if (ask.kind === 'entries') {
      const of = (side: Replica, max: number) => pageOf(side, ask.ranges, ask.after, max);
      exchange.tookEntries(of(own, entriesMax), of(theirs, entriesMax + 1), true);
    } else if (ask.kind === 'transfer') {
      const keys = [...ask.fetch, ...ask.push].map(({ key }) => keyOfRow(key));
      transfer(own, theirs, keys);
      driven.transferred.push(...keys);
      exchange.transferred(true);
    }
  }
  return driven;
}

export function isSorted(entries: readonly Entry[]): boolean {
  return entries.every(({ key }, index) => {
    const previous = entries[index - 1]?.key;
    return (
      previous === undefined || (keyOfRow(previous) < keyOfRow(key) && !bytesEqual(previous, key))
    );
  });
}
