/** What is told of members, and how often. */
import { expect, test } from 'vitest';
import { Announcements } from '../../../src/node/gossip/announcements.ts';
import { recordOf } from '../../core/membership/gossip-cluster.ts';
import { Notes } from '../notes.ts';

function rig() {
  const notes = new Notes();
  const told: string[] = [];
  const env = { log: notes, metrics: notes };
  const announcements = new Announcements(env, ({ kind, name, address }) => {
    told.push(`${kind} ${name} ${address}`);
  });
  return { notes, told, announcements };
}

const N1 = recordOf(1, { name: 'n1', address: 'a:1' });

test('an event is logged, counted and told', () => {
  const { notes, told, announcements } = rig();
  announcements.announce('up', N1);
  announcements.announce('down', N1);
  announcements.announce('up', N1);
  announcements.announce('flap', N1);
  expect(told).toEqual(['up n1 a:1', 'down n1 a:1', 'up n1 a:1', 'flap n1 a:1']);
  expect(notes.log.map(({ event, level }) => `${level} ${event}`)).toEqual([
    'info member-up',
    'warn member-down',
    'info member-up',
    'warn member-flap',
  ]);
  expect(notes.number('coterie_member_events_total', { kind: 'up' })).toBe(2);
});

test('a name that is up does not come up again when another id takes it over', () => {
  const { told, announcements } = rig();
  announcements.announce('up', N1);
  announcements.announce('up', recordOf(2, { name: 'n1', address: 'b:1' }));
  expect(told).toEqual(['up n1 a:1']);
});

test('nobody hears of an id that stands for no name', () => {
  const { notes, told, announcements } = rig();
  announcements.announce('down', undefined);
  expect(told).toEqual([]);
  expect(notes.log).toEqual([]);
});
