import { monotonicReads } from '../../../src/sim/checkers/monotonic-reads.ts';
import { accepts, rejects } from './judged.ts';

/** A write of which nobody knows whether it was made, and one that had seen it. */
const ONE = 'w put 1 [0,9] unknown; ';
const TWO = `${ONE}w put 2 [9,19] unknown given 1; `;

accepts(monotonicReads, [
  ['nothing', ''],
  ['one read', `${ONE}a get [20,30] sees 1`],
  ['the same value twice', `${ONE}a get [20,30] sees 1; b get [40,50] sees 1`],
  ['a value that appears', `${ONE}a get [20,30] sees nothing; b get [40,50] sees 1`],
  ['a value that is replaced', `${TWO}a get [20,30] sees 1; b get [40,50] sees 2`],
  ['reads beside each other', `${ONE}a get [20,50] sees 1; b get [40,60] sees nothing`],
  [
    'a read that began as the first one ended',
    `${ONE}a get [20,40] sees 1; b get [40,60] sees nothing`,
  ],
  [
    'an older read after a read at one',
    `${ONE}a get one [20,30] sees 1; b get [40,50] sees nothing`,
  ],
  [
    'an older read after a read at two',
    `${ONE}a get two [20,30] sees 1; b get [40,50] sees nothing`,
  ],
  ['an older read after r=1', `${ONE}a get r=1 [20,30] sees 1; b get [40,50] sees nothing`],
  ['an older read at one', `${ONE}a get [20,30] sees 1; b get one [40,50] sees nothing`],
  [
    'an older read by two of five',
    `replicas 5; ${ONE}a get [20,30] sees 1; b get two [40,50] sees nothing`,
  ],
  ['siblings that join', `${ONE}x put 3 [0,9]; a get [20,30] sees 1; b get [40,50] sees 1 3`],
  [
    'siblings that are merged',
    `${ONE}x put 3 [0,9]; a get [20,30] sees 1 3; x put 4 [31,32] given 1,3; b get [40,50] sees 4`,
  ],
  [
    'a delete in between',
    `${ONE}a get [20,30] sees 1; x delete 3 [31,35] given 1; b get [40,50] sees nothing`,
  ],
  [
    'a delete of which nobody knows',
    `${ONE}a get [20,30] sees 1; x delete 3 [31,-] unknown given 1; b get [40,50] sees nothing`,
  ],
  [
    'a delete that missed it',
    `${ONE}a get [20,30] sees 1; x delete 3 [31,35] blind; b get [40,50] sees 1`,
  ],
  [
    'a blind delete in between',
    `${ONE}a get [20,30] sees 1; x delete 3 [31,35] blind; b get [40,50] sees nothing`,
  ],
  [
    'an overwrite in between',
    `${ONE}a get [20,30] sees 1; x put 3 [31,35] overwrite; b get [40,50] sees 3`,
  ],
  ['a failed read', `${ONE}a get [20,30] sees 1; b get [40,50] unknown`],
  ['another key', `${ONE}a get [20,30] sees 1; b get [40,50] sees nothing key x`],
  [
    'a majority of lost disks',
    `${ONE}a get [20,30] sees 1; loss n0 wipe at 35; loss n1 wipe at 35; b get [40,50] sees ` +
      'nothing',
  ],
  [
    'disks lost during the second read',
    `${ONE}a get [20,30] sees 1; b get [40,50] sees nothing; loss n0 wipe at 45; loss n1 ` +
      'wipe at 45',
  ],
  [
    'three lost disks of five',
    `replicas 5; ${ONE}a get [20,30] sees 1; loss n0 wipe at 35; loss n1 wipe at 35; loss ` +
      'n2 wipe at 35; b get [40,50] sees nothing',
  ],
  [
    'a repeated write that came back',
    `${TWO}w put 1 [20,-] unknown; a get [20,30] sees 1; a get [40,50] sees 2; b get ` +
      '[60,70] sees 1@y 2',
  ],
  [
    'a delete and a value after it',
    `${ONE}a get [20,30] sees 1; x delete 3 [31,35] given 1; x put 4 [36,38]; b get [40,50] sees 4`,
  ],
  ['all after quorum', `${TWO}a get [20,30] sees 1; b get all [40,50] sees 2`],
  ['r=2 after r=2', `${TWO}a get r=2 [20,30] sees 2; b get r=2 [40,50] sees 2`],
  [
    'three reads that go up',
    `${TWO}a get [20,22] sees nothing; b get [23,25] sees 1; c get [26,28] sees 2`,
  ],
  ['an older read that began before', `${TWO}a get [20,90] sees 1; b get [30,40] sees 2`],
]);

