import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkOptionNames, knownOptions } from '../../src/core/known-options.ts';

const names = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 8 });

/** Without the prototype: `__proto__` is a name like others then. */
function objectOf(keys: readonly string[]): object {
  const made: Record<string, true> = Object.create(null);
  for (const key of keys) made[key] = true;
  return made;
}

test('options pass exactly when each is known', () => {
  fc.assert(
    fc.property(names, names, (known, given) => {
      const check = (): void =>
        checkOptionNames(objectOf(given), knownOptions('it', objectOf(known)));
      if (given.every((name) => known.includes(name))) check();
      else expect(check).toThrow(/is not an option of it/);
    }),
  );
});
