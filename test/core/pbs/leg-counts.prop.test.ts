import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LEGS, LegCounts } from '../../../src/core/pbs/leg-counts.ts';
import { decodeProfile, encodeProfile } from '../../../src/core/pbs/profile-file.ts';

const ms = fc.double({ min: 0, max: 1e4, noNaN: true });
const requests = fc.array(fc.record({ mint: ms, took: ms, far: ms, lookup: ms, client: ms }), {
  minLength: 1,
  maxLength: 20,
});

it('whatever was counted makes a profile that can be drawn from, and no leg is negative', () => {
  fc.assert(
    fc.property(requests, (all) => {
      const legs = new LegCounts();
      for (const { mint, took, far, lookup, client } of all) {
        legs.minted(mint);
        legs.copied(took, far);
        legs.together(took, far);
        legs.lookedUp(lookup);
        legs.read(far, took);
        legs.reached(client);
      }
      const profile = legs.profile('any');
      expect(profile).toBeDefined();
      if (profile === undefined) return;
      expect(decodeProfile(JSON.parse(JSON.stringify(encodeProfile(profile))))).toEqual(profile);
      for (const leg of LEGS) expect(legs.count(leg)).toBe(all.length);
    }),
  );
});
