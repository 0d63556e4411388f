import fc from 'fast-check';
import { expect, test } from 'vitest';
import { covers } from '../../../src/core/version/causal-context.ts';
import { mergeRecords, type VersionedRecord } from '../../../src/core/version/record.ts';
import { records, smallDots } from './arbitraries.ts';

const some = records(smallDots);
const merge = (a: VersionedRecord, b: VersionedRecord) => mergeRecords(a, b).record;

test('merge is commutative, associative and idempotent', () => {
  fc.assert(
    fc.property(some, some, some, (a, b, c) => {
      expect(merge(a, b)).toEqual(merge(b, a));
      expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)));
      expect(merge(a, a)).toBe(a);
      expect(merge(merge(a, b), b)).toEqual(merge(a, b));
    }),
    { numRuns: 1_000 },
  );
});

test('a sibling survives a merge if and only if both hold it or the other never saw it', () => {
  fc.assert(
    fc.property(some, some, (a, b) => {
      const key = (record: VersionedRecord) => record.siblings.map((s) => JSON.stringify(s.dot));
      const [inA, inB] = [new Set(key(a)), new Set(key(b))];
      const expected = [...a.siblings, ...b.siblings]
        .filter(({ dot }) => inA.has(JSON.stringify(dot)) || !covers(a, dot))
        .filter(({ dot }) => inB.has(JSON.stringify(dot)) || !covers(b, dot))
        .map(({ dot }) => JSON.stringify(dot));
      expect(new Set(key(merge(a, b)))).toEqual(new Set(expected));
      expect(key(merge(a, b))).toHaveLength(new Set(expected).size);
    }),
    { numRuns: 1_000 },
  );
});

test('the relation names exactly the inputs that equal the result', () => {
  const relations = new Map([
    ['true,true', 'equal'],
    ['true,false', 'left'],
    ['false,true', 'right'],
    ['false,false', 'merged'],
  ]);
  fc.assert(
    fc.property(some, some, fc.boolean(), (a, other, isOlder) => {
      const b = isOlder ? merge(a, other) : other;
      const { record, relation, collisions } = mergeRecords(a, b);
      const same = (x: VersionedRecord) => JSON.stringify(x) === JSON.stringify(record);
      expect(relation).toBe(relations.get(`${same(a)},${same(b)}`));
      if (relation === 'left' || relation === 'equal') expect(record).toBe(a);
      if (relation === 'right') expect(record).toBe(b);
      expect(collisions).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});
