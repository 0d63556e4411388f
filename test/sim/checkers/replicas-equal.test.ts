import { describe, expect, it } from 'vitest';
import { VIOLATIONS_MAX } from '../../../src/sim/checkers/checker.ts';
import { replicasEqual } from '../../../src/sim/checkers/replicas-equal.ts';
import { history } from './history-dsl.ts';
import { accepts, rejects } from './judged.ts';

accepts(replicasEqual, [
  ['nothing at all', ''],
  ['equal replicas', 'disks 1'],
  ['equal siblings', 'disks 1 2'],
  ['equal tombstones', 'disks !1'],
  ['several keys', 'disks 1; disks 2 3 key other'],
  ['nodes that have nothing', 'state n0 SERVING; state n1 SERVING'],
  ['a single replica', 'disk n0 1'],
  ['a node that is recovering', 'disks 1; disk n2 2; state n2 RECOVERING'],
  [
    'a node that is recovering and has a key too many',
    'disks 1; disk n2 2 key o; state n2 RECOVERING',
  ],
  ['a node that has failed', 'disk n0 1; disk n1 1; disk n2 2; state n2 FAILED'],
  ['a node that was wiped', 'disk n0 1; disk n1 1; state n2 RECOVERING; loss n2 wipe at 5'],
  ['a node that was rolled back', 'disk n0 2; disk n1 2; disk n2 1; loss n2 rollback at 5'],
  ['a node that lost a batch', 'disk n0 2; disk n1 2; disk n2 1; loss n2 lost-batch at 5'],
  [
    'a node with rotted rows that are not told',
    'disk n0 1; disk n1 1; disk n2 ?junk; loss n2 bit-rot',
  ],
  ['a rotted row', 'disk n0 1; disk n1 1; disk n2 ?junk; loss n2 bit-rot at 5 key k'],
  ['equal bytes given by hand', 'disk n0 1 hex aa; disk n1 1 hex aa; disk n2 1 hex aa'],
]);

rejects(replicasEqual, [
  ['different writes', 'disk n0 1; disk n1 2; disk n2 1'],
  ['a sibling too few', 'disk n0 1 2; disk n1 1 2; disk n2 1'],
  ['a sibling too many', 'disk n0 1; disk n1 1; disk n2 1 2'],
  ['a key that one lacks', 'disk n0 1; disk n1 1; disk n2 2 key other'],
  ['a key that only one has', 'disk n0 1; state n1 SERVING; state n2 SERVING'],
  ['a value beside a tombstone', 'disk n0 1; disk n1 !1; disk n2 1'],
  ['a tombstone that one lacks', 'disk n0 !1; disk n1 !1; state n2 SERVING'],
  ['other dots of the same write', 'disk n0 1@x; disk n1 1@y; disk n2 1@x'],
  ['other bytes of the same siblings', 'disk n0 1 hex aa; disk n1 1 hex aa; disk n2 1 hex ab'],
  ['longer bytes', 'disk n0 1 hex aa; disk n1 1 hex aa00; disk n2 1 hex aa'],
  ['one key of two', 'disks 1; disk n0 2 key o; disk n1 3 key o; disk n2 2 key o'],
  ['two that are alike and one that is not', 'disk n0 2; disk n1 1; disk n2 1'],
  ['an unread row that nobody rotted', 'disk n0 1; disk n1 1; disk n2 ?junk'],
  [
    'a difference in a key that did not rot',
    'disk n0 1; disk n1 1; disk n2 2; loss n2 bit-rot key o',
  ],
  ['a difference beside a node that was wiped', 'disk n0 1; disk n1 2; loss n2 wipe at 5'],
  ['empty records and none', 'disk n0 nothing; state n1 SERVING'],
]);

describe('what a line cannot say', () => {
  it('a node that is no replica of a key need not have it', () => {
    const told = history('disk n0 1; disk n1 1; disk n2 2 key other');
    const contents = told.contents.map((replica) => ({
      ...replica,
      owns: (key: string) => replica.records.has(key),
    }));
    expect(replicasEqual.check(told)).not.toEqual([]);
    expect(replicasEqual.check({ ...told, contents })).toEqual([]);
  });
});

it('a violation says what each of the two has', () => {
  const [violation] = replicasEqual.check(history('disk n0 1 hex aabb; disk n1 !2 hex cc'));
  expect(violation).toEqual({
    check: 'replicas-equal',
    key: 'k',
    message:
      'Key k differs after healing: n0 has write 1 at d1 (2 bytes ending in aabb), ' +
      'n1 has a tombstone at d2 (1 bytes ending in cc)',
    operations: [],
  });
});

it('one byte changed in any replica of any key is found, with that key', () => {
  const keys = ['k', 'l', 'm'];
  const nodes = ['n0', 'n1', 'n2'];
  for (const key of keys) {
    for (const node of nodes) {
      const lines = keys.flatMap((name) =>
        nodes.map((at) => {
          const isChanged = name === key && at === node;
          return `disk ${at} 1 key ${name} hex ${isChanged ? 'aabbcd' : 'aabbcc'}`;
        }),
      );
      const found = replicasEqual.check(history(lines.join('\n')));
      expect(found.map((violation) => violation.key)).toEqual([key]);
    }
  }
});

it('many keys that differ are not all told', () => {
  const lines = Array.from({ length: 60 }, (_, index) => `disk n0 1 key k${index}`);
  const found = replicasEqual.check(history([...lines, 'state n1 SERVING'].join('\n')));
  expect(found).toHaveLength(VIOLATIONS_MAX);
});
