import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DeadlineEntry } from '../../src/core/deadline-queue.ts';
import { DeadlineQueue } from '../../src/core/deadline-queue.ts';

type Step =
  | { kind: 'add'; due: number }
  | { kind: 'cancel'; which: number }
  | { kind: 'take'; now: number };

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('add' as const), due: fc.integer({ min: 0, max: 50 }) }),
    fc.record({ kind: fc.constant('cancel' as const), which: fc.nat({ max: 200 }) }),
    fc.record({ kind: fc.constant('take' as const), now: fc.integer({ min: 0, max: 50 }) }),
  ),
  { maxLength: 300 },
) as fc.Arbitrary<Step[]>;

it('agrees with a sorted list', () => {
  fc.assert(
    fc.property(steps, (history) => {
      const queue = new DeadlineQueue();
      const entries: DeadlineEntry[] = [];
      let model: { due: number; id: number }[] = [];
      let taken = -1;
      for (const step of history) {
        if (step.kind === 'add') {
          const id = entries.length;
          entries.push(queue.add(step.due, () => (taken = id)));
          model.push({ due: step.due, id });
          model.sort((a, b) => a.due - b.due || a.id - b.id);
        } else if (step.kind === 'cancel' && entries.length > 0) {
          const id = step.which % entries.length;
          queue.cancel(entries[id]!);
          model = model.filter((entry) => entry.id !== id);
        } else if (step.kind === 'take') {
          const head = model[0];
          taken = -1;
          queue.takeDue(step.now)?.();
          if (head !== undefined && head.due <= step.now) {
            expect(taken).toBe(head.id);
            model.shift();
          } else {
            expect(taken).toBe(-1);
          }
        }
        expect(queue.size).toBe(model.length);
        expect(queue.earliestMs).toBe(model[0]?.due);
      }
    }),
  );
});
