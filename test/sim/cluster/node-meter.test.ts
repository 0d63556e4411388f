import { describe, expect, it } from 'vitest';
import { NodeMeter } from '../../../src/sim/cluster/node-meter.ts';
import { boundsOf, nodeOptions } from '../../../src/sim/cluster/node-settings.ts';

const meter = () => new NodeMeter('n0', boundsOf(nodeOptions('n0', {})));

describe('the meter of a node', () => {
  it('keeps the largest of every gauge with its bound, over all processes', () => {
    const node = meter();
    for (const value of [3, 9, 2]) node.set('coterie_sessions', {}, value);
    node.begin();
    node.set('coterie_sessions', {}, 1);
    expect(node.watermarks).toEqual([
      { what: 'coterie_sessions', node: 'n0', largest: 9, bound: 1_024 },
    ]);
  });

  it('counts what is rare and leaves out what is common', () => {
    const node = meter();
    node.add('coterie_read_repairs_total', { mode: 'blocking' }, 2);
    node.add('coterie_dot_collisions_total', {});
    const labels = { operation: 'put', level: 'quorum' };
    node.add('coterie_requests_total', { ...labels, outcome: 'ok' });
    node.add('coterie_requests_total', { ...labels, outcome: 'STALE_LAYOUT' });
    expect([...node.counters]).toEqual([
      ['read_repairs blocking', 2],
      ['dot_collisions', 1],
      ['request STALE_LAYOUT', 1],
    ]);
  });

  it('knows to whom the present process has a link', () => {
    const node = meter();
    node.set('coterie_link_state', { member: 'n1' }, 1);
    node.set('coterie_link_state', { member: 'n2' }, 1);
    node.set('coterie_link_state', { member: 'n1' }, 0);
    expect([...node.linked]).toEqual(['n2']);
    node.begin();
    expect(node.linked.size).toBe(0);
  });
});
