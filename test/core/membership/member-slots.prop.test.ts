import fc from 'fast-check';
import { expect, it } from 'vitest';
import { entryHash } from '../../../src/core/membership/member-entry.ts';
import { BUCKETS, bucketOf, MemberSlots } from '../../../src/core/membership/member-slots.ts';
import { entries } from './entries-arbitrary.ts';

it('hashes, ids and beats are those of a map that is looked through', () => {
  const step = fc.oneof(
    fc.record({ put: fc.integer({ min: 0, max: 9 }).chain((index) => entries(index)) }),
    fc.record({ drop: fc.integer({ min: 0, max: 9 }).chain((index) => entries(index)) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const slots = new MemberSlots();
      const model = new Map<string, ReturnType<typeof slots.get> & {}>();
      for (const one of steps) {
        if ('put' in one) {
          slots.put(one.put);
          model.set(one.put.id, one.put);
        } else {
          slots.delete(one.drop.id);
          model.delete(one.drop.id);
        }
      }
      for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
        const inside = [...model.values()].filter(({ id }) => bucketOf(id) === bucket);
        inside.sort((a, b) => (a.id < b.id ? -1 : 1));
        expect(slots.bucketIds(bucket)).toEqual(inside.map(({ id }) => id));
        const hash = inside.reduce((sum, entry) => (sum ^ entryHash(entry)) >>> 0, 0);
        expect(slots.bucketHash(bucket)).toBe(hash);
        const beating = inside.filter(({ record }) => {
          return record !== undefined && record.status !== 'LEFT';
        });
        expect(slots.beats(bucket).map(({ heartbeat }) => heartbeat)).toEqual(
          beating.map(({ heartbeat }) => heartbeat),
        );
      }
      expect([...slots.entries()]).toHaveLength(model.size);
    }),
  );
});