rejects(monotonicReads, [
  ['a value that disappears', `${ONE}a get [20,30] sees 1; b get [40,50] sees nothing`],
  [
    'a value that disappears for the same client',
    `${ONE}a get [20,30] sees 1; a get [40,50] sees nothing`,
  ],
  ['a value that goes back', `${TWO}a get [20,30] sees 2; b get [40,50] sees 1`],
  ['an old value that joins the new', `${TWO}a get [20,30] sees 2; b get [40,50] sees 1 2`],
  [
    'a sibling that disappears',
    `${ONE}x put 3 [0,9]; a get [20,30] sees 1 3; b get [40,50] sees 3`,
  ],
  [
    'another value in its place',
    `${ONE}x put 3 [31,35]; a get [20,30] sees 1; b get [40,50] sees 3`,
  ],
  ['quorum after all', `${ONE}a get all [20,30] sees 1; b get [40,50] sees nothing`],
  ['all after quorum', `${ONE}a get [20,30] sees 1; b get all [40,50] sees nothing`],
  ['r=2 after r=2', `${ONE}a get r=2 [20,30] sees 1; b get r=2 [40,50] sees nothing`],
  ['r=3 after quorum', `${ONE}a get [20,30] sees 1; b get r=3 [40,50] sees nothing`],
  ['three of three after quorum', `${ONE}a get [20,30] sees 1; b get three [40,50] sees nothing`],
  ['two of three after quorum', `${ONE}a get [20,30] sees 1; b get two [40,50] sees nothing`],
  [
    'each_quorum after quorum',
    `${ONE}a get [20,30] sees 1; b get each_quorum [40,50] sees nothing`,
  ],
  [
    'quorum after each_quorum',
    `${ONE}a get each_quorum [20,30] sees 1; b get [40,50] sees nothing`,
  ],
  ['a quorum of five', `replicas 5; ${ONE}a get [20,30] sees 1; b get [40,50] sees nothing`],
  ['up and down again', `${TWO}a get [20,22] sees 1; b get [23,25] sees 2; c get [26,28] sees 1`],
  [
    'a third read that goes back',
    `${ONE}a get [20,22] sees 1; b get [23,25] sees 1; c get [26,28] sees nothing`,
  ],
  [
    'a refused delete in between',
    `${ONE}a get [20,30] sees 1; x delete 3 [31,35] refused given 1; b get [40,50] sees nothing`,
  ],
  [
    'a delete of something else',
    `${ONE}a get [20,30] sees 1; x delete 3 [31,35] given 7; b get [40,50] sees nothing`,
  ],
  [
    'a delete that began after the read',
    `${ONE}a get [20,30] sees 1; b get [40,50] sees nothing; x delete 3 [60,70] given 1`,
  ],
  [
    'a blind delete that ended before the write',
    'x delete 3 [0,4] blind; w put 1 [5,9] unknown; a get [20,30] sees 1; b get [40,50] sees ' +
      'nothing',
  ],
  [
    'an overwrite that is not seen',
    `${ONE}a get [20,30] sees 1; x put 3 [31,35] overwrite; b get [40,50] sees nothing`,
  ],
  ['one lost disk', `${ONE}a get [20,30] sees 1; loss n0 wipe at 35; b get [40,50] sees nothing`],
  [
    'one disk lost twice',
    `${ONE}a get [20,30] sees 1; loss n0 wipe at 33; loss n0 wipe at 35; b get [40,50] sees ` +
      'nothing',
  ],
  [
    'two lost disks of five',
    `replicas 5; ${ONE}a get [20,30] sees 1; loss n0 wipe at 35; loss n1 wipe at 35; b get ` +
      '[40,50] sees nothing',
  ],
  [
    'disks lost before the first read',
    `${ONE}loss n0 wipe at 12; loss n1 wipe at 12; a get [20,30] sees 1; b get [40,50] sees ` +
      'nothing',
  ],
  [
    'disks lost after the second read',
    `${ONE}a get [20,30] sees 1; b get [40,50] sees nothing; loss n0 wipe at 60; loss n1 ` +
      'wipe at 60',
  ],
  [
    'disks that kept what was synced',
    `${ONE}a get [20,30] sees 1; loss n0 rollback at 35 intact 31; loss n1 rollback at 35 ` +
      'intact 31; b get [40,50] sees nothing',
  ],
  [
    'rotten rows of another key',
    `${ONE}a get [20,30] sees 1; loss n0 bit-rot at 35 key x; loss n1 bit-rot at 35 key x; ` +
      'b get [40,50] sees nothing',
  ],
  [
    'an acknowledged write that goes',
    'w put 1 [0,9]; a get [20,30] sees 1; b get [40,50] sees nothing',
  ],
]);
