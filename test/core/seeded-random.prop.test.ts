import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/seeded-random.ts';

const seed = fc.maxSafeNat();
const label = fc.string({ maxLength: 8 });

it('fills an array with what single draws would give, and goes on after it', () => {
  fc.assert(
    fc.property(seed, label, fc.nat(40), (number, name, length) => {
      const filled = new SeededRandom(number, name);
      const single = new SeededRandom(number, name);
      const values = new Float64Array(length);
      filled.fill(values);
      expect([...values]).toEqual(Array.from({ length }, () => single.float()));
      expect(filled.uint32()).toBe(single.uint32());
    }),
  );
});

it('stays within its ranges', () => {
  fc.assert(
    fc.property(seed, label, (number, name) => {
      const random = new SeededRandom(number, name);
      for (let draw = 0; draw < 20; draw += 1) {
        const whole = random.uint32();
        expect(Number.isInteger(whole) && whole >= 0 && whole < 2 ** 32).toBe(true);
        const part = random.float();
        expect(part >= 0 && part < 1).toBe(true);
      }
    }),
  );
});
