import { registerRegularity } from '../../../src/sim/checkers/register-regularity.ts';
import { accepts, rejects } from './judged.ts';

accepts(registerRegularity, [
  ['a read before any write', 'a get [0,10] sees nothing'],
  ['a read of the write before it', 'a put 1 [0,10]; b get [20,30] sees 1'],
  ['a read beside the write that shows it', 'a put 1 [0,20]; b get [10,30] sees 1'],
  ['a read beside the write that does not', 'a put 1 [0,20]; b get [10,30] sees nothing'],
  ['a read that began when the write ended', 'a put 1 [0,20]; b get [20,30] sees nothing'],
  ['an unknown write that is not seen', 'a put 1 [0,10] unknown; b get [20,30] sees nothing'],
  [
    'an unknown write that is seen and then not',
    'a put 1 [0,9] unknown; b get [20,30] sees 1; b get [40,50] sees nothing',
  ],
  ['a failed read', 'a put 1 [0,10]; b get [20,30] unknown'],
  ['siblings', 'a put 1 [0,10]; b put 2 [0,10]; b get [20,30] sees 1 2'],
  ['the replacement', 'a put 1 [0,10]; a put 2 [20,30] given 1; b get [40,50] sees 2'],
  [
    'a replacement that is not acknowledged',
    'a put 1 [0,9]; a put 2 [9,-] unknown given 1; b get [40,50] sees 2',
  ],
  [
    'the old value while it is replaced',
    'a put 1 [0,9]; a put 2 [20,60] given 1; b get [30,50] sees 1',
  ],
  [
    'a chain',
    'a put 1 [0,9]; a put 2 [20,30] given 1; a put 3 [40,50] given 2; b get [60,70] sees 3',
  ],
  [
    'nothing after a delete',
    'a put 1 [0,9]; a delete 2 [20,30] given 1; b get [40,50] sees nothing',
  ],
  [
    'nothing while a delete runs',
    'a put 1 [0,9]; a delete 2 [20,60] given 1; b get [30,50] sees nothing',
  ],
  [
    'nothing after an unknown delete',
    'a put 1 [0,9]; a delete 2 [9,-] unknown given 1; b get [40,50] sees nothing',
  ],
  [
    'the value after an unknown delete',
    'a put 1 [0,9]; a delete 2 [9,-] unknown given 1; b get [40,50] sees 1',
  ],
  [
    'a value put where a delete had been',
    'a put 1 [0,9]; a delete 2 [20,30] given 1; b put 3 [40,50]; c get [60,70] sees 3',
  ],
  ['an overwrite', 'a put 1 [0,10]; b put 2 [20,30] overwrite; c get [40,50] sees 2'],
  [
    'an overwrite that missed it',
    'a put 1 [0,10]; b put 2 [20,30] overwrite; c get [40,50] sees 1 2',
  ],
  [
    'a blind delete that missed it',
    'a put 1 [0,9]; b delete 2 [20,30] blind; c get [40,50] sees 1',
  ],
  ['a blind delete', 'a put 1 [0,9]; b delete 2 [20,30] blind; c get [40,50] sees nothing'],
  ['a stale read at one', 'a put 1 [0,10]; b get [20,30] one sees nothing'],
  ['a stale read of a write at one', 'a put 1 [0,10] one; b get [20,30] sees nothing'],
  ['a stale read of w=1 by r=2', 'a put 1 [0,10] w=1; b get r=2 [20,30] sees nothing'],
  ['two of five after a quorum', 'replicas 5; a put 1 [0,10]; b get two [20,30] sees nothing'],
  [
    'a replaced value after a replacement at one',
    'a put 1 [0,9]; a put 2 [20,30] one given 1; b get [40,50] sees 1',
  ],
  [
    'a write whose disks were all lost',
    'a put 1 [0,9]; loss n0 wipe at 15; loss n1 wipe at 15; b get [20,30] sees nothing',
  ],
  [
    'a write whose disks are lost during the read',
    'a put 1 [0,9]; b get [20,40] sees nothing; loss n0 wipe at 30; loss n1 wipe at 30',
  ],
  ['copies that were not durable', 'a put 1 [0,10] durable 0; b get [20,30] sees nothing'],
  [
    'a repeated write that came back under a second event',
    'a put 1 [0,9] dot x; a put 2 [20,30] given 1; a put 1 [35,45] dot y; b get [50,60] sees 2 1@y',
  ],
  ['another key', 'a put 1 [0,10] key x; b get [20,30] sees nothing'],
]);

