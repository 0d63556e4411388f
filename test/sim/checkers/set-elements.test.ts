import { expect, it } from 'vitest';
import { setElements } from '../../../src/sim/checkers/set-elements.ts';
import { history } from './history-dsl.ts';
import { accepts, rejects } from './judged.ts';

const one = 'a put 1 [0,10] holds 1';
const two = 'b put 2 [20,30] given 1 holds 1,2';

accepts(setElements, [
  ['nothing at all', ''],
  ['keys that hold no sets', 'a put 1 [0,10]; disks nothing; b get [20,30] sees nothing'],
  ['one element', `${one}; disks 1`],
  ['elements carried on', `${one}; ${two}; disks 2`],
  ['elements of siblings', `${one}; b put 2 [0,10] holds 2; disks 1 2`],
  [
    'siblings that were merged',
    `${one}; b put 2 [0,9] holds 2; c put 3 [20,30] given 1,2 holds 1,2,3; disks 3`,
  ],
  ['an element on one replica only', `${one}; disk n0 1; disk n1 nothing; disk n2 nothing`],
  ['an element that was removed', `${one}; b put 2 [20,30] given 1 holds 2; disks 2`],
  [
    'an element removed by a write of unknown outcome',
    `${one}; b put 2 [20,30] unknown code UNREACHABLE given 1 holds 2; disks 2`,
  ],
  [
    'an element that such a write left',
    `${one}; b put 2 [20,30] unknown code UNREACHABLE given 1 holds 2; disks 1`,
  ],
  ['a set that was deleted', `${one}; b delete 2 [20,30] given 1; disks !2`],
  ['a set that a blind delete took', `${one}; b delete 2 [20,30] blind; disks nothing`],
  ['a set that was overwritten', `${one}; b put 2 [20,30] overwrite holds 2; disks 2`],
  ['a set replaced by a plain value', `${one}; b put 2 [20,30] given 1; disks 2`],
  [
    'an element of a refused write',
    'a put 1 [0,10] refused code OVERLOADED holds 1; disks nothing',
  ],
  [
    'an element of an unknown write that is nowhere',
    'a put 1 [0,9] unknown code UNREACHABLE holds 1; disks nothing',
  ],
  [
    'an element of an unknown write that is there',
    'a put 1 [0,9] unknown code UNREACHABLE holds 1; disks 1',
  ],
  ['an element added at one that is gone', 'a put 1 [0,10] one holds 1; disks nothing'],
  ['an element that was not durable', 'a put 1 [0,10] durable 1 holds 1; disks nothing'],
  [
    'an element whose nodes lost their disks',
    `${one}; loss n0 wipe at 50; loss n1 wipe at 60; disk n2 nothing`,
  ],
  [
    'an element that is only on a node that does not serve',
    `${one}; disk n0 1; state n0 RECOVERING`,
  ],
  ['a read that began before the element was there', `${one}; b get [5,30] sees nothing; disks 1`],
  ['a weak read that misses it', `${one}; b get [20,30] one sees nothing; disks 1`],
  ['a strict read after a weak write', 'a put 1 [0,10] one holds 1; b get [20,30] sees nothing'],
  ['a failed read', `${one}; b get [20,30] refused code QUORUM_NOT_MET; disks 1`],
  [
    'a read of siblings that have it together',
    `${one}; b put 2 [0,9] holds 2; c get [20,30] sees 1 2`,
  ],
  [
    'sets of different keys',
    `${one}; b put 2 [0,10] holds 2 key other; disks 1; disks 2 key other`,
  ],
  [
    'an element added by a repeated write',
    'a put 1 [0,9] unknown code UNREACHABLE holds 1; a put 1 [20,30] holds 1; disks 1',
  ],
  ['an empty set', 'a put 1 [0,10] holds nothing; disks 1'],
  ['a history without dumps', `${one}; ${two}`],
]);

rejects(setElements, [
  ['an element that is nowhere', `${one}; disks nothing`],
  ['an element that the next write was not given', `${one}; b put 2 [20,30] holds 2; disks 2`],
  ['the first of two', `${one}; ${two}; c put 3 [40,50] given 2 holds 1,2,3; disks 9`],
  ['the second of two', `${one}; ${two}; disks 1`],
  ['one sibling of two', `${one}; b put 2 [0,10] holds 2; disks 2`],
  [
    'an element lost to a refused removal',
    `${one}; b put 2 [20,30] refused code OVERLOADED given 1 holds 2; disks 2`,
  ],
  [
    'an element that is only on a node that does not serve',
    `${one}; disk n0 1; state n0 RECOVERING; disk n1 nothing`,
  ],
  ['an element under a tombstone', `${one}; disks !5`],
  ['an element where one disk of its two was lost', `${one}; loss n0 wipe at 50; disk n1 nothing`],
  ['an element added at all', 'a put 1 [0,10] all holds 1; disks nothing'],
  ['an element added with raw numbers', 'a put 1 [0,10] w=2 holds 1; disks nothing'],
  [
    'an element added by a repeated write',
    'a put 1 [0,9] unknown code UNREACHABLE holds 1; a put 1 [20,30] holds 1; disks nothing',
  ],
  ['a strict read that finds nothing', `${one}; b get [20,30] sees nothing; disks 1`],
  [
    'a strict read that finds another sibling only',
    `${one}; b put 2 [0,10] holds 2; c get [20,30] sees 2; disks 1 2`,
  ],
  ['a read at all that misses it', `${one}; b get [20,30] all sees nothing; disks 1`],
  [
    'a read at one that must meet a write at all',
    'a put 1 [0,10] all holds 1; b get [20,30] one sees nothing; disks 1',
  ],
  ['a read of an older value', `${one}; ${two}; c get [40,50] sees 1; disks 2`],
  ['a read of bytes nobody wrote', `${one}; b get [20,30] sees ?junk; disks 1`],
  ['one key of two', `${one}; b put 2 [0,10] holds 2 key other; disks 1; disks nothing key other`],
  ['a removal of another element', `${one}; ${two}; c put 3 [40,50] given 2 holds 1,3; disks 5`],
]);

it('a violation names the write that added, and the read that lacks it', () => {
  const found = setElements.check(history(`${one}; b get [20,30] sees nothing; disks nothing`));
  expect(found).toEqual([
    {
      check: 'set-elements',
      key: 'k',
      message: 'Element 1 of set k, acknowledged to a by n0, n1, is in no replica at the end',
      operations: [1],
    },
    {
      check: 'set-elements',
      key: 'k',
      message: 'Element 1 of set k was acknowledged to a, and the later read 1001 by b lacks it',
      operations: [1, 1001],
    },
  ]);
});

it('any element dropped from the final value of a good history is found', () => {
  const ids = [1, 2, 3, 4, 5, 6];
  const lines = ids.map((id, index) => {
    const given = ids.slice(0, index).join(',') || 'nothing';
    return `c${id} put ${id} [${id}0,${id}5] given ${given} holds ${ids.slice(0, id).join(',')}`;
  });
  expect(setElements.check(history([...lines, 'disks 6'].join('\n')))).toEqual([]);
  for (const kept of [1, 2, 3, 4, 5]) {
    const found = setElements.check(history([...lines, `disks ${kept}`].join('\n')));
    expect(found.map(({ operations }) => operations)).toEqual(ids.slice(kept).map((id) => [id]));
  }
});
