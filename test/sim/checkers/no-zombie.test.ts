import { noZombie } from '../../../src/sim/checkers/no-zombie.ts';
import { accepts, rejects } from './judged.ts';

/** A value and its delete. */
const GONE = 'a put 1 [0,9]; a delete 2 [20,30] given 1; ';

accepts(noZombie, [
  ['nothing', ''],
  ['a value', 'a put 1 [0,9]; b get [20,30] sees 1'],
  ['nothing after a delete', `${GONE}b get [40,50] sees nothing`],
  ['the value beside its delete', `${GONE}b get [25,50] sees 1`],
  ['the value as its delete ended', `${GONE}b get [30,50] sees 1`],
  ['the value before its delete', `${GONE}b get [12,15] sees 1`],
  ['the value at one', `${GONE}b get one [40,50] sees 1`],
  [
    'the value after a delete at one',
    'a put 1 [0,9]; a delete 2 [20,30] one given 1; b get [40,50] sees 1',
  ],
  [
    'the value after an unknown delete',
    'a put 1 [0,9]; a delete 2 [20,30] unknown given 1; b get [40,50] sees 1',
  ],
  [
    'the value after a refused delete',
    'a put 1 [0,9]; a delete 2 [20,30] refused given 1; b get [40,50] sees 1',
  ],
  ['what the delete had not seen', `${GONE}c put 3 [0,9]; b get [40,50] sees 3`],
  ['a value put after the delete', `${GONE}c put 3 [35,38]; b get [40,50] sees 3`],
  [
    'a value put with the context of the delete',
    `${GONE}a put 3 [35,38] given 2; b get [40,50] sees 3`,
  ],
  [
    'a value after a delete without a context',
    'a put 1 [0,9]; a delete 2 [20,30] blind; b get [40,50] sees 1',
  ],
  [
    'a value beside a delete that looked first',
    'a put 1 [0,25]; a delete 2 [20,30] looking; b get [40,50] sees 1',
  ],
  [
    'a value of fewer than a majority after a delete that looked first',
    'a put 1 [0,9] one; a delete 2 [20,30] looking; b get [40,50] sees 1',
  ],
  [
    'a value whose disks were lost before a delete that looked first',
    'a put 1 [0,9]; loss n0 wipe at 12; loss n1 wipe at 12; a delete 2 [20,30] looking; ' +
      'b get [40,50] sees 1',
  ],
  ['a value after a delete of nothing', 'a put 1 [0,9]; a delete 2 [20,30]; b get [40,50] sees 1'],
  ['two of five', `replicas 5; ${GONE}b get two [40,50] sees 1`],
  ['r=1 after w=2', 'a put 1 [0,9]; a delete 2 [20,30] w=2 given 1; b get r=1 [40,50] sees 1'],
  ['another key', `${GONE}c put 3 [0,9] key x; b get [40,50] sees 3 key x`],
  [
    'a replaced value: not its business',
    'a put 1 [0,9]; a put 2 [20,30] given 1; b get [40,50] sees 1',
  ],
  ['a failed read', `${GONE}b get [40,50] unknown`],
  [
    'a delete whose disks were lost',
    `${GONE}loss n0 wipe at 35; loss n1 wipe at 35; b get [40,50] sees 1`,
  ],
  [
    'a delete whose disks are lost during the read',
    `${GONE}loss n0 wipe at 45; loss n1 wipe at 45; b get [40,50] sees 1`,
  ],
  [
    'copies of the delete that were not durable',
    'a put 1 [0,9]; a delete 2 [20,30] durable 0 given 1; b get [40,50] sees 1',
  ],
  [
    'a repeated put that came back',
    'a put 1 [0,9] unknown; a delete 2 [20,30] given 1; a put 1 [31,35] dot y; b get [40,50] ' +
      'sees 1@y; b get [12,15] sees 1',
  ],
  ['a tombstone on the disks', `${GONE}disks !2`],
  ['nothing on the disks', `${GONE}disks nothing`],
  ['the value on a disk that missed the delete', `${GONE}disk n0 !2; disk n1 !2; disk n2 1`],
  [
    'the value on a disk that lost the delete',
    `${GONE}loss n0 rollback at 35 intact 15; disk n0 1`,
  ],
  [
    'the value on a disk where only some copies were durable',
    'a put 1 [0,9]; a delete 2 [20,30] durable 1 given 1; disk n0 1',
  ],
  [
    'the value on a disk after a delete without a context',
    'a put 1 [0,9]; a delete 2 [20,30] blind; disks 1',
  ],
  ['what the delete had not seen, on a disk', `${GONE}c put 3 [0,9]; disks 3`],
]);

