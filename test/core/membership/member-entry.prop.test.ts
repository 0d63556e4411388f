import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACCUSERS_MAX,
  covers,
  entryHash,
  join,
  normalEntry,
} from '../../../src/core/membership/member-entry.ts';
import { compareStandpoints } from '../../../src/core/membership/member-record.ts';
import { entries } from './entries-arbitrary.ts';

const entry = entries(0);

describe('joining entries of one member', () => {
  it('is idempotent', () => {
    fc.assert(
      fc.property(entry, (a) => {
        expect(join(a, a)).toEqual(a);
      }),
    );
  });

  it('is commutative', () => {
    fc.assert(
      fc.property(entry, entry, (a, b) => {
        expect(join(a, b)).toEqual(join(b, a));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is associative', () => {
    fc.assert(
      fc.property(entry, entry, entry, (a, b, c) => {
        expect(join(join(a, b), c)).toEqual(join(a, join(b, c)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives the least entry that covers both', () => {
    fc.assert(
      fc.property(entry, entry, entry, (a, b, c) => {
        const joined = join(a, b);
        expect(covers(joined, a) && covers(joined, b)).toBe(true);
        if (covers(c, a) && covers(c, b)) expect(covers(c, joined)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('covers exactly what it would not change, heartbeats apart', () => {
    fc.assert(
      fc.property(entry, entry, (a, b) => {
        expect(covers(a, b)).toBe(entryHash(join(a, b)) === entryHash(a));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never lowers generation and incarnation, unless the member has left', () => {
    fc.assert(
      fc.property(entry, entry, (a, b) => {
        const joined = join(a, b);
        if (joined.record?.status === 'LEFT') return;
        expect(compareStandpoints(joined, a)).toBeGreaterThanOrEqual(0);
        expect(
          joined.record === undefined ? 0 : compareStandpoints(joined, joined.record),
        ).not.toBe(-1);
      }),
    );
  });

  it('keeps the normal form and a bounded number of accusers', () => {
    fc.assert(
      fc.property(entry, entry, (a, b) => {
        const joined = join(a, b);
        expect(normalEntry(joined)).toEqual(joined);
        expect(joined.accusers.length).toBeLessThanOrEqual(ACCUSERS_MAX);
      }),
    );
  });
});
