import fc from 'fast-check';
import { test } from 'vitest';
import { History, steps } from './history.ts';

test('records, replies and reads know exactly what plain sets of events know, whatever is lost or late', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (history) => {
      const world = new History();
      for (const step of history) world.run(step);
    }),
    { numRuns: 400 },
  );
});

test('when everything has met, exactly the writes that no other write has seen remain', () => {
  fc.assert(
    fc.property(
      fc.array(steps, { maxLength: 30 }),
      fc.array(fc.nat(1_000), { maxLength: 20 }),
      (history, order) => {
        const world = new History();
        for (const step of history) world.run(step);
        world.checkSurvivors(order);
      },
    ),
    { numRuns: 300 },
  );
});
