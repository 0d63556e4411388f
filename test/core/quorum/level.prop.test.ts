import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { CONSISTENCY_LEVELS, resolveRequirement } from '../../../src/core/quorum/level.ts';

const replicas = fc
  .array(fc.constantFrom('east', 'west', 'north'), { minLength: 1, maxLength: 9 })
  .map((datacentres) => datacentres.map((datacentre, nodeIndex) => ({ nodeIndex, datacentre })));

describe('requirements', () => {
  it('can always be met by the replicas they name, or are refused before anything is sent', () => {
    fc.assert(
      fc.property(
        replicas,
        fc.constantFrom('read', 'write') as fc.Arbitrary<'read' | 'write'>,
        fc.constantFrom(...CONSISTENCY_LEVELS),
        fc.constantFrom('east', 'west', 'north', 'south'),
        (places, verb, level, datacentre) => {
          try {
            const requirement = resolveRequirement({ verb, level, replicas: places, datacentre });
            for (const { members, need } of requirement.groups) {
              expect(need).toBeGreaterThanOrEqual(1);
              expect(need).toBeLessThanOrEqual(members.length);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(CoterieError);
            expect((error as CoterieError).applied).toBe('no');
          }
        },
      ),
    );
  });

  it('of two quorums any two intersect', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), (count) => {
        const places = Array.from({ length: count }, (_, nodeIndex) => ({
          nodeIndex,
          datacentre: 'dc',
        }));
        const need = (verb: 'read' | 'write') =>
          resolveRequirement({ verb, level: 'quorum', replicas: places, datacentre: 'dc' })
            .groups[0]!.need;
        expect(need('read') + need('write')).toBeGreaterThan(count);
      }),
    );
  });
});