rejects(registerRegularity, [
  ['a read that misses the write', 'a put 1 [0,10]; b get [20,30] sees nothing'],
  ['a read at all that misses it', 'a put 1 [0,10]; b get all [20,30] sees nothing'],
  [
    'a read at all that misses a write at one',
    'a put 1 [0,10] one; b get all [20,30] sees nothing',
  ],
  [
    'a read at one that misses a write at all',
    'a put 1 [0,10] all; b get one [20,30] sees nothing',
  ],
  ['r=1 after w=3', 'a put 1 [0,10] w=3; b get r=1 [20,30] sees nothing'],
  ['r=2 after w=2', 'a put 1 [0,10] w=2; b get r=2 [20,30] sees nothing'],
  ['two of three after two of three', 'a put 1 [0,10] two; b get two [20,30] sees nothing'],
  ['a quorum of five', 'replicas 5; a put 1 [0,10]; b get [20,30] sees nothing'],
  ['a read at three of five', 'replicas 5; a put 1 [0,10]; b get three [20,30] sees nothing'],
  ['one sibling of two', 'a put 1 [0,10]; b put 2 [0,10]; b get [20,30] sees 1'],
  ['a later write that hides one', 'a put 1 [0,10]; b put 2 [20,30]; b get [40,50] sees 2'],
  ['the old value alone', 'a put 1 [0,10]; a put 2 [20,30] given 1; b get [40,50] sees 1'],
  [
    'the old value beside the new',
    'a put 1 [0,9]; a put 2 [20,30] given 1; b get [40,50] sees 1 2',
  ],
  [
    'the start of a chain',
    'a put 1 [0,9]; a put 2 [20,30] given 1; a put 3 [40,50] given 2; b get [60,70] sees 3 1',
  ],
  [
    'the start of a chain through an unknown write',
    'a put 1 [0,9]; b put 2 [9,-] unknown given 1; a put 3 [40,50] given 2; b get [60,70] sees 3 1',
  ],
  ['the value after its delete', 'a put 1 [0,9]; a delete 2 [20,30] given 1; b get [40,50] sees 1'],
  [
    'nothing after a refused delete',
    'a put 1 [0,9]; a delete 2 [9,12] refused given 1; b get [40,50] sees nothing',
  ],
  [
    'nothing before the delete',
    'a put 1 [0,9]; b get [20,30] sees nothing; a delete 2 [40,50] given 1',
  ],
  [
    'a delete that had not seen it',
    'a put 1 [0,9]; b put 3 [0,9]; a delete 2 [20,30] given 3; b get [40,50] sees nothing',
  ],
  [
    'a write lost after an overwrite ended',
    'b put 2 [0,9] overwrite; a put 1 [20,30]; c get [40,50] sees 2',
  ],
  [
    'a write lost after a blind delete ended',
    'b delete 2 [0,9] blind; a put 1 [20,30]; c get [40,50] sees nothing',
  ],
  ['a lost overwrite', 'a put 1 [0,9] overwrite; b get [20,30] sees nothing'],
  [
    'an unacknowledged replacement that is not seen',
    'a put 1 [0,9]; a put 2 [9,-] unknown given 1; b get [40,50] sees nothing',
  ],
  [
    'a refused replacement',
    'a put 1 [0,9]; a put 2 [9,12] refused given 1; b get [40,50] sees nothing',
  ],
  [
    'a read after one disk of two was lost',
    'a put 1 [0,9]; loss n0 wipe at 15; b get [20,30] sees nothing',
  ],
  [
    'a read before all disks were lost',
    'a put 1 [0,9]; b get [20,30] sees nothing; loss n0 wipe at 50; loss n1 wipe at 50',
  ],
  [
    'a read after disks lost older things',
    'loss n0 wipe at 1; loss n1 wipe at 1; a put 1 [5,9]; b get [20,30] sees nothing',
  ],
  [
    'a repeated write that is not seen',
    'a put 1 [0,9] unknown; a put 1 [20,30]; b get [40,50] sees nothing',
  ],
  [
    'a repeated write that came back under its first event',
    'a put 1 [0,9]; a put 2 [20,30] given 1; a put 1 [35,45]; b get [50,60] sees 2 1',
  ],
  ['bytes of nobody in its place', 'a put 1 [0,10]; b get [20,30] sees ?junk'],
  [
    'a second read that misses it',
    'a put 1 [0,10]; b get [20,30] sees 1; b get [40,50] sees nothing',
  ],
]);
