import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RecordCache } from '../../../src/node/storage/record-cache.ts';
import { keyOf } from './storage-rig.ts';

/** 32 segments of 128 bytes, room for some 3 entries each. */
const BYTES_MAX = 4_096;

const steps = fc.array(
  fc.record({
    what: fc.constantFrom('commit', 'drop', 'find', 'load'),
    name: fc.integer({ min: 0, max: 40 }).map(String),
    // Two tokens share a head and one is a head of its own.
    token: fc.constantFrom(3, 3 + 2 ** 20, 4),
    size: fc.nat(24),
  }),
  { minLength: 100, maxLength: 400 },
);

it('what it finds is what was committed last and was not dropped since', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const cache = new RecordCache(BYTES_MAX);
      const truth = new Map<string, Uint8Array>();
      let written = 0;
      for (const { what, name, token, size } of script) {
        const key = keyOf(name, token);
        const known = truth.get(key.id);
        if (what === 'commit') {
          written += 1;
          const bytes = new Uint8Array(size).fill(written);
          truth.set(key.id, bytes);
          cache.committed(key, bytes);
        } else if (what === 'drop') {
          truth.delete(key.id);
          cache.drop(key);
        } else if (what === 'load' && known !== undefined) {
          cache.loaded(key, known, cache.loading(key));
          expect(cache.find(key)).toEqual(known);
        } else {
          const found = cache.find(key);
          if (found !== undefined) expect(found).toEqual(known);
        }
        expect(cache.bytes).toBeLessThanOrEqual(BYTES_MAX);
      }
    }),
  );
});
