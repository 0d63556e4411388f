import { expect, test } from 'vitest';
import { adviseOutsider } from '../../../src/core/membership/outsider.ts';

const CLUSTER = 'c1'.repeat(16);
const own = { id: '0', name: 'b', address: 'b:1', clusterId: '' };
const member = (name: string, address = `${name}:1`) => ({
  id: `id of ${name} at ${address}`,
  name,
  address,
  clusterId: CLUSTER,
});
const fresh = (name: string) => ({ ...member(name), clusterId: '' });

test.each([
  ['alone', [], [], 'new', 'this node knows of no cluster: `coterie cluster init` makes a new one'],
  ['its own seed', [], ['b:1'], 'new', 'knows of no cluster'],
  ['others that are as new', [fresh('a')], ['a:1'], 'new', 'knows of no cluster'],
  ['a silent seed', [], ['a:1', 'b:1'], 'seeds', 'none of the seeds a:1 has answered yet'],
  [
    'its name in a cluster',
    [member('a'), member('b')],
    ['a:1'],
    'wait',
    `this node was member b of cluster ${CLUSTER}: waiting for its members to pass the layout on`,
  ],
  [
    'its address in a cluster',
    [member('a'), member('n1', 'b:1')],
    ['a:1'],
    'renamed',
    `member n1 of cluster ${CLUSTER} had the address b:1: if this is that node with its folder ` +
      'lost, start it with --id n1 (node.id)',
  ],
  [
    'a cluster that does not know it',
    ['e', 'd', 'c', 'a'].map((name) => member(name)),
    [],
    'wait',
    `found a, c, d and 1 more of cluster ${CLUSTER}: waiting for its members to pass the layout ` +
      'on, which they do if it names b',
  ],
])('a node that sees %s', (_, records, seeds, kind, text) => {
  const advice = adviseOutsider({ own, records: [own, ...records], seeds });
  expect(advice).toEqual({ kind, text: expect.stringContaining(text) });
});
