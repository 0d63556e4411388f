import { expect, it } from 'vitest';
import { history } from './history-dsl.ts';

it('reads a whole history from one line', () => {
  const told = history(
    'a put 1 [0,10] quorum ok; b get [12,20] sees 1; c put 2 [12,-] one unknown given 1; ' +
      'c delete 3 [30,40] all blind; b get r=3 [50,60] sees 1@x 2 ?junk; disks 1 !3; ' +
      'loss n1 wipe at 50 intact 7; replicas 3',
  );
  expect(told.replicas).toBe(3);
  expect(told.operations).toMatchObject([
    { id: 1, client: 'a', kind: 'put', write: 1, given: [], acknowledgedBy: ['n0', 'n1'] },
    { id: 2, level: { level: 'one' }, given: [1], outcome: 'unknown', acknowledgedBy: [] },
    { id: 1001, kind: 'get', seen: [{ write: 1, text: 'w1', dot: 'd1' }], required: 2 },
    { id: 3, kind: 'delete', given: undefined, acknowledgedBy: ['n0', 'n1', 'n2'] },
    { id: 1002, level: { r: 3 }, seen: [{ write: 1, dot: 'x' }, { write: 2 }, { text: 'junk' }] },
  ]);
  expect(told.operations[1]?.endUs).toBe(Number.POSITIVE_INFINITY);
  expect(told.contents).toHaveLength(3);
  expect(told.contents[2]?.records.get('k')?.siblings).toMatchObject([
    { write: 1, isTombstone: false },
    { write: 3, isTombstone: true },
  ]);
  expect(told.losses).toEqual([{ node: 'n1', kind: 'wipe', atUs: 50, intactUntilUs: 7 }]);
  expect(told.endUs).toBe(60);
});

it('says which statement it cannot read', () => {
  expect(() => history('a put 1 [0,10]; a put one [0,10]')).toThrow("'a put one [0,10]'");
  expect(() => history('a get sees 1')).toThrow("'a get sees 1'");
});
