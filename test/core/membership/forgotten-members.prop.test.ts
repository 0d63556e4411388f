import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FORGOTTEN_MAX, ForgottenMembers } from '../../../src/core/membership/forgotten-members.ts';
import { entryOfRecord } from '../../../src/core/membership/member-entry.ts';
import { MemberTable } from '../../../src/core/membership/member-table.ts';
import { entries } from './entries-arbitrary.ts';
import { recordOf } from './gossip-cluster.ts';

test('memory is bounded, and the latest are kept', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(50)), (max, ids) => {
      const forgotten = new ForgottenMembers(max);
      for (const id of ids) forgotten.add(String(id), { generation: 1, heartbeat: 0 });
      const latest = [...new Set([...ids].reverse())].slice(0, max);
      expect(forgotten.size).toBe(latest.length);
      for (const id of latest) {
        expect(forgotten.isPast(String(id), { generation: 1, heartbeat: 0 })).toBe(true);
      }
    }),
  );
  expect(FORGOTTEN_MAX).toBeLessThanOrEqual(1_024);
});

test('a table that forgot a node learns nothing old of it again, and every later life', () => {
  fc.assert(
    fc.property(fc.array(entries(1), { minLength: 1, maxLength: 6 }), (said) => {
      const live = said.filter(({ record }) => record?.status !== 'LEFT');
      const table = new MemberTable(recordOf(0, { generation: 1 }));
      table.receive(live, 10);
      const { id } = recordOf(1);
      table.forget(id);
      expect(table.entry(id)).toBeUndefined();
      expect(table.receive(live, 10).changed).toEqual([]);
      expect(table.size).toBe(1);
      const later = recordOf(1, { generation: 4 });
      expect(table.receive([entryOfRecord(later, 0)], 10).changed).toEqual([id]);
      expect(table.record(id)).toEqual(later);
    }),
  );
});
