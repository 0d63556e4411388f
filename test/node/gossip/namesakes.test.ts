/** Who stands for a name that several ids bear. */
import { expect, test } from 'vitest';
import type { MemberRecord } from '../../../src/core/membership/member-record.ts';
import type { MemberState } from '../../../src/core/membership/member-watch.ts';
import { Namesakes } from '../../../src/node/gossip/namesakes.ts';
import { recordOf } from '../../core/membership/gossip-cluster.ts';

function recordsOf(...changes: Partial<MemberRecord>[]): MemberRecord[] {
  return changes.map((change, index) => recordOf(index + 1, { name: 'n1', ...change }));
}

function rig(ownId = '') {
  const states = new Map<string, MemberState>();
  const namesakes = new Namesakes(ownId, (id) => states.get(id) ?? 'UNKNOWN');
  const settle = (records: readonly MemberRecord[]) => {
    const { standing, contenders } = namesakes.settle(records);
    return { standing: standing.get('n1'), contenders: [...contenders] };
  };
  return { states, settle };
}

test('names that one id bears each are those ids', () => {
  const { settle } = rig();
  const [one] = recordsOf({});
  const other = recordOf(2, { name: 'n2' });
  expect(settle(one === undefined ? [other] : [one, other])).toEqual({
    standing: one,
    contenders: [],
  });
});

test('of two at one address the later start stands, in whatever order they come', () => {
  const { settle } = rig();
  const records = recordsOf({ generation: 5, address: 'a:1' }, { generation: 9, address: 'a:1' });
  expect(settle(records)).toEqual({ standing: records[1], contenders: [] });
  expect(settle([...records].reverse())).toEqual({ standing: records[1], contenders: [] });
});

test('an earlier start that lives elsewhere stands, and the later one is a contender', () => {
  const { states, settle } = rig();
  const records = recordsOf({ generation: 5 }, { generation: 9 });
  const [earlier, later] = records;
  for (const state of ['UNKNOWN', 'ALIVE', 'SLOW'] as const) {
    states.set(earlier?.id ?? '', state);
    expect(settle(records)).toEqual({ standing: earlier, contenders: [later?.id] });
  }
});

test.each(['AVOID', 'SUSPECT', 'DOWN'] as const)(
  'an earlier start that is %s gives way, for as long as it does not start anew',
  (state) => {
    const { states, settle } = rig();
    const records = recordsOf({ generation: 5 }, { generation: 9 });
    const [earlier, later] = records;
    states.set(earlier?.id ?? '', state);
    expect(settle(records)).toEqual({ standing: later, contenders: [] });
    states.set(earlier?.id ?? '', 'ALIVE');
    expect(settle(records)).toEqual({ standing: later, contenders: [] });
    // Its third start is the latest; the one in between lives elsewhere.
    const again = recordsOf({ generation: 12 }, { generation: 9 });
    expect(settle(again)).toEqual({ standing: later, contenders: [earlier?.id] });
  },
);

test('this node stands for its own name, whatever the others are', () => {
  const records = recordsOf({ generation: 5 }, { generation: 9 }, { generation: 12 });
  const { states, settle } = rig(records[1]?.id);
  for (const { id } of records) states.set(id, 'DOWN');
  expect(settle(records)).toEqual({ standing: records[1], contenders: [] });
});

test('of many the last that lives alone stands', () => {
  const { states, settle } = rig();
  const records = recordsOf({ generation: 1 }, { generation: 2 }, { generation: 3 });
  states.set(records[0]?.id ?? '', 'DOWN');
  states.set(records[1]?.id ?? '', 'ALIVE');
  expect(settle(records)).toEqual({ standing: records[1], contenders: [records[2]?.id] });
  states.set(records[1]?.id ?? '', 'DOWN');
  expect(settle(records)).toEqual({ standing: records[2], contenders: [] });
});
