import { requestMintedOnce } from '../../../src/sim/checkers/request-minted-once.ts';
import { accepts, rejects } from './judged.ts';

const FIRST = 'mint n0 0.1.1 hash 7 at 100';
const ONCE = 'a put 1 [0,500] once; mint n0 0.1.1 hash 7 at 100 holds 1';
const ELSEWHERE = 'mint n1 1.5.5 hash 7 at 200 holds 1';
const AGAIN = `${FIRST}; mint n0 0.1.2 hash 7 at 200`;

accepts(requestMintedOnce, [
  ['no mints', ''],
  ['one mint', FIRST],
  ['a write that was sent once', ONCE],
  ['another write at another node', `${ONCE}; mint n1 1.5.5 hash 8 at 200 holds 2`],
  ['two minters of a write that may be sent again', `${ONCE.replace('once', '')}; ${ELSEWHERE}`],
  ['two minters of a write that was repeated', `${ONCE}; a put 1 [600,700] once; ${ELSEWHERE}`],
  ['two mints of one node', `${FIRST}; mint n0 0.1.2 hash 8 at 200`],
  ['equal content at two nodes', `${FIRST}; mint n1 1.5.5 hash 7 at 200`],
  ['equal content of two keys', `${FIRST}; mint n0 0.2.2 hash 7 at 200 key x`],
  ['one dot seen twice', `${FIRST}; ${FIRST}`],
  ['equal tombstones', 'mint n0 0.1.1 at 1 tombstone; mint n0 0.1.2 at 2 tombstone'],
  ['a value and a tombstone', `${FIRST}; mint n0 0.1.2 hash 7 at 200 tombstone`],
  ['a second event after 30 s', `${FIRST}; mint n0 0.1.2 hash 7 at 30000101`],
  ['a second event of the next process', `${AGAIN}; state n0 DOWN at 150`],
  ['a process that ended as it minted', `${AGAIN}; state n0 DOWN at 200`],
  ['a second event beside rows that rotted', `${AGAIN}; fault 50 bit-rot rows by n0`],
  ['a second event beside reads that fail', `${AGAIN}; fault 150 read-errors some by n0`],
  ['reads that fail at nobody knows whom', `${AGAIN}; fault 150 read-errors some`],
  ['a second event of a node that forgets', `${AGAIN}; forgetful`],
  [
    'a second event two processes later',
    `${AGAIN}; state n0 DOWN at 120; state n0 SERVING at 130; state n0 DOWN at 140`,
  ],
]);

rejects(requestMintedOnce, [
  ['a write that was sent once, at two nodes', `${ONCE}; ${ELSEWHERE}`],
  ['the same where requests are forgotten', `${ONCE}; ${ELSEWHERE}; forgetful`],
  ['the same of an unknown write', `${ONCE.replace('once', 'unknown once')}; ${ELSEWHERE}`],
  ['the same after a crash of the first', `${ONCE}; ${ELSEWHERE}; state n0 DOWN at 150`],
  ['a second event', AGAIN],
  ['a second event in another epoch', `${FIRST}; mint n0 0.9.9 hash 7 at 200`],
  ['a second event at the same time', `${FIRST}; mint n0 0.1.2 hash 7 at 100`],
  ['a second event after nearly 30 s', `${FIRST}; mint n0 0.1.2 hash 7 at 30000100`],
  ['a third event', `${AGAIN}; mint n0 0.1.3 hash 7 at 300`],
  ['a second event of another key', 'mint n1 1.1 hash 3 at 1 key x; mint n1 1.2 hash 3 at 2 key x'],
  ['one that is told in the wrong order', `mint n0 0.1.2 hash 7 at 200; ${FIRST}`],
  ['others between the two', `${FIRST}; mint n0 0.1.3 hash 8 at 150; mint n0 0.1.4 hash 7 at 160`],
  ['a process that ended before', `${AGAIN}; state n0 DOWN at 90`],
  ['a process that ended after', `${AGAIN}; state n0 DOWN at 210`],
  ['another node that ended between', `${AGAIN}; state n1 DOWN at 150`],
  ['a change of state between', `${AGAIN}; state n0 SERVING at 150`],
  ['rows that rotted afterwards', `${AGAIN}; fault 250 bit-rot rows by n0`],
  ['rows that rotted elsewhere', `${AGAIN}; fault 50 bit-rot rows by n1`],
  ['reads that failed elsewhere', `${AGAIN}; fault 50 read-errors some by n2`],
  ['another fault between', `${AGAIN}; fault 150 partition halves by n0`],
]);
