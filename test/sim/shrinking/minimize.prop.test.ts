import fc from 'fast-check';
import { it } from 'vitest';
import { minimize } from '../../../src/sim/shrinking/minimize.ts';

const items = fc.integer({ min: 1, max: 200 }).chain((length) => {
  const all = Array.from({ length }, (_, index) => index);
  return fc.tuple(fc.constant(all), fc.subarray(all, { maxLength: Math.min(6, length) }));
});

it('exactly the needed items are left, in their order', async () => {
  await fc.assert(
    fc.asyncProperty(items, async ([all, core]) => {
      const fails = (kept: readonly number[]) =>
        Promise.resolve(core.every((item) => kept.includes(item)));
      const kept = await minimize(all, { fails, isOver: () => false });
      return kept.join() === core.join();
    }),
  );
});

it('whatever failing means, what is left fails and misses no single item', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.func(fc.boolean()),
      async (length, odd) => {
        const all = Array.from({ length }, (_, index) => index);
        const judged = (kept: readonly number[]) => kept.length === length || odd(kept.join());
        const fails = (kept: readonly number[]) => Promise.resolve(judged(kept));
        const kept = await minimize(all, { fails, isOver: () => false });
        const smaller = kept.map((_, index) => kept.filter((__, at) => at !== index));
        const isLeast = kept.length <= 1 || smaller.every((rest) => !judged(rest));
        return (kept.length === 0 ? judged([]) : judged(kept)) && isLeast;
      },
    ),
  );
});
