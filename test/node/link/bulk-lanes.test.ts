/** Lanes beside links: when they are dialled and end, and whom they let in. */
import { expect, test } from 'vitest';
import type { CoterieError } from '../../../src/core/errors.ts';
import type { PeerResult } from '../../../src/node/contracts.ts';
import { type MemberRig, startMembers } from '../coordinator/member-rig.ts';
import { helloOf, RawLink } from '../raw-stream.ts';
import { startThree } from '../rig.ts';
import { ACK, Rig } from './outbound-rig.ts';

/** What a read that n1 asks of this member over the lane comes to. */
function ask(rig: MemberRig, name: string): { outcome?: PeerResult | CoterieError } {
  const asked: { outcome?: PeerResult | CoterieError } = {};
  rig.node('n1').links.callBulk(rig.indexOf(name), {
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

test('a lane is dialled for its first call, serves what the link serves, and ends when unused', async () => {
  await using rig = await startMembers(2);
  const lanes = () => rig.streams('bulk');
  expect(lanes()).toBe(0);
  const asked = [ask(rig, 'n2'), ask(rig, 'n2')];
  await rig.clock.settle();
  expect(asked.map(({ outcome }) => outcome)).toMatchObject([{ $case: 'read' }, { $case: 'read' }]);
  expect(lanes()).toBe(1);
  await rig.clock.advance(29_000);
  ask(rig, 'n2');
  await rig.clock.advance(29_000);
  expect(lanes()).toBe(1);
  await rig.clock.advance(2_000);
  expect(lanes()).toBe(0);
  const later = ask(rig, 'n2');
  await rig.clock.settle();
  expect(later.outcome).toMatchObject({ $case: 'read' });
});

test('a lane that breaks fails its calls and leaves the reach of the member as it was', async () => {
  await using rig = await startMembers(2);
  rig.node('n2').replica.isSilent = true;
  const asked = ask(rig, 'n2');
  await rig.clock.settle();
  const { links, members } = rig.node('n1');
  const refusals = members.refusedBy.length;
  rig.breakStreams('bulk');
  await rig.clock.settle();
  expect(asked.outcome).toMatchObject({ code: 'UNREACHABLE', applied: 'unknown' });
  expect(links.reach(rig.indexOf('n2'))).toBe('up');
  expect(members.refusedBy).toHaveLength(refusals);
  rig.node('n2').replica.isSilent = false;
  const later = ask(rig, 'n2');
  await rig.clock.settle();
  expect(later.outcome).toMatchObject({ $case: 'read' });
});

test('without a link that works nothing is sent over the lane', async () => {
  await using rig = await startMembers(2);
  rig.node('n1').members.put(rig.indexOf('n2'), 'DOWN');
  expect(ask(rig, 'n2').outcome).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
  expect(rig.streams('bulk')).toBe(0);
});

test('a lane is refused to a run that has not greeted on a link', async () => {
  await using cluster = await startThree();
  const hello = helloOf(cluster, 'n2', 'n1');
  const known = new RawLink(cluster, 'n1', cluster.ring, 'bulk');
  known.greet(hello);
  const strangers = [
    { storeId: new Uint8Array(16).fill(9) },
    { runIds: [...hello.runIds, new Uint8Array(16).fill(9)] },
    { clusterId: new Uint8Array(0) },
    { name: 'n9' },
  ].map((changes) => {
    const raw = new RawLink(cluster, 'n1', cluster.ring, 'bulk');
    raw.greet({ ...hello, ...changes });
    return raw;
  });
  await cluster.advance(10);
  expect(known.hello?.refused).toBeUndefined();
  expect(strangers.map((raw) => raw.hello?.refused?.code)).toEqual([
    'CONFLICT',
    'CONFLICT',
    'NOT_INITIALISED',
    'CLUSTER_MISMATCH',
  ]);
  expect(strangers.map((raw) => raw.closed?.kind)).toEqual(strangers.map(() => 'ended'));
});

test('a link that may idle is not dialled again for nobody after a refusal', async () => {
  const rig = new Rig({ service: 'bulk', idleAfterMs: 1_000 });
  expect(rig.link.reach).toBe('unknown');
  const refused = rig.call();
  await rig.clock.settle();
  expect(refused.error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
  expect(rig.call().error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
  await rig.clock.advance(10_000);
  expect(rig.dialCount).toBe(1);
  rig.listen();
  rig.call();
  await rig.clock.settle();
  expect(rig.dialCount).toBe(2);
  rig.far.send([{ id: rig.far.ids[0] ?? 0, result: ACK }]);
  rig.link.stop();
});

test('a link that may idle does not end while a call waits for its answer', async () => {
  const rig = new Rig({ service: 'bulk', idleAfterMs: 1_000 });
  rig.listen();
  const slow = rig.call(10_000);
  await rig.clock.advance(5_000);
  expect(rig.link.phase).toBe('connected');
  rig.far.send([{ id: rig.far.ids[0] ?? 0, result: ACK }]);
  await rig.clock.advance(500);
  expect(slow.result).toEqual(ACK);
  expect(rig.link.phase).toBe('connected');
  await rig.clock.advance(2_000);
  expect(rig.link.phase).toBe('idle');
});
