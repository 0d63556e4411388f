import { describe, expect, it } from 'vitest';
import type { Violation } from '../../../src/sim/checkers/checker.ts';
import { refusalToServe } from '../../../src/sim/checkers/refusal-to-serve.ts';
import { history } from './history-dsl.ts';
import { accepts, rejects } from './judged.ts';

const wiped = 'loss n1 wipe at 50; state n1 RECOVERING';
const holed = 'loss n1 lost-batch at 50 intact 20; state n1 RECOVERING';
/** Write 1 is gone from n1, and n0 knows that n1 had it. */
const rolledBack = 'a put 1 [30,40] by n0,n1; loss n1 rollback at 50 intact 20; healed 500';

accepts(refusalToServe, [
  ['nothing at all', ''],
  ['nodes that lost nothing and serve', 'state n0 SERVING; state n1 SERVING; a put 1 [0,9]'],
  ['a wiped node that is recovering', wiped],
  ['a wiped node that belongs to no cluster', 'loss n1 wipe at 50; state n1 UNINITIALISED'],
  ['a wiped node that has failed', 'loss n1 wipe at 50; state n1 FAILED'],
  ['a wiped node of which no dump exists', 'loss n1 wipe at 50; disk n0 1'],
  ['what a node acknowledged before it was wiped', `a put 1 [30,40] by n0,n1; ${wiped}`],
  ['what was under way when the node was wiped', `a put 1 [45,60] by n0,n1; ${wiped}`],
  ['what others acknowledge after that', `a put 1 [60,70] by n0,n2; ${wiped}`],
  ['reads that others answer', `a get [60,70] by n0,n2 sees nothing; ${wiped}`],
  ['reads of which nobody knows who answered', `a get [60,70] sees nothing; ${wiped}`],
  ['a failed write that names the node', `a put 1 [60,70] unknown by n1; ${wiped}`],
  ['mints of before', `mint n1 x at 40; ${wiped}`],
  ['a mint of before that comes back', `mint n1 x at 40; mint n1 x at 90; ${wiped}`],
  ['mints of others', `mint n0 x at 90; ${wiped}`],
  ['that a node served before it was wiped', `state n1 SERVING at 10; ${wiped}`],
  ['a block that goes bad and is not met', 'loss n1 bad-block at 50 key k; state n1 SERVING at 60'],
  ['a node that set its files aside', 'loss n1 set-aside at 50; state n1 RECOVERING at 60'],
  ['a log with a hole', holed],
  [
    'a mint for others of a wiped node that no peer has greeted yet',
    'loss n1 wipe at 50; away n1; mint n1 x at 60; state n1 RECOVERING at 70',
  ],
  ['a wiped node that takes what another minted', `a put 1 [60,70] by n0,n1; ${wiped}`],
  ['a wiped node that takes a delete of another', `a delete 1 [60,70] by n1,n2; ${wiped}`],
  ['a holed log that takes what another minted', `a put 1 [60,70] by n0,n1; ${holed}`],
  ['a rollback that is noticed', `${rolledBack}; state n1 RECOVERING`],
  [
    'a rollback by nothing',
    'a put 1 [5,9] by n0,n1; loss n1 rollback at 50 intact 20; state n1 SERVING',
  ],
  [
    'a rollback of what was acknowledged by others',
    'a put 1 [30,40] by n0,n2; loss n1 rollback at 50 intact 20; state n1 SERVING',
  ],
  [
    'a rollback of what no peer ever heard of',
    'a put 1 [30,40] one by n1; loss n1 rollback at 50 intact 20; state n1 SERVING',
  ],
  [
    'a rollback of what was not acknowledged',
    'a put 1 [30,40] unknown by n0,n1; loss n1 rollback at 50 intact 20; state n1 SERVING',
  ],
  [
    'acknowledgements before the rollback is noticed',
    `${rolledBack}; b put 2 [60,70] by n0,n1; state n1 RECOVERING at 80`,
  ],
  [
    'a read at one of a rolled back node that has long asked in vain',
    `${rolledBack}; state n1 UNVERIFIED at 55; b get [2000060,2000070] one by n1 sees nothing; ` +
      'healed 9s; state n1 RECOVERING at 3s',
  ],
  [
    'a read at one in the first seconds of a node that was rolled back before',
    `${rolledBack}; state n1 RECOVERING at 60; rebuilt n1 at 70; state n1 SERVING at 80; ` +
      'state n1 DOWN at 90; state n1 UNVERIFIED at 100; b get [110,120] one by n1 sees 1',
  ],
  [
    'a mint before the rollback is noticed',
    `${rolledBack}; mint n1 x at 60; state n1 RECOVERING at 80`,
  ],
  [
    'a wiped node that serves once it is rebuilt',
    'loss n1 wipe at 50; state n1 RECOVERING at 60; rebuilt n1 at 70; state n1 SERVING at 80; ' +
      'a get [85,90] by n0,n1 sees nothing; mint n1 x at 90',
  ],
  [
    'what a recovering node does with a key that it has made good',
    'loss n1 wipe at 50; state n1 RECOVERING at 60; rebuilt n1 at 70 key k; ' +
      'a get [85,90] by n0,n1 sees nothing; mint n1 x at 90',
  ],
  [
    'a node that remembers what it lost when it is started again',
    'loss n1 wipe at 50; state n1 RECOVERING at 60; state n1 DOWN at 12s; ' +
      'state n1 RECOVERING at 13s',
  ],
  [
    'a node that dies before it has noted what it lost',
    'loss n1 wipe at 50; state n1 RECOVERING at 1s; state n1 DOWN at 2s; ' +
      'state n1 UNVERIFIED at 3s; state n1 RECOVERING at 4s',
  ],
  [
    'a node that was rebuilt, or wiped once more, and is not sure of itself',
    'loss n1 wipe at 50; state n1 RECOVERING at 60; state n1 DOWN at 12s; loss n1 wipe at 12s; ' +
      'state n1 UNVERIFIED at 13s; state n1 RECOVERING at 14s',
  ],
  ['rot that nobody sees', 'loss n1 bit-rot at 50 key k; state n1 SERVING; a get [60,70] sees 1'],
  ['junk that was read before the rot', 'a get [10,20] sees ?junk; loss n1 bit-rot at 50'],
  ['junk in a key that did not rot', 'a get [60,70] sees ?junk; loss n1 bit-rot at 50 key other'],
]);

