import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DrawSource } from '../../../src/core/pbs/draws.ts';
import { profile } from './arbitrary.ts';

const options = fc.record({
  seed: fc.nat(),
  replicas: fc.integer({ min: 1, max: 5 }),
  firstCopy: fc.constantFrom(0, 1),
});

const LEGS = ['write', 'ack', 'read', 'response', 'commit', 'lookup'] as const;

it('draws finite times, 0 or more, and the same ones from the same seed', () => {
  fc.assert(
    fc.property(profile, options, (of, given) => {
      const [one, other] = [new DrawSource(of, given), new DrawSource(of, given)];
      for (let batch = 0; batch < 2; batch += 1) {
        one.draw();
        other.draw();
        for (const leg of LEGS) {
          expect(one.draws[leg].every((ms) => Number.isFinite(ms) && ms >= 0)).toBe(true);
          expect(one.draws[leg]).toEqual(other.draws[leg]);
        }
        expect(one.draws.chance).toEqual(other.draws.chance);
      }
    }),
    { numRuns: 30 },
  );
});

it('does not shift the draws of one leg when another is left out', () => {
  fc.assert(
    fc.property(profile, options, (of, given) => {
      const { commit: _commit, ...legs } = of.legs;
      const [whole, part] = [new DrawSource(of, given), new DrawSource({ ...of, legs }, given)];
      whole.draw();
      part.draw();
      for (const leg of ['write', 'ack', 'read', 'response', 'lookup'] as const) {
        expect(part.draws[leg]).toEqual(whole.draws[leg]);
      }
    }),
    { numRuns: 30 },
  );
});
