import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WriteTally } from '../../../src/core/quorum/write-tally.ts';
import { dumbVerdict, groups, steps } from './tally-model.ts';

it('agrees with the dumb model until it has settled, and never changes after', () => {
  fc.assert(
    fc.property(groups, steps, fc.boolean(), (replicaGroups, history, countsOnlyDurable) => {
      const tally = new WriteTally({
        requirements: [{ label: 'x', groups: replicaGroups, durable: 0, isStrict: true }],
        countsOnlyDurable,
      });
      const yes = new Set<number>();
      const no = new Set<number>();
      let expected: 'pending' | 'satisfied' | 'failed' = 'pending';
      for (const step of history) {
        const isYes = step.kind === 'yes' && (step.flag || !countsOnlyDurable);
        if (!yes.has(step.node) && !no.has(step.node)) (isYes ? yes : no).add(step.node);
        if (step.kind === 'yes') tally.acknowledge(step.node, step.flag);
        else tally.fail(step.node);
        if (expected === 'pending') expected = dumbVerdict(replicaGroups, yes, no);
        expect(tally.verdict).toBe(expected);
      }
    }),
  );
});
