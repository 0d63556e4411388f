import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareRecords, recordText } from '../../../src/core/membership/member-record.ts';
import { records } from './entries-arbitrary.ts';

const record = records(0);

it('records of one id are in a total order', () => {
  fc.assert(
    fc.property(record, record, record, (a, b, c) => {
      expect(Math.sign(compareRecords(a, b))).toBe(0 - Math.sign(compareRecords(b, a)));
      if (compareRecords(a, b) >= 0 && compareRecords(b, c) >= 0) {
        expect(compareRecords(a, c)).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 1_000 },
  );
});

it('only equal records have equal text', () => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      expect(compareRecords(a, b) === 0).toBe(recordText(a) === recordText(b));
    }),
  );
});
