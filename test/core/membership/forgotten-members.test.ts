import { expect, test } from 'vitest';
import { ForgottenMembers } from '../../../src/core/membership/forgotten-members.ts';

test('what was known is the past; a later start and a later heartbeat are not', () => {
  const forgotten = new ForgottenMembers();
  forgotten.add('x', { generation: 5, heartbeat: 7 });
  expect(forgotten.isPast('x', { generation: 5, heartbeat: 7 })).toBe(true);
  expect(forgotten.isPast('x', { generation: 4, heartbeat: 9 })).toBe(true);
  expect(forgotten.isPast('x', { generation: 5, heartbeat: 8 })).toBe(false);
  expect(forgotten.isPast('x', { generation: 6, heartbeat: 0 })).toBe(false);
  expect(forgotten.isPast('y', { generation: 1, heartbeat: 1 })).toBe(false);
  forgotten.delete('x');
  expect(forgotten.isPast('x', { generation: 5, heartbeat: 7 })).toBe(false);
});