rejects(refusalToServe, [
  [
    'a wiped node that serves before it is rebuilt',
    'loss n1 wipe at 50; state n1 RECOVERING at 60; state n1 SERVING at 65; rebuilt n1 at 70',
  ],
  [
    'a recovering node that answers for a key that it has not made good',
    'loss n1 wipe at 50; state n1 RECOVERING at 60; rebuilt n1 at 70 key other; ' +
      'a get [85,90] by n0,n1 sees nothing',
  ],
  [
    'a recovering node that mints on a key that it has not made good',
    'loss n1 wipe at 50; state n1 RECOVERING at 60; rebuilt n1 at 70 key other; mint n1 x at 90',
  ],
  [
    'a node that is wiped again after it was rebuilt',
    `rebuilt n1 at 40; ${wiped}; state n1 SERVING`,
  ],
  [
    'a node that is started again and has forgotten what it lost',
    'loss n1 wipe at 50; state n1 RECOVERING at 60; state n1 DOWN at 12s; ' +
      'state n1 UNVERIFIED at 13s; state n1 RECOVERING at 14s',
  ],
  ['a wiped node that serves', 'loss n1 wipe at 50; state n1 SERVING'],
  ['a log with a hole that serves', 'loss n1 lost-batch at 50 intact 20; state n1 SERVING'],
  ['a rollback that serves', `${rolledBack}; state n1 SERVING`],
  [
    'a wiped node that served for a while',
    'loss n1 wipe at 50; state n1 SERVING at 60; state n1 RECOVERING at 70',
  ],
  [
    'a rolled back node that served for a while',
    `${rolledBack}; state n1 SERVING at 60; state n1 RECOVERING at 70`,
  ],
  ['a wiped node that acknowledges alone', `a put 1 [60,70] one by n1; ${wiped}`],
  ['a wiped node that acknowledges a delete alone', `a delete 1 [60,70] one by n1; ${wiped}`],
  ['a wiped node that answers a read', `a get [60,70] by n0,n1 sees nothing; ${wiped}`],
  [
    'a wiped node that answers at one before it was greeted',
    'loss n1 wipe at 50; a get [60,65] one by n1 sees nothing; state n1 RECOVERING at 70',
  ],
  [
    'a wiped node that mints before it was greeted',
    'loss n1 wipe at 50; mint n1 x at 60; state n1 RECOVERING at 70',
  ],
  [
    'a mint for others of a wiped node that a peer has greeted',
    'loss n1 wipe at 50; away n1; mint n1 x at 80; state n1 RECOVERING at 70',
  ],
  [
    'a rolled back node that answers at one before its peers can have told it',
    `${rolledBack}; state n1 DOWN at 52; state n1 UNVERIFIED at 55; ` +
      'b get [60,70] one by n1 sees nothing; state n1 RECOVERING at 80',
  ],
  ['a wiped node that answers at one', `a get [60,70] one by n1 sees nothing; ${wiped}`],
  [
    'a mint of a wiped node that a peer has greeted',
    'loss n1 wipe at 50; mint n1 x at 80; state n1 RECOVERING at 70',
  ],
  [
    'a strict read that counts a wiped node before it was greeted',
    'loss n1 wipe at 50; a get [55,65] by n0,n1 sees nothing; state n1 RECOVERING at 70',
  ],
  [
    'a node that set its files aside and answers a strict read before it was greeted',
    'loss n1 set-aside at 50; a get [55,65] by n0,n1 sees nothing; state n1 RECOVERING at 70',
  ],
  ['a node that set its files aside and serves', 'loss n1 set-aside at 50; state n1 SERVING at 60'],
  ['a wiped node that mints', `mint n1 x at 60; ${wiped}`],
  [
    'a wiped node that gives an old dot to another key',
    `mint n1 x at 40; mint n1 x at 60 key other; ${wiped}`,
  ],
  ['a holed log that acknowledges alone', `a put 1 [60,70] one by n1; ${holed}`],
  ['a holed log that answers', `a get [60,70] by n0,n1 sees nothing; ${holed}`],
  ['a holed log that mints', `mint n1 x at 60; ${holed}`],
  [
    'a strict read that counts a rolled back node',
    `${rolledBack}; b get [60,70] by n1,n2 sees nothing; state n1 RECOVERING at 80`,
  ],
  [
    'a read at all that counts a rolled back node',
    `${rolledBack}; b get [60,70] all by n0,n1,n2 sees 1; state n1 RECOVERING at 80`,
  ],
  [
    'an acknowledgement of its own after the rollback was noticed',
    `${rolledBack}; b put 2 [90,99] one by n1; state n1 RECOVERING at 80`,
  ],
  [
    'a mint after the rollback was noticed',
    `${rolledBack}; mint n1 x at 90; state n1 RECOVERING at 80`,
  ],
  [
    'an acknowledgement by a rolled back node alone after healing',
    `${rolledBack}; b put 2 [600,700] one by n1; state n1 RECOVERING`,
  ],
  ['junk after the rot', 'loss n1 bit-rot at 50; a get [60,70] sees ?junk'],
  ['junk beside a value', 'loss n1 bit-rot at 50 key k; a get [60,70] sees 1 ?junk'],
  [
    'junk in a read that began before the rot',
    'loss n1 bit-rot at 50 key k; a get [40,70] sees ?junk',
  ],
  ['the second of two losses', `${wiped}; loss n2 wipe at 90; state n2 SERVING`],
]);

