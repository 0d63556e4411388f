import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TrialOutcome } from '../../../src/core/pbs/trial.ts';

const ms = fc.nat(20);
const answers = fc.array(fc.tuple(ms, ms), { minLength: 1, maxLength: 8 });

it('does what sorting and slicing would', () => {
  fc.assert(
    fc.property(answers, fc.boolean(), (pairs, isRace) => {
      const outcome = new TrialOutcome(pairs.length);
      outcome.begin();
      for (const [replyMs, freshFromMs] of pairs) {
        outcome.acknowledged(replyMs);
        if (isRace) outcome.raced(replyMs, freshFromMs);
        else outcome.asked(replyMs, freshFromMs);
      }
      outcome.settle();
      const counted = isRace ? [...pairs].sort(([a], [b]) => a - b) : pairs;
      for (let count = 1; count <= pairs.length; count += 1) {
        const first = counted.slice(0, count);
        expect(outcome.replyMs[count - 1]).toBe(Math.max(...first.map(([reply]) => reply)));
        expect(outcome.freshFromMs[count - 1]).toBe(Math.min(...first.map(([, from]) => from)));
      }
      expect([...outcome.ackMs]).toEqual(pairs.map(([reply]) => reply).sort((a, b) => a - b));
    }),
  );
});
