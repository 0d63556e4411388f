import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GroupCount } from '../../../src/core/quorum/group-count.ts';
import { dumbVerdict, groups, steps } from './tally-model.ts';

it('agrees with a count that recomputes everything', () => {
  fc.assert(
    fc.property(groups, steps, (replicaGroups, history) => {
      const count = new GroupCount(replicaGroups);
      const members = new Set(replicaGroups.flatMap((group) => group.members));
      const yes = new Set<number>();
      const no = new Set<number>();
      for (const { kind, node } of history) {
        if (kind === 'yes') count.answer(node);
        else count.fail(node);
        if (members.has(node) && !yes.has(node) && !no.has(node)) {
          (kind === 'yes' ? yes : no).add(node);
        }
        const verdict = dumbVerdict(replicaGroups, yes, no);
        expect(count.isMet).toBe(verdict === 'satisfied');
        if (!count.isMet) expect(count.isImpossible).toBe(verdict === 'failed');
        expect(count.answered.length).toBe(yes.size);
      }
    }),
  );
});
