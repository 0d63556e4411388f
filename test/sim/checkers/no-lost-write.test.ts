import { noLostWrite } from '../../../src/sim/checkers/no-lost-write.ts';
import { accepts, rejects } from './judged.ts';

accepts(noLostWrite, [
  ['nothing at all', ''],
  ['a write on every disk', 'a put 1 [0,10]; disks 1'],
  ['a write on the disks that acknowledged it', 'a put 1 [0,10] by n0,n2; disk n0 1; disk n2 1'],
  ['a write at one on its disk', 'a put 1 [0,10] one by n1; disk n1 1; disk n0 nothing'],
  ['a history without dumps', 'a put 1 [0,10]'],
  ['an unknown write that is nowhere', 'a put 1 [0,10] unknown; disks nothing'],
  ['an unknown write that is there', 'a put 1 [0,10] unknown; disks 1'],
  ['a refused write that is nowhere', 'a put 1 [0,10] refused; disks nothing'],
  ['a replaced write', 'a put 1 [0,10]; a put 2 [20,30] given 1; disks 2'],
  [
    'a write replaced through a chain',
    'a put 1 [0,10]; b put 2 [20,30] given 1; c put 3 [40,50] given 2; disks 3',
  ],
  [
    'a chain through an unknown write',
    'a put 1 [0,10]; b put 2 [20,30] unknown given 1; c put 3 [40,50] given 2; disks 3',
  ],
  ['a write replaced by an unknown one', 'a put 1 [0,9]; b put 2 [20,30] unknown given 1; disks 2'],
  ['concurrent writes that both stay', 'a put 1 [0,10]; b put 2 [0,10]; disks 1 2'],
  ['a deleted write', 'a put 1 [0,10]; a delete 2 [20,30] given 1; disks !2'],
  ['a delete without its tombstone', 'a put 1 [0,10]; a delete 2 [20,30] given 1; disks nothing'],
  ['a delete of which nobody knows', 'a put 1 [0,9]; a delete 2 [20,-] unknown given 1; disks !2'],
  [
    'a value put after a read that found nothing, where the delete had been',
    'a put 1 [0,10]; a delete 2 [20,30] given 1; b put 3 [40,50]; disks 3',
  ],
  ['an overwritten write', 'a put 1 [0,10]; b put 2 [20,30] overwrite; disks 2'],
  ['a write overwritten while it was made', 'a put 1 [0,30]; b put 2 [10,40] overwrite; disks 2'],
  [
    'a write overwritten by one that was replaced',
    'a put 1 [0,10]; b put 2 [20,30] overwrite; b put 3 [40,50] given 2; disks 3',
  ],
  [
    'a write that an unknown overwrite took long after',
    'b put 2 [20,30] unknown overwrite; a put 1 [100,110]; disks 2',
  ],
  ['a write that a blind delete took', 'a put 1 [0,10]; b delete 2 [20,30] blind; disks nothing'],
  [
    'a write of which all disks were wiped',
    'a put 1 [0,9]; loss n0 wipe at 20; loss n1 wipe at 20',
  ],
  [
    'a write lost with the one disk that had it',
    'a put 1 [0,10] one by n0; loss n0 wipe at 20; disks nothing',
  ],
  [
    'a write rolled back on both of its disks',
    'a put 1 [20,30]; loss n0 rollback at 50 intact 15; loss n1 rollback at 60 intact 25; ' +
      'disks nothing',
  ],
  [
    'a disk that lost it, beside one that has it',
    'a put 1 [0,10]; loss n0 wipe at 20; disk n0 nothing; disk n1 1',
  ],
  ['a rotten row of the key', 'a put 1 [0,9] one; loss n0 bit-rot at 20 key k; disks nothing'],
  ['a write that was on no disk for certain', 'a put 1 [0,10] durable 0; disks nothing'],
  [
    'one durable copy when a disk is lost: it may have been that one',
    'a put 1 [0,10] durable 1; loss n0 wipe at 20; disks nothing',
  ],
  [
    'disks lost in turn, the second before the first was rebuilt',
    'a put 1 [0,10] by n0,n1; loss n0 wipe at 20; loss n1 wipe at 30; rebuilt n0 at 40; ' +
      'disks nothing',
  ],
  [
    'disks lost in turn, of which the first rebuilt another key',
    'a put 1 [0,10] by n0,n1; loss n0 wipe at 20; rebuilt n0 at 30 key x; loss n1 wipe at 40; ' +
      'disks nothing',
  ],
  [
    'disks lost in turn that a minority had acknowledged',
    'replicas 5; a put 1 [0,10] one by n0,n1; loss n0 wipe at 20; rebuilt n0 at 30; ' +
      'loss n1 wipe at 40; disks nothing',
  ],
  ['a repeated write that is there once', 'a put 1 [0,9] unknown; a put 1 [20,30]; disks 1'],
  ['a write under its own key only', 'a put 1 [0,10] key x; disks 1 key x; disks nothing'],
  ['a disk that went back to a value above it', 'a put 1 [0,9]; b put 2 [9,12] given 1; disks 2'],
]);

