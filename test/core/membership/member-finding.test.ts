import { expect, it } from 'vitest';
import {
  FINDINGS_MAX,
  FindingList,
  isLaterStart,
  type MemberFinding,
} from '../../../src/core/membership/member-finding.ts';

const clone: MemberFinding = {
  kind: 'clone',
  id: 'a',
  addresses: ['x:1', 'y:1'],
  generations: [1, 2],
  mustStop: false,
};

it('a finding is told once, until it says something else', () => {
  const list = new FindingList();
  list.add(clone);
  list.add({ ...clone, generations: [3, 4] });
  expect(list.take()).toEqual([clone]);

  list.add(clone);
  list.add({ ...clone, mustStop: true });
  list.add({ kind: 'amnesia', id: 'a', generation: 3, ownGeneration: 1 });
  list.add({ kind: 'amnesia', id: 'a', generation: 4, ownGeneration: 1 });

  expect(list.take().map(({ kind }) => kind)).toEqual(['clone', 'amnesia', 'amnesia']);
});

it('what was taken is not changed by what comes later', () => {
  const list = new FindingList();
  const before = list.take();
  list.add(clone);

  expect(before).toEqual([]);
});

it('memory is bounded: after very many others a finding is told again', () => {
  const list = new FindingList();
  for (let count = 0; count < 3 * FINDINGS_MAX; count += 1) {
    list.add({ kind: 'table-full', id: `${count}`, entries: 1 });
  }
  expect(list.take()).toHaveLength(FINDINGS_MAX);

  list.add({ kind: 'table-full', id: '0', entries: 1 });

  expect(list.take()).toHaveLength(1);
});

it('the later of two starts has the higher generation, unless the earlier one has just outbid it', () => {
  expect(isLaterStart(1_700_000_005_000, 1_700_000_000_000)).toBe(true);
  expect(isLaterStart(1_700_000_000_000, 1_700_000_005_000)).toBe(false);
  expect(isLaterStart(1_700_000_005_000, 1_700_000_005_002)).toBe(true);
  expect(isLaterStart(1_700_000_005_002, 1_700_000_005_000)).toBe(false);
  expect(isLaterStart(1_700_000_000_000, 1_700_000_000_000)).toBe(false);
});
