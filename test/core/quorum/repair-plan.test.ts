import { expect, it } from 'vitest';
import { mergeAnswers, repairGroups } from '../../../src/core/quorum/repair-plan.ts';
import type { VersionedRecord } from '../../../src/core/version/record.ts';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import { tableCrc32 } from '../../../src/platform/system/crc32-table.ts';

const codec = createRecordCodec(tableCrc32);

function record(...dots: { nodeIndex: number; seq: number; kept?: boolean }[]): VersionedRecord {
  const entries = dots.map(({ nodeIndex, seq }) => ({ nodeIndex, epoch: 1, seq }));
  return {
    vector: entries,
    dots: [],
    siblings: dots
      .filter(({ kept = true }) => kept)
      .map(({ nodeIndex, seq }) => ({
        dot: { nodeIndex, epoch: 1, seq },
        isTombstone: false,
        contentHash: seq,
        meta: new Uint8Array(0),
        value: Uint8Array.of(nodeIndex, seq),
      })),
  };
}

const old = codec.encode(record({ nodeIndex: 0, seq: 5 }));
const newer = codec.encode(record({ nodeIndex: 0, seq: 9 }));
const other = codec.encode(record({ nodeIndex: 1, seq: 7 }));

it('plans nothing when all answers are equal, and keeps the very bytes', () => {
  const merged = mergeAnswers(
    [
      { nodeIndex: 0, bytes: newer },
      { nodeIndex: 2, bytes: newer.slice() },
    ],
    codec,
  );
  expect(merged.stale).toEqual([]);
  expect(merged.bytes).toBe(newer);
  expect(merged.holders).toEqual([0, 2]);
});

it('finds no record where nobody has one', () => {
  const merged = mergeAnswers([{ nodeIndex: 0, bytes: undefined }], codec);
  expect(merged).toMatchObject({ record: undefined, bytes: undefined, stale: [] });
});

it('calls a replica stale that has nothing or less, whatever the order of the answers', () => {
  const answers = [
    { nodeIndex: 0, bytes: old },
    { nodeIndex: 1, bytes: undefined },
    { nodeIndex: 2, bytes: newer },
  ];
  for (const order of [answers, answers.toReversed()]) {
    const merged = mergeAnswers(order, codec);
    expect(merged.bytes).toBe(newer);
    expect(merged.holders).toEqual([2]);
    expect(merged.stale.toSorted()).toEqual([0, 1]);
  }
});

it('has no holder when concurrent records must be merged', () => {
  const merged = mergeAnswers(
    [
      { nodeIndex: 0, bytes: newer },
      { nodeIndex: 1, bytes: other },
    ],
    codec,
  );
  expect(merged.holders).toEqual([]);
  expect(merged.stale).toEqual([0, 1]);
  expect(merged.record?.siblings.length).toBe(2);
});

it('asks for a majority of every group', () => {
  const groups = [
    { members: [0, 1, 2], need: 3 },
    { members: [3, 4], need: 1 },
  ];
  const needs = repairGroups({ label: 'x', groups, durable: 0, isStrict: true });
  expect(needs.map((group) => group.need)).toEqual([2, 2]);
});
