import { siblingBound } from '../../../src/sim/checkers/sibling-bound.ts';
import { accepts, rejects } from './judged.ts';

const CHAIN = 'a put 1 [0,9]; a put 2 [10,15] given 1; a put 3 [16,19] given 2; ';

accepts(siblingBound, [
  [
    'an event of a repeated put that nobody was told of, beside what had seen the other one',
    'a put 1 [0,9] unknown; a put 1 [20,30] dot x; a put 2 [40,50] given 1 told 2; ' +
      'mint n0 y at 5 holds 1; mint n1 x at 25 holds 1',
  ],
  ['nothing', ''],
  ['one value', 'a put 1 [0,9]; b get [20,30] sees 1'],
  ['two concurrent values', 'a put 1 [0,9]; b put 2 [0,9]; b get [20,30] sees 1 2'],
  [
    'two values one after the other without contexts',
    'a put 1 [0,9]; a put 2 [10,15]; b get [20,30] sees 1 2',
  ],
  [
    'three concurrent values',
    'a put 1 [0,9]; b put 2 [0,9]; c put 3 [0,9]; b get [20,30] sees 1 2 3',
  ],
  [
    'two branches of one value',
    'a put 1 [0,9]; a put 2 [10,15] given 1; b put 3 [10,15] given 1; b get [20,30] sees 2 3',
  ],
  ['a stale context', `${CHAIN}b put 4 [20,25] given 1; b get [30,40] sees 3 4`],
  ['the end of a chain', `${CHAIN}b get [20,30] sees 3`],
  ['its middle at one', `${CHAIN}b get one [20,30] sees 2`],
  [
    'an unknown write beside an acknowledged one',
    'a put 1 [0,9]; b put 2 [0,9] unknown; b get [20,30] sees 1 2',
  ],
  [
    'an overwrite beside what it missed',
    'a put 1 [0,9]; b put 2 [10,15] overwrite; b get [20,30] sees 1 2',
  ],
  [
    'what an overwrite missed beside its successor',
    'a put 1 [0,9]; b put 2 [10,15] overwrite; b put 3 [16,19] given 2; b get [20,30] sees 1 3',
  ],
  [
    'a repeated write that came back beside its successor',
    'a put 1 [0,9] dot x; a put 2 [10,15] given 1; a put 1 [16,19] dot y; b get [20,30] sees 1@y 2',
  ],
  ['a repeated write once', 'a put 1 [0,9] unknown; a put 1 [10,15]; b get [20,30] sees 1'],
  [
    'both events of a repeated write on a disk',
    'a put 1 [0,9] dot x; a put 1 [10,15] dot y; disk n0 1@x 1@y',
  ],
  ['siblings on a disk', 'a put 1 [0,9]; b put 2 [0,9]; disks 1 2'],
  [
    'a tombstone beside a value',
    'a put 1 [0,9]; b put 2 [0,9]; b delete 3 [10,15] given 2; disks 1 !3',
  ],
  ['a reply of one', 'a put 1 [0,9] told 1'],
  ['a reply of two', 'a put 1 [0,9]; b put 2 [10,15] told 2'],
  [
    'a reply of a delete that leaves a sibling',
    'a put 1 [0,9]; b put 2 [0,9]; b delete 3 [10,15] given 2 told 1',
  ],
  ['a reply that counts an unknown write', 'a put 1 [0,-] unknown; b put 2 [10,15] told 2'],
  ['a reply that counts a write begun beside it', 'b put 2 [10,15] told 2; a put 1 [12,20]'],
  ['a reply after a merge', 'a put 1 [0,9]; b put 2 [0,9]; c put 3 [10,15] given 1,2 told 1'],
  ['a reply of a repeated write', 'a put 1 [0,9] unknown; b put 2 [0,9]; a put 1 [10,15] told 2'],
  ['a reply of none', 'a put 1 [0,9]; a delete 2 [10,15] given 1 told 0'],
  ['a failed read', 'a get [0,9] unknown'],
  ['junk: not its business', 'b get [0,9] sees ?a ?b'],
  ['two keys', 'a put 1 [0,9] key x; a put 2 [10,15] given 1 key y; b get [20,30] sees 2 key y'],
  [
    'a refused write that is seen: not its business',
    'a put 1 [0,9]; b put 2 [0,9] refused; b get [20,30] sees 1 2',
  ],
  ['a loss', 'a put 1 [0,9]; loss n0 wipe at 12; b put 2 [20,22]; b get [30,40] sees 1 2'],
]);

