/** What coordinators do with the states of members: real links and coordinators on the memory
 *  network. */
import { expect, test } from 'vitest';
import type { MemberState } from '../../../src/core/membership/member-watch.ts';
import { watch } from '../../client/client-rig.ts';
import { getRequest, putRequest } from '../requests.ts';
import { type MemberRig, startMembers } from './member-rig.ts';

const KEYS = Array.from({ length: 12 }, (_, index) => `k${index}`);

/** As n1 sees it. */
function hold(rig: MemberRig, name: string, state: MemberState): void {
  rig.node('n1').members.put(rig.indexOf(name), state);
}

async function readAll(rig: MemberRig, level: 'quorum' | 'all' = 'quorum'): Promise<void> {
  for (const key of KEYS) await rig.run(rig.node('n1').coordinator.get(getRequest({ key, level })));
}

test('a write at ALL is refused before anything is sent while a member is DOWN, which is named', async () => {
  await using rig = await startMembers();
  hold(rig, 'n3', 'DOWN');
  const put = watch(rig.node('n1').coordinator.put(putRequest({ key: 'k', level: 'all' })));
  await rig.clock.settle();
  expect(put.error).toMatchObject({ code: 'NO_REPLICA', applied: 'no' });
  expect(put.error?.details).toMatchObject({ required: 3, reachable: 2, down: ['n3'] });
  expect(put.error?.message).toContain('n3');
  expect(rig.node('n1').replica.mints).toBe(0);
  expect(rig.node('n2').replica.merges).toBe(0);
});

test.each(['AVOID', 'SUSPECT'] as const)(
  'quorum reads do not ask a member that is %s while the others suffice',
  async (state) => {
    await using rig = await startMembers();
    hold(rig, 'n3', state);
    await readAll(rig);
    expect(rig.node('n3').replica.reads).toBe(0);
    expect(rig.node('n2').replica.reads).toBe(KEYS.length);
    await readAll(rig, 'all');
    expect(rig.node('n3').replica.reads).toBe(KEYS.length);
  },
);

test('a member that answers nothing costs a quorum read no time once it is AVOID', async () => {
  await using rig = await startMembers();
  rig.node('n3').replica.isSilent = true;
  hold(rig, 'n3', 'AVOID');
  const beforeMs = rig.clock.monotonicMs();
  await readAll(rig);
  expect(rig.clock.monotonicMs()).toBe(beforeMs);
});

test('a read that one of the others fails asks the AVOID member', async () => {
  await using rig = await startMembers();
  rig.node('n2').replica.isSilent = true;
  hold(rig, 'n3', 'AVOID');
  const get = watch(rig.node('n1').coordinator.get(getRequest({ key: 'k' })));
  await rig.clock.advance(499);
  expect(get.isSettled).toBe(false);
  await rig.clock.advance(2);
  expect(get.value?.quorum?.nodes).toEqual(['n1', 'n3']);
});

test.each([
  ['SLOW', 1],
  ['AVOID', 1],
  ['SUSPECT', 1],
  ['DOWN', 0],
  ['LEFT', 0],
] as const)('of a write a member that is %s is sent %i copies', async (state, copies) => {
  await using rig = await startMembers();
  hold(rig, 'n3', state);
  const put = await rig.run(rig.node('n1').coordinator.put(putRequest({ key: 'k' })));
  expect(put.quorum?.received).toBeGreaterThanOrEqual(2);
  await rig.clock.settle();
  expect(rig.node('n3').replica.merges).toBe(copies);
  expect(rig.node('n2').replica.merges).toBe(1);
});

test('a member that is AVOID counts as one that can be reached, a member that is DOWN does not', async () => {
  await using rig = await startMembers();
  hold(rig, 'n2', 'AVOID');
  hold(rig, 'n3', 'AVOID');
  const put = putRequest({ key: 'k', level: 'all' });
  expect((await rig.run(rig.node('n1').coordinator.put(put))).quorum?.received).toBe(3);
  hold(rig, 'n2', 'DOWN');
  hold(rig, 'n3', 'DOWN');
  const get = watch(rig.node('n1').coordinator.get(getRequest({ key: 'k' })));
  await rig.clock.settle();
  expect(get.error).toMatchObject({ code: 'NO_REPLICA', details: { down: ['n2', 'n3'] } });
});

test('reads spread over replicas that are alike, and each key stays with the same ones', async () => {
  await using rig = await startMembers();
  await readAll(rig);
  const [two, three] = ['n2', 'n3'].map((name) => rig.node(name).replica.reads);
  expect(Math.min(two ?? 0, three ?? 0)).toBeGreaterThan(KEYS.length / 4);
  await readAll(rig);
  expect(rig.node('n2').replica.reads).toBe(2 * (two ?? 0));
});
