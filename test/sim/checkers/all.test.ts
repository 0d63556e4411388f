import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHECKERS } from '../../../src/sim/checkers/all.ts';
import { VIOLATIONS_MAX } from '../../../src/sim/checkers/checker.ts';
import { history } from './history-dsl.ts';

const FOLDER = new URL('../../../src/sim/checkers/', import.meta.url);

it('every checker of the folder is in the list, and none twice', () => {
  const files = readdirSync(FOLDER).filter((file) => {
    return /: Checker = \{/.test(readFileSync(new URL(file, FOLDER), 'utf8'));
  });
  const names = CHECKERS.map((checker) => `${checker.name}.ts`);
  expect([...names].sort()).toEqual(files.sort());
});

describe.each(CHECKERS)('$name', (checker) => {
  it('says what it promises, and passes a run in which nothing happened', () => {
    expect(checker.promise.length).toBeGreaterThan(20);
    expect(checker.check(history(''))).toEqual([]);
  });

  it('passes a run in which all goes well', () => {
    const told = history(`
      a put 1 [0,10] holds 1; b get [20,30] sees 1 by n0,n1; b put 2 [40,50] given 1 holds 1,2
      a get [60,70] sees 2; a delete 3 [80,90] given 2; b get [100,110] sees nothing
      mint n0 d1 hash 3738; mint n1 d2 hash 3739; bound n0 requests 3 of 10
      healed 120; c put 4 [130,140] holds 4; c get [150,160] sees 4 step 9; after 4 9
      disks 4
    `);
    expect(checker.check(told)).toEqual([]);
  });

  it(`reports ${VIOLATIONS_MAX} violations at most, of one history the same ones`, () => {
    const lines = Array.from({ length: 60 }, (_, index) => {
      const id = index + 1;
      const at = index * 100;
      return [
        `a put ${id} [${at},${at + 5}] key k${index} by n0 holds ${id}`,
        `b get [${at + 10},${at + 15}] key k${index} sees ${id}@x ?junk 999@x`,
        `b get [${at + 20},${at + 25}] key k${index} sees nothing by n1`,
        `mint n1 x hash ${index} at ${at} key k${index}`,
        `bound n0 things${index} 3 of 2; disk n0 ${id} key k${index}`,
      ].join('; ');
    });
    const world = 'state n1 SERVING; loss n1 wipe at 0; state n2 FAILED; after 5001 5002';
    const told = history([...lines, world].join('\n'));
    const found = checker.check(told);
    expect(found.length).toBeLessThanOrEqual(VIOLATIONS_MAX);
    expect(checker.check(told)).toEqual(found);
  });
});