rejects(noLostWrite, [
  ['a write that is nowhere', 'a put 1 [0,10]; disks nothing'],
  ['a write at one that is nowhere', 'a put 1 [0,10] one by n2; disks nothing'],
  ['a write at all that is nowhere', 'a put 1 [0,10] all; disks nothing'],
  ['a write without any record', 'a put 1 [0,10]; state n0 SERVING; state n1 SERVING'],
  [
    'a write that one of its disks has lost without a fault',
    'a put 1 [0,10] by n0,n1; disk n0 1; disk n1 nothing; disk n2 1',
  ],
  ['one of two concurrent writes', 'a put 1 [0,10]; b put 2 [0,10]; disks 2'],
  ['a write displaced by a later one that never saw it', 'a put 1 [0,9]; b put 2 [20,30]; disks 2'],
  ['a write whose replacement is gone too', 'a put 1 [0,10]; a put 2 [20,30] given 1; disks 3'],
  [
    'a write whose only replacement was refused and is nowhere',
    'a put 1 [0,10]; a put 2 [20,30] refused given 1; disks nothing',
  ],
  [
    'a write under a refused delete',
    'a put 1 [0,9]; a delete 2 [20,30] refused given 1; disks nothing',
  ],
  ['a write that the delete had not seen', 'a put 1 [0,9]; b delete 2 [20,30] given 3; disks !2'],
  [
    'a write lost through a chain that leaves it out',
    'a put 1 [0,10]; b put 2 [0,10]; c put 3 [20,30] given 2; disks 3',
  ],
  ['a write begun after the overwrite', 'b put 2 [0,10] overwrite; a put 1 [20,30]; disks 2'],
  ['a write begun after the blind delete', 'b delete 2 [0,10] blind; a put 1 [20,30]; disks !2'],
  [
    'a write begun after the client had seen the overwrite',
    'b put 2 [0,10] overwrite; a put 1 [20,30]; c put 3 [40,50] given 2; disks 3',
  ],
  ['a write after the wipe', 'loss n0 wipe at 5; a put 1 [10,20] one by n0; disks nothing'],
  [
    'a write that the rollback left',
    'a put 1 [0,9]; loss n0 rollback at 50 intact 20; disks nothing',
  ],
  [
    'a write that one disk could have kept',
    'a put 1 [0,10] by n0,n1; loss n0 wipe at 20; disks nothing',
  ],
  [
    'a write lost where another key rotted',
    'a put 1 [0,10] one by n0; loss n0 bit-rot at 20 key x; disks nothing',
  ],
  [
    'a write lost where another node was wiped',
    'a put 1 [0,10] one by n0; loss n1 wipe at 20; disks nothing',
  ],
  ['a write with one durable copy', 'a put 1 [0,10] durable 1; disks nothing'],
  [
    'two durable copies of three when one disk is lost',
    'a put 1 [0,10] all durable 2; loss n0 wipe at 20; disks nothing',
  ],
  [
    'a write lost with disks in turn, the first of which had been rebuilt',
    'a put 1 [0,10] by n0,n1; loss n0 wipe at 20; rebuilt n0 at 30; loss n1 wipe at 40; ' +
      'rebuilt n1 at 50; disks nothing',
  ],
  ['a repeated write that is nowhere', 'a put 1 [0,9] unknown; a put 1 [20,30]; disks nothing'],
  ['a write that is under another key', 'a put 1 [0,10]; disks nothing; disks 1 key x'],
  ['a tombstone of nobody', 'a put 1 [0,10]; disks !9'],
  [
    'a replacement under another key',
    'a put 1 [0,9]; a put 2 [20,30] given 1 key x; disks 2 key x',
  ],
  ['a put that replaced a lost delete', 'a put 1 [0,9]; b put 2 [20,30]; disks nothing'],
  ['an overwrite that is nowhere', 'a put 1 [0,10] overwrite; disks nothing'],
  ['a lost write among five replicas', 'replicas 5; a put 1 [0,10] by n0,n3,n4; disks nothing'],
  ['the middle of a chain without its end', 'a put 1 [0,9]; a put 2 [20,30] given 1; disks 1'],
]);
