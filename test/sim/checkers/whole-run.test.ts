/** Checkers must keep up with runs: all of them over as many operations as a standard run has, on
 *  few keys, which is the hardest for them. Anything quadratic would not end in time. */
import { expect, it } from 'vitest';
import { monotonicReads } from '../../../src/sim/checkers/monotonic-reads.ts';
import { noInvention } from '../../../src/sim/checkers/no-invention.ts';
import { noLostWrite } from '../../../src/sim/checkers/no-lost-write.ts';
import { noZombie } from '../../../src/sim/checkers/no-zombie.ts';
import { registerRegularity } from '../../../src/sim/checkers/register-regularity.ts';
import { siblingBound } from '../../../src/sim/checkers/sibling-bound.ts';
import { goodHistory } from './good-history.ts';

it('a good history as long as a whole run is accepted by every checker', () => {
  const good = goodHistory({ seed: 1, steps: 23_000, keys: 5, clients: 8, hasFree: true });
  expect(good.operations.length).toBeGreaterThan(25_000);
  for (const checker of [
    noLostWrite,
    registerRegularity,
    monotonicReads,
    noInvention,
    noZombie,
    siblingBound,
  ]) {
    expect(checker.check(good)).toEqual([]);
  }
});
