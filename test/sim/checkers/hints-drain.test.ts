import { hintsDrain } from '../../../src/sim/checkers/hints-drain.ts';
import { accepts, rejects } from './judged.ts';

const ALL = 'disks 1; a put 1 [0,10]';

accepts(hintsDrain, [
  ['a run in which nobody was asked', ALL],
  ['nothing owed', `${ALL}; owed n0 n1 0`],
  ['what is owed to one that does not serve', `${ALL}; owed n0 n1 3; state n1 RECOVERING`],
  ['what one owes that does not serve', `${ALL}; owed n0 n1 3; state n0 FAILED`],
  ['what one owes that lost its disk', `${ALL}; owed n0 n1 3; loss n0 bit-rot at 50`],
]);

rejects(hintsDrain, [
  ['one record', `${ALL}; owed n0 n1 1`],
  ['one of two who owe', `${ALL}; owed n0 n1 0; owed n2 n1 7`],
  ['what is owed to one that lost its disk', `${ALL}; owed n0 n1 3; loss n1 bit-rot at 50`],
]);
