import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { LatencySampler } from '../../../src/core/pbs/latency.ts';
import { decodeProfile, encodeProfile } from '../../../src/core/pbs/profile-file.ts';
import { profile } from './arbitrary.ts';

it('gives back every profile that was written', () => {
  fc.assert(
    fc.property(profile, (written) => {
      const text = JSON.stringify(encodeProfile(written));
      // A file knows no negative zero.
      expect(decodeProfile(JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(written)));
    }),
  );
});

it('either refuses a damaged file as a usage error or can be drawn from', () => {
  const damage = fc.oneof(
    fc.constantFrom(null, -1, 0, '', [], {}, 1e300),
    fc.double(),
    fc.string(),
  );
  fc.assert(
    fc.property(profile, fc.nat(), damage, (written, pick, value) => {
      const file = JSON.parse(JSON.stringify(encodeProfile(written)));
      const places = placesOf(file);
      const [holder, name] = places[pick % places.length]!;
      holder[name] = value;
      try {
        for (const leg of Object.values(decodeProfile(file).legs)) {
          const values = Float64Array.of(0, 0.5, 1 - 2 ** -32);
          new LatencySampler(leg).drawFrom(values);
          expect(values.every((ms) => Number.isFinite(ms) && ms >= 0)).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(CoterieError);
        expect((error as CoterieError).code).toBe('INVALID_ARGUMENT');
      }
    }),
    { numRuns: 500 },
  );
});

type Holder = Record<string, unknown>;

/** Every field and list entry of a JSON value. */
function placesOf(value: unknown): [Holder, string][] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((name): [Holder, string][] => [
    [holder, name],
    ...placesOf(holder[name]),
  ]);
}