it('a delete that found nothing has asked the nodes that it names', () => {
  const told = history(`a delete 1 [60,70] by n0,n1; ${wiped}`);
  const operations = told.operations.map((operation) => ({ ...operation, found: false }));
  expect(refusalToServe.check(told)).toEqual([]);
  expect(refusalToServe.check({ ...told, operations })).toHaveLength(1);
});

describe('each loss is judged by itself', () => {
  it('and every broken promise of one is told', () => {
    const found = refusalToServe.check(
      history(
        'loss n1 wipe at 50; state n1 SERVING; a put 1 [60,70] one by n1; ' +
          'b get [80,90] by n1,n2 sees 1; mint n1 x at 65',
      ),
    );
    expect(found.map((violation: Violation) => violation.message)).toEqual([
      'n1 lost data (wipe) and is SERVING at the end',
      'n1 lost data (wipe) and was counted for write 1 by a',
      'n1 lost data (wipe) and was counted for read 1001 by b',
      'n1 lost data (wipe) and minted x for key k',
    ]);
    expect(found.map(({ operations }) => operations)).toEqual([[], [1], [1001], []]);
  });

  it('and the node that was struck is the only one', () => {
    for (const node of ['n0', 'n1', 'n2']) {
      const read = 'a get [60,70] by n1,n2 sees nothing';
      const told = history(`loss ${node} wipe at 50; state n1 SERVING; ${read}`);
      expect(refusalToServe.check(told).length).toBe({ n0: 0, n1: 2, n2: 1 }[node]);
    }
  });
});

it('every kind of loss, followed by every kind of answer, is found', () => {
  const answers = ['a put 2 [600,700] one by n1', 'b get [600,700] by n1,n2 sees nothing'];
  for (const kind of ['wipe', 'lost-batch', 'rollback']) {
    const lost = rolledBack.replace('rollback', kind);
    expect(refusalToServe.check(history(`${lost}; state n1 RECOVERING`))).toEqual([]);
    for (const answer of answers) {
      const found = refusalToServe.check(history(`${lost}; state n1 RECOVERING; ${answer}`));
      expect(found, `${kind}: ${answer}`).toHaveLength(1);
    }
  }
});
