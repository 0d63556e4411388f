/** All links of a node: what they take from what is thought of the members, and what they tell of
 *  them. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import type { PeerResult } from '../../../src/node/contracts.ts';
import { type MemberRig, startMembers } from '../coordinator/member-rig.ts';

/** What a read that n1 asks of this member comes to. */
function ask(rig: MemberRig, name: string): { outcome?: PeerResult | CoterieError } {
  const asked: { outcome?: PeerResult | CoterieError } = {};
  rig.node('n1').links.call(rig.indexOf(name), {
    operation: {
      $case: 'read',
      read: { bucket: 'default', key: Uint8Array.of(1), digestAbove: 0 },
    },
    epochs: { current: 1, minimum: 1, read: 1 },
    deadlineMs: rig.clock.monotonicMs() + 1_000,
    bytes: 1,
    done: (outcome) => {
      asked.outcome = outcome;
    },
  });
  return asked;
}

test.each(['DOWN', 'LEFT'] as const)(
  'to a member that is %s nothing is sent, although its link is up',
  async (state) => {
    await using rig = await startMembers();
    const { links, members } = rig.node('n1');
    members.put(rig.indexOf('n2'), state);
    expect(links.reach(rig.indexOf('n2'))).toBe('down');
    expect(links.link(rig.indexOf('n2'))?.phase).toBe('connected');
    expect(links.describe(rig.indexOf('n2'))).toContain(state);
    const { outcome } = ask(rig, 'n2');
    expect(outcome).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
    await rig.clock.settle();
    expect(rig.node('n2').replica.reads).toBe(0);
    members.put(rig.indexOf('n2'), 'ALIVE');
    const later = ask(rig, 'n2');
    await rig.clock.settle();
    expect(later.outcome).toMatchObject({ $case: 'read' });
  },
);

test('both ends hear each other by greetings and by every later frame, told ten times a second at most', async () => {
  await using rig = await startMembers(2);
  const [one, two] = [rig.node('n1').members, rig.node('n2').members];
  expect(one.heardOf).toEqual([rig.indexOf('n2')]);
  expect(two.heardOf).toEqual([rig.indexOf('n1')]);
  for (let count = 0; count < 100; count += 1) {
    ask(rig, 'n2');
    await rig.clock.advance(10);
  }
  for (const { heardOf } of [one, two]) {
    expect(heardOf.length).toBeGreaterThanOrEqual(10);
    expect(heardOf.length).toBeLessThanOrEqual(12);
  }
});

test('that nobody listens at the address of a member is told at every dial', async () => {
  await using rig = await startMembers(2);
  const { members } = rig.node('n1');
  rig.node('n2').links.stop();
  rig.hangUp('n2');
  await rig.clock.advance(1_000);
  expect(members.refusedBy.length).toBeGreaterThan(3);
  expect(new Set(members.refusedBy)).toEqual(new Set([rig.indexOf('n2')]));
});

test('a member that comes back at another address is found by what is said of it, and its name is checked', async () => {
  await using rig = await startMembers(3);
  const { links, members } = rig.node('n1');
  const index = rig.indexOf('n2');
  rig.hangUp('n2');
  await rig.clock.advance(3_000);
  expect(links.reach(index)).toBe('down');
  members.move(index, 'n3:1').tell();
  await rig.clock.settle();
  expect(links.describe(index)).toContain('n3 answers at the address of n2');
  rig.listen('n2', 'elsewhere:1');
  members.move(index, 'elsewhere:1').tell();
  await rig.clock.settle();
  expect(links.reach(index)).toBe('up');
});

test('links that are stopped follow nobody any more', async () => {
  await using rig = await startMembers(2);
  const { links, members } = rig.node('n1');
  expect(members.listenerCount).toBe(1);
  links.stop();
  expect(members.listenerCount).toBe(0);
  expect(ask(rig, 'n2').outcome).toBeInstanceOf(CoterieError);
});

test('a member that greets is dialled at once: both ways stand as soon as one does', async () => {
  await using rig = await startMembers(2);
  const { links } = rig.node('n1');
  rig.node('n2').links.stop();
  rig.hangUp('n2');
  await rig.clock.advance(10_000);
  expect(links.reach(rig.indexOf('n2'))).toBe('down');
  expect(links.isSettled()).toBe(true);
  rig.restart('n2');
  await rig.clock.settle();
  expect(links.reach(rig.indexOf('n2'))).toBe('up');
  expect(rig.node('n2').links.reach(rig.indexOf('n1'))).toBe('up');
  expect(links.isSettled() && rig.node('n2').links.isSettled()).toBe(true);
});
