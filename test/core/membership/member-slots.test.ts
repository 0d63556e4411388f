import { expect, it } from 'vitest';
import { entryOfLeft, entryOfRecord } from '../../../src/core/membership/member-entry.ts';
import { BUCKETS, bucketOf, MemberSlots } from '../../../src/core/membership/member-slots.ts';
import { recordOf } from './gossip-cluster.ts';

function entryOf(id: string, heartbeat = 0) {
  return entryOfRecord(recordOf(0, { id }), heartbeat);
}

const LOW = `05${'0'.repeat(30)}`;
const HIGH = `45${'f'.repeat(30)}`;

it('ids go to buckets by their first byte, and ascend there', () => {
  const slots = new MemberSlots();
  slots.put(entryOf(HIGH));
  slots.put(entryOf(LOW));

  expect(bucketOf(LOW)).toBe(5);
  expect(bucketOf(HIGH)).toBe(5);
  expect(slots.bucketIds(5)).toEqual([LOW, HIGH]);
  expect(slots.size).toBe(2);
  expect(() => slots.bucketIds(BUCKETS)).toThrow(/no bucket 64/);
});

it('a heartbeat rises within its generation only, and the entry shows it', () => {
  const slots = new MemberSlots();
  const entry = entryOf(LOW, 3);
  const { generation } = entry;
  slots.put(entry);
  const hash = slots.bucketHash(5);

  expect(slots.raiseHeartbeat(LOW, generation, 3)).toBe(false);
  expect(slots.raiseHeartbeat(LOW, generation - 1, 9)).toBe(false);
  expect(slots.raiseHeartbeat(HIGH, generation, 9)).toBe(false);
  expect(slots.raiseHeartbeat(LOW, generation, 9)).toBe(true);

  expect(slots.get(LOW)?.heartbeat).toBe(9);
  expect(slots.beats(5)).toMatchObject([{ id: LOW, generation, heartbeat: 9 }]);
  expect(slots.bucketHash(5)).toBe(hash);
});

it('members that have left do not beat', () => {
  const slots = new MemberSlots();
  slots.put(entryOf(LOW, 3));
  expect(slots.beats(5)).toHaveLength(1);

  slots.put(entryOfLeft(LOW, 'a', ''));

  expect(slots.beats(5)).toEqual([]);
  expect(slots.raiseHeartbeat(LOW, 0, 9)).toBe(false);
});

it('what was deleted leaves no trace', () => {
  const slots = new MemberSlots();
  slots.put(entryOf(LOW));
  slots.delete(LOW);
  slots.delete(HIGH);

  expect([slots.size, slots.bucketHash(5), slots.hashOf(LOW)]).toEqual([0, 0, 0]);
  expect(slots.get(LOW)).toBeUndefined();
  expect(slots.bucketIds(5)).toEqual([]);
});
