import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReadTally } from '../../../src/core/quorum/read-tally.ts';
import { dumbVerdict, groups, steps } from './tally-model.ts';

it('agrees with the dumb model until it has settled, and never changes after', () => {
  fc.assert(
    fc.property(groups, steps, (replicaGroups, history) => {
      const tally = new ReadTally({
        label: 'quorum',
        groups: replicaGroups,
        durable: 0,
        isStrict: true,
      });
      const yes = new Set<number>();
      const no = new Set<number>();
      let expected: 'pending' | 'satisfied' | 'failed' = 'pending';
      for (const step of history) {
        const isYes = step.kind === 'yes' && step.flag;
        if (!yes.has(step.node) && !no.has(step.node)) (isYes ? yes : no).add(step.node);
        if (step.kind === 'yes') {
          tally.answer({ nodeIndex: step.node, bytes: undefined }, step.flag);
        } else {
          tally.fail(step.node);
        }
        if (expected === 'pending') expected = dumbVerdict(replicaGroups, yes, no);
        expect(tally.verdict).toBe(expected);
      }
    }),
  );
});
