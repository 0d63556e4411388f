import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CONFIG_KEYS } from '../../src/config/keys.ts';
import { loadConfig } from '../../src/config/load.ts';
import { resolveConfig, settingsOf } from '../../src/config/resolve.ts';
import { CoterieError } from '../../src/core/errors.ts';

const anyKey = fc.constantFrom(...CONFIG_KEYS);

test('whatever an environment holds, loading gives a whole configuration or INVALID_CONFIG', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.oneof(
          anyKey.map((key) => key.environment),
          fc.string().map((text) => `COTERIE_${text}`),
        ),
        fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String)),
        { maxKeys: 3 },
      ),
      (environment) => {
        try {
          const { config } = loadConfig({ environment });
          expect(config.quorum.timeoutMs).toBeLessThanOrEqual(config.quorum.timeoutMaxMs);
        } catch (error) {
          expect(error).toBeInstanceOf(CoterieError);
          expect((error as CoterieError).code).toBe('INVALID_CONFIG');
        }
      },
    ),
  );
});

test('a resolved configuration resolves to itself', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 500, max: 30_000 }),
      fc.integer({ min: 1, max: 1_000 }),
      (ms, weight) => {
        const once = resolveConfig({ quorum: { timeoutMs: ms }, node: { weight } });
        expect(resolveConfig(once)).toEqual(once);
      },
    ),
  );
});

test('any value in place of a group is refused, never taken', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.integer(), fc.array(fc.anything())), (value) => {
      expect(() => settingsOf({ node: value }, 'a test')).toThrow(CoterieError);
    }),
  );
});