rejects(siblingBound, [
  [
    'two siblings of a reply where there was one event of the put before',
    'a put 1 [0,9] unknown; a put 1 [20,30] dot x; a put 2 [40,50] given 1 told 2; ' +
      'mint n1 x at 25 holds 1',
  ],
  [
    'a value beside its successor',
    'a put 1 [0,9]; a put 2 [10,15] given 1; b get [20,30] sees 1 2',
  ],
  [
    'a successor beside its value',
    'a put 1 [0,9]; a put 2 [10,15] given 1; b get [20,30] sees 2 1',
  ],
  ['both at one', 'a put 1 [0,9]; a put 2 [10,15] given 1; b get one [20,30] sees 1 2'],
  ['both at all', 'a put 1 [0,9]; a put 2 [10,15] given 1; b get all [20,30] sees 1 2'],
  [
    'both before the successor is acknowledged',
    'a put 1 [0,9]; a put 2 [10,90] given 1; b get [20,30] sees 1 2',
  ],
  [
    'both when the successor is unknown',
    'a put 1 [0,9]; a put 2 [10,15] unknown given 1; b get [20,30] sees 1 2',
  ],
  ['the ends of a chain', `${CHAIN}b get [20,30] sees 1 3`],
  ['the middle of a chain beside its end', `${CHAIN}b get [20,30] sees 3 2`],
  ['a whole chain', `${CHAIN}b get [20,30] sees 1 2 3`],
  [
    'a chain through an unknown write',
    'a put 1 [0,9]; a put 2 [10,15] unknown given 1; a put 3 [16,19] given 2; b get [20,30] ' +
      'sees 1 3',
  ],
  [
    'a merged sibling',
    'a put 1 [0,9]; b put 2 [0,9]; c put 3 [10,15] given 1,2; b get [20,30] sees 2 3',
  ],
  [
    'a merged sibling among others',
    'a put 1 [0,9]; b put 2 [0,9]; c put 3 [10,15] given 1; b get [20,30] sees 1 2 3',
  ],
  ['a write twice', 'a put 1 [0,9]; b get [20,30] sees 1 1'],
  ['a write under two events', 'a put 1 [0,9]; b get [20,30] sees 1@x 1@y'],
  [
    'a repeated write under two events',
    'a put 1 [0,9] dot x unknown; a put 1 [10,15] dot y; b get [20,30] sees 1@x 1@y',
  ],
  ['a write twice beside another', 'a put 1 [0,9]; b put 2 [0,9]; b get [20,30] sees 1 2 1'],
  ['a write twice at one', 'a put 1 [0,9]; b get one [20,30] sees 1 1'],
  [
    'what a successor of an overwrite had seen',
    'a put 1 [0,9] overwrite; a put 2 [10,15] given 1; b get [20,30] sees 1 2',
  ],
  ['a value beside its successor on a disk', 'a put 1 [0,9]; a put 2 [10,15] given 1; disk n0 1 2'],
  [
    'a value beside its tombstone on a disk',
    'a put 1 [0,9]; a delete 2 [10,15] given 1; disk n0 1 !2',
  ],
  [
    'a tombstone beside its successor on a disk',
    'a delete 1 [0,9]; a put 2 [10,15] given 1; disk n0 !1 2',
  ],
  ['a chain on a disk', `${CHAIN}disks 1 3`],
  [
    'a value beside its successor after a loss',
    'a put 1 [0,9]; a put 2 [10,15] given 1; loss n0 wipe at 16; b get [20,30] sees 1 2',
  ],
  ['a reply of two for the first write', 'a put 1 [0,9] told 2'],
  ['a reply of two after a chain', 'a put 1 [0,9]; a put 2 [10,15] given 1 told 2'],
  [
    'a reply of two after a merge',
    'a put 1 [0,9]; b put 2 [0,9]; c put 3 [10,15] given 1,2 told 2',
  ],
  ['a reply of three where two are possible', 'a put 1 [0,9]; b put 2 [10,15] told 3'],
  ['a reply that counts a delete', 'a delete 1 [0,9]; b put 2 [10,15] told 2'],
  ['a reply that counts a refused write', 'a put 1 [0,9] refused; b put 2 [10,15] told 2'],
  ['a reply that counts a later write', 'b put 2 [10,15] told 2; a put 1 [20,30]'],
  [
    'a delete that leaves what it had seen',
    'a put 1 [0,9]; b put 2 [0,9]; a delete 3 [10,15] given 1,2 told 2',
  ],
]);
