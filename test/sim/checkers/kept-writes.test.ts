import { keptWrites } from '../../../src/sim/checkers/kept-writes.ts';
import { accepts, rejects } from './judged.ts';

/** Three replicas without a record, and n3, which owns none. */
const OTHERS = 'state n0 SERVING; state n1 SERVING; state n2 SERVING; away n3';

accepts(keptWrites, [
  ['a write that nobody kept', `${OTHERS}; a put 1 [0,10]`],
  [
    'a kept write that is on one replica',
    `${OTHERS}; disk n1 1; a put 1 [0,10] any by nothing kept n3`,
  ],
  [
    'a kept write that another one had seen',
    `${OTHERS}; disk n1 2; a put 1 [0,10] any by nothing kept n3; a put 2 [20,30] given 1`,
  ],
  [
    'a kept write whose holder lost its disk',
    `${OTHERS}; a put 1 [0,10] any by nothing kept n3; loss n3 wipe at 20`,
  ],
  [
    'a kept write whose holder does not serve',
    `${OTHERS}; a put 1 [0,10] any by nothing kept n3; state n3 FAILED`,
  ],
  [
    'a kept write of which a replica lost its disk',
    `${OTHERS}; a put 1 [0,10] any by nothing kept n3; loss n0 wipe at 20`,
  ],
  ['a kept delete', `${OTHERS}; a delete 1 [0,10] any by nothing kept n3 blind`],
  ['a write that failed', `${OTHERS}; a put 1 [0,10] unknown any code OVERLOADED`],
]);

rejects(keptWrites, [
  ['a kept write that is nowhere', `${OTHERS}; a put 1 [0,10] any by nothing kept n3`],
  [
    'a kept write beside which something else is there',
    `${OTHERS}; disk n0 2; a put 1 [0,10] any by nothing kept n3; a put 2 [20,30]`,
  ],
]);
