import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventHeap, type ScheduledEvent } from '../../../src/sim/kernel/event-heap.ts';

const event = (timeUs: number, priority: number, sequence: number): ScheduledEvent => ({
  timeUs,
  priority,
  sequence,
  source: '',
  run: undefined,
});

describe('the event heap', () => {
  it('has nothing first and pops nothing when it is empty', () => {
    const heap = new EventHeap();
    expect([heap.size, heap.first, heap.pop()]).toEqual([0, undefined, undefined]);
  });

  it('pops in the order of time, priority, then insertion, whatever came in between', () => {
    const step = fc.oneof(
      fc.record({ time: fc.nat(5), priority: fc.nat(3) }),
      fc.constant('pop' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const heap = new EventHeap();
        let model: ScheduledEvent[] = [];
        steps.forEach((what, sequence) => {
          if (what === 'pop') {
            const [first, ...rest] = model;
            model = rest;
            expect(heap.pop()).toBe(first);
          } else {
            const added = event(what.time, what.priority, sequence);
            heap.push(added);
            model = [...model, added].sort(
              (a, b) => a.timeUs - b.timeUs || a.priority - b.priority || a.sequence - b.sequence,
            );
          }
          expect(heap.first).toBe(model[0]);
          expect(heap.size).toBe(model.length);
        });
      }),
    );
  });
});
