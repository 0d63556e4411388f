import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NewsQueue, tellCount } from '../../../src/core/membership/news-queue.ts';

it('nothing is told more often than its limit, and nothing is dropped before', () => {
  const step = fc.tuple(
    fc.constantFrom('add', 'tell', 'tell', 'tell'),
    fc.integer({ max: 3, min: 0 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 30 }), (steps, n) => {
      const queue = new NewsQueue();
      const model = new Map<string, number>();
      for (const [what, number] of steps) {
        const id = `${number}`;
        if (what === 'add') {
          queue.add(id);
          model.set(id, 0);
          continue;
        }
        queue.tell([id], n);
        const told = model.get(id);
        if (told !== undefined) model.set(id, told + 1);
        if (told === tellCount(n) - 1) model.delete(id);
      }
      const fresh = queue.fresh();
      expect([...fresh].sort()).toEqual([...model.keys()].sort());
      const counts = fresh.map((id) => model.get(id) ?? 0);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
    }),
  );
});
