import { expect, test } from 'vitest';
import { EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import {
  contentHashOf,
  contextOf,
  EMPTY_BYTES,
  EMPTY_RECORD,
  isTwin,
  mergeRecords,
  type Sibling,
  type VersionedRecord,
  visibleSiblings,
} from '../../../src/core/version/record.ts';
import { bytesOf, checksum, ReplicaNode, requestIdOf, valuesOf } from './replicas.ts';

function recordOf(nodeIndex: number, seq: number, value: string): VersionedRecord {
  const dot = { nodeIndex, epoch: 1, seq };
  const content = { meta: EMPTY_BYTES, value: bytesOf(value) };
  const contentHash = contentHashOf(checksum, content);
  return {
    vector: [dot],
    dots: [],
    siblings: [{ dot, isTombstone: false, contentHash, ...content }],
  };
}

test('a merge that adds nothing returns the very input that already was the result', () => {
  const node = new ReplicaNode(1);
  const older = node.put('1').record;
  const newer = node.put('2', node.context()).record;
  expect(mergeRecords(newer, older)).toEqual({ record: newer, relation: 'left', collisions: [] });
  expect(mergeRecords(newer, older).record).toBe(newer);
  expect(mergeRecords(older, newer)).toMatchObject({ relation: 'right' });
  expect(mergeRecords(older, newer).record).toBe(newer);
  const copy = { ...newer, vector: [...newer.vector], siblings: [...newer.siblings] };
  expect(mergeRecords(newer, copy).relation).toBe('equal');
  expect(mergeRecords(newer, copy).record).toBe(newer);
  expect(mergeRecords(EMPTY_RECORD, older).relation).toBe('right');
  expect(mergeRecords(EMPTY_RECORD, EMPTY_RECORD).relation).toBe('equal');
});

test('concurrent siblings are kept, replaced ones are not', () => {
  const [a, b] = [new ReplicaNode(1), new ReplicaNode(2)];
  a.put('a');
  b.receive(a.get());
  b.put('b', b.context());
  a.put('c');
  const { record, relation } = mergeRecords(a.get(), b.get());
  expect(relation).toBe('merged');
  expect(valuesOf(record)).toEqual(['b', 'c']);
  expect(record.vector).toHaveLength(2);
});

test('one event with two contents is reported and resolved alike on both sides', () => {
  const [small, large] = [recordOf(1, 9, 'abc'), recordOf(1, 9, 'abd')];
  const left = mergeRecords(small, large);
  expect(left.collisions).toEqual([{ nodeIndex: 1, epoch: 1, seq: 9 }]);
  expect(left.record).toBe(large);
  expect(left.relation).toBe('right');
  const right = mergeRecords(large, small);
  expect(right.record).toBe(large);
  expect(right.relation).toBe('left');
  expect(right.collisions).toHaveLength(1);
  const stone = { ...small, siblings: [{ ...small.siblings[0]!, isTombstone: true }] };
  expect(mergeRecords(small, stone).record).toBe(small);
  expect(mergeRecords(stone, small).record).toBe(small);
  expect(mergeRecords(small, stone).collisions).toHaveLength(1);
});

test('collisions are resolved one by one, whichever side has the larger content', () => {
  const [a, b, x, y] = [
    recordOf(1, 9, 'a'),
    recordOf(1, 9, 'b'),
    recordOf(2, 9, 'x'),
    recordOf(2, 9, 'y'),
  ];
  const left = mergeRecords(a, y).record;
  const right = mergeRecords(b, x).record;
  for (const merged of [mergeRecords(left, right), mergeRecords(right, left)]) {
    expect(merged.relation).toBe('merged');
    expect(merged.collisions).toHaveLength(2);
    expect(valuesOf(merged.record)).toEqual(['b', 'y']);
  }
});

test('merging never looks at request ids', () => {
  const [a, b] = [new ReplicaNode(1), new ReplicaNode(2)];
  a.put('same', EMPTY_CONTEXT, { requestId: requestIdOf(1) });
  b.put('same', EMPTY_CONTEXT, { requestId: requestIdOf(1) });
  const { record } = mergeRecords(a.get(), b.get());
  expect(record.siblings).toHaveLength(2);
  expect(visibleSiblings(record)).toEqual([record.siblings[0]]);
});

test('tombstones are not shown, and a record with one shown sibling is shown as it is', () => {
  const node = new ReplicaNode(1);
  node.put('1');
  expect(visibleSiblings(node.get())).toBe(node.get().siblings);
  node.delete(node.context());
  expect(visibleSiblings(node.get())).toEqual([]);
  node.put('2');
  expect(valuesOf(node.get())).toEqual(['2']);
  expect(node.get().siblings).toHaveLength(2);
  expect(visibleSiblings(EMPTY_RECORD)).toEqual([]);
});

test('twins are of one request, one content and one kind', () => {
  const sibling: Sibling = { ...recordOf(1, 9, 'a').siblings[0]!, requestId: requestIdOf(1) };
  expect(isTwin(sibling, { ...sibling, dot: { nodeIndex: 2, epoch: 3, seq: 4 } })).toBe(true);
  expect(isTwin(sibling, { ...sibling, requestId: requestIdOf(2) })).toBe(false);
  expect(isTwin(sibling, { ...sibling, contentHash: 1 })).toBe(false);
  expect(isTwin(sibling, { ...sibling, isTombstone: true })).toBe(false);
  expect(isTwin(recordOf(1, 9, 'a').siblings[0]!, recordOf(1, 9, 'a').siblings[0]!)).toBe(false);
});

test('the context of a record holds nothing of its siblings', () => {
  const record = recordOf(1, 9, 'a');
  expect(Object.keys(contextOf(record))).toEqual(['vector', 'dots']);
});

test('the content hash tells meta, value and expiry apart', () => {
  const hash = (meta: string, value: string, expiry: { expiresAtMs?: number } = {}) =>
    contentHashOf(checksum, { meta: bytesOf(meta), value: bytesOf(value), ...expiry });
  const hashes = [
    hash('', ''),
    hash('ab', ''),
    hash('', 'ab'),
    hash('a', 'b'),
    hash('', '', { expiresAtMs: 0 }),
    hash('', '', { expiresAtMs: 2 ** 32 }),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(hash('m', 'value', { expiresAtMs: 1_800_000_000_123 })).toBe(0xf0a761f2);
  expect(hash('', '')).toBe(0x6522df69);
});
