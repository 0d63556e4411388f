import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesEqual } from '../../../src/core/bytes.ts';
import { mergeAnswers } from '../../../src/core/quorum/repair-plan.ts';
import type { VersionedRecord } from '../../../src/core/version/record.ts';
import { mergeRecords } from '../../../src/core/version/record.ts';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import { tableCrc32 } from '../../../src/platform/system/crc32-table.ts';

const codec = createRecordCodec(tableCrc32);

/** A record of three actors whose newest events may or may not have been replaced. */
const recordArbitrary: fc.Arbitrary<VersionedRecord> = fc
  .array(fc.record({ seq: fc.integer({ min: 1, max: 4 }), kept: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((actors) => ({
    vector: actors.map(({ seq }, nodeIndex) => ({ nodeIndex, epoch: 1, seq })),
    dots: [],
    siblings: actors.flatMap(({ seq, kept }, nodeIndex) =>
      kept
        ? [
            {
              dot: { nodeIndex, epoch: 1, seq },
              isTombstone: false,
              contentHash: seq,
              meta: new Uint8Array(0),
              value: Uint8Array.of(seq),
            },
          ]
        : [],
    ),
  }));

it('is the merge of all answers, and says exactly who holds it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(recordArbitrary, { nil: undefined }), { minLength: 1, maxLength: 5 }),
      (records) => {
        const answers = records.map((record, nodeIndex) => ({
          nodeIndex,
          bytes: record === undefined ? undefined : codec.encode(record),
        }));
        const merged = mergeAnswers(answers, codec);
        const present = records.filter((record) => record !== undefined);
        const expected = present.reduce<VersionedRecord | undefined>(
          (sum, record) => (sum === undefined ? record : mergeRecords(sum, record).record),
          undefined,
        );
        const bytes = expected === undefined ? undefined : codec.encode(expected);
        if (bytes === undefined) expect(merged.bytes).toBeUndefined();
        else expect(bytesEqual(merged.bytes!, bytes)).toBe(true);
        for (const { nodeIndex, bytes: own } of answers) {
          const isHolder =
            own === undefined || bytes === undefined ? own === bytes : bytesEqual(own, bytes);
          expect(merged.holders.includes(nodeIndex)).toBe(isHolder);
          expect(merged.stale.includes(nodeIndex)).toBe(!isHolder);
        }
      },
    ),
  );
});