rejects(noZombie, [
  [
    'a value after a delete that looked first',
    'a put 1 [0,9]; a delete 2 [20,30] looking; b get [40,50] sees 1',
  ],
  [
    'what a value had replaced, after a delete that looked first',
    'c put 1 [0,4]; a put 3 [5,9] given 1; a delete 2 [20,30] looking; b get [40,50] sees 1',
  ],
  ['the value after its delete', `${GONE}b get [40,50] sees 1`],
  ['the value after nothing', `${GONE}b get [31,35] sees nothing; b get [40,50] sees 1`],
  ['the value beside another', `${GONE}c put 3 [0,9]; b get [40,50] sees 3 1`],
  ['the value beside a newer one', `${GONE}a put 3 [31,35] given 2; b get [40,50] sees 1 3`],
  [
    'one of two values that were deleted',
    'a put 1 [0,9]; b put 3 [0,9]; a delete 2 [20,30] given 1,3; b get [40,50] sees 3',
  ],
  [
    'what the deleted value had seen',
    'a put 1 [0,9]; a put 3 [10,15] given 1; a delete 2 [20,30] given 3; b get [40,50] sees 1',
  ],
  [
    'what it had seen through an unknown write',
    'a put 1 [0,9]; a put 3 [10,15] unknown given 1; a delete 2 [20,30] given 3; b get ' +
      '[40,50] sees 1',
  ],
  [
    'an unknown put that was deleted',
    'a put 1 [0,9] unknown; a delete 2 [20,30] given 1; b get [40,50] sees 1',
  ],
  ['a read at all', `${GONE}b get all [40,50] sees 1`],
  ['a read at three', `${GONE}b get three [40,50] sees 1`],
  [
    'a delete at one and a read at all',
    'a put 1 [0,9]; a delete 2 [20,30] one given 1; b get all [40,50] sees 1',
  ],
  [
    'a delete at all and a read at one',
    'a put 1 [0,9]; a delete 2 [20,30] all given 1; b get one [40,50] sees 1',
  ],
  ['r=2 after w=2', 'a put 1 [0,9]; a delete 2 [20,30] w=2 given 1; b get r=2 [40,50] sees 1'],
  ['a quorum of five', `replicas 5; ${GONE}b get [40,50] sees 1`],
  ['a delete of a deleted value', `${GONE}b delete 4 [31,35] given 1; b get [40,50] sees 1`],
  [
    'a value brought back by a chain',
    `${GONE}a put 3 [31,32] given 2; a delete 4 [33,35] given 3; b get [40,50] sees 1`,
  ],
  [
    'a delete that was repeated',
    'a put 1 [0,9]; a delete 2 [10,15] unknown given 1; a delete 2 [20,30] given 1; b get ' +
      '[40,50] sees 1',
  ],
  ['one lost disk', `${GONE}loss n0 wipe at 35; b get [40,50] sees 1`],
  [
    'disks lost before the delete',
    `loss n0 wipe at 10; loss n1 wipe at 10; ${GONE}b get [40,50] sees 1`,
  ],
  [
    'disks lost after the read',
    `${GONE}b get [40,50] sees 1; loss n0 wipe at 60; loss n1 wipe at 60`,
  ],
  [
    'disks that kept the delete',
    `${GONE}loss n0 rollback at 35 intact 31; loss n1 rollback at 35 intact 31; b get ` +
      '[40,50] sees 1',
  ],
  [
    'rotten rows of another key',
    `${GONE}loss n0 bit-rot at 35 key x; loss n1 bit-rot at 35 key x; b get [40,50] sees 1`,
  ],
  [
    'a repeated put that came back under its first event',
    'a put 1 [0,9]; a delete 2 [20,30] given 1; a put 1 [31,35]; b get [40,50] sees 1',
  ],
  ['the value on every disk', `${GONE}disks 1`],
  [
    'the value on one disk that had acknowledged the delete',
    `${GONE}disk n0 !2; disk n1 1; disk n2 !2`,
  ],
  ['the value beside its tombstone', `${GONE}disk n0 1 !2`],
  ['the value beside a newer one on a disk', `${GONE}a put 3 [31,35] given 2; disk n0 1 3`],
  [
    'the value on the disk of a delete at one',
    'a put 1 [0,9]; a delete 2 [20,30] one by n2 given 1; disk n2 1',
  ],
  ['the value on a disk that lost something earlier', `loss n0 wipe at 5; ${GONE}disk n0 1`],
  ['a second later read', `${GONE}b get one [31,33] sees 1; b get [40,50] sees 1`],
]);
