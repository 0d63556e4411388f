/** What sessions are told of the members, and how often. */
import { expect, test } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import { encodeLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';
import type { Place } from '../../../src/node/contracts.ts';
import { MemberNotes, NOTES_INTERVAL_MS } from '../../../src/node/session/member-notes.ts';
import type { MemberNote } from '../../../src/wire/generated/coterie/v1/kv.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { layoutOf } from '../../client/scripted-node.ts';
import { FakeMembers } from '../fake-members.ts';

class Rig {
  readonly clock = new ManualClock();
  readonly members = new FakeMembers();
  readonly told: (readonly MemberNote[])[] = [];
  place: Place | undefined;
  readonly notes = new MemberNotes(new Deadlines(this.clock), this.members, () => this.place);

  /** This node is n1 of three. */
  join(): this {
    const layout = layoutOf(3, 3);
    const ring = new Ring(layout, layoutHash(encodeLayout(layout)));
    this.place = { ring, nodeIndex: 0, datacentre: 'dc1' };
    return this;
  }

  listen(): () => void {
    return this.notes.listen((changed) => this.told.push(changed));
  }
}

test('all members of the layout are there at first, with the address of the layout until they say another', () => {
  const rig = new Rig();
  expect(rig.notes.all()).toEqual([]);
  rig.join();
  rig.members.put(1, 'SLOW').move(2, 'moved:9');
  expect(rig.notes.all()).toEqual([
    { name: 'n1', address: 'n1:1', state: 'ALIVE' },
    { name: 'n2', address: 'n2:1', state: 'SLOW' },
    { name: 'n3', address: 'moved:9', state: 'UNKNOWN' },
  ]);
});

test('then only what changed is told, and nothing when nothing did', () => {
  const rig = new Rig().join();
  rig.listen();
  rig.members.put(1, 'DOWN').tell();
  expect(rig.told).toEqual([[{ name: 'n2', address: 'n2:1', state: 'DOWN' }]]);
  rig.members.tell();
  expect(rig.told).toHaveLength(1);
});

test('changes that follow each other closely are told together, and what changed back not at all', async () => {
  const rig = new Rig().join();
  rig.listen();
  rig.members.put(1, 'SLOW').tell();
  for (const state of ['AVOID', 'SUSPECT', 'DOWN'] as const) rig.members.put(1, state).tell();
  rig.members.put(2, 'SLOW').tell();
  rig.members.put(2, 'UNKNOWN').tell();
  await rig.clock.advance(NOTES_INTERVAL_MS - 1);
  expect(rig.told).toHaveLength(1);
  await rig.clock.advance(1);
  expect(rig.told).toHaveLength(2);
  expect(rig.told[1]).toEqual([{ name: 'n2', address: 'n2:1', state: 'DOWN' }]);
});

test('who begins to listen late knows what all others know', async () => {
  const rig = new Rig().join();
  rig.listen();
  rig.members.put(1, 'SLOW').tell();
  rig.members.put(1, 'DOWN').tell();
  const late: MemberNote[] = [];
  rig.notes.listen((changed) => late.push(...changed));
  expect(rig.notes.all()[1]?.state).toBe('SLOW');
  await rig.clock.advance(NOTES_INTERVAL_MS);
  expect(late).toEqual([{ name: 'n2', address: 'n2:1', state: 'DOWN' }]);
});

test('without listeners nothing is followed and no timer is left, and the first one starts afresh', async () => {
  const rig = new Rig().join();
  const stop = rig.listen();
  rig.members.put(1, 'SLOW').tell();
  rig.members.put(1, 'DOWN').tell();
  stop();
  stop();
  expect(rig.members.listenerCount).toBe(0);
  await rig.clock.advance(1_000);
  expect(rig.told).toHaveLength(1);
  rig.listen();
  expect(rig.notes.all()[1]?.state).toBe('DOWN');
  expect(rig.members.listenerCount).toBe(1);
});

test('the first layout is known to whoever asks after it', () => {
  const rig = new Rig();
  rig.listen();
  expect(rig.notes.all()).toEqual([]);
  rig.join();
  expect(rig.notes.all()).toHaveLength(3);
});
