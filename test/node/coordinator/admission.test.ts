/** What a node takes on at once, and how it learns the weight of its answers. */
import { expect, test } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import { Admission, AnswerSizes } from '../../../src/node/coordinator/admission.ts';
import { ManualClock } from '../../client/manual-clock.ts';

const OVERLOADED = expect.objectContaining({ code: 'OVERLOADED', applied: 'no' });

test('no more requests are taken than the bound, until one is done', () => {
  const admission = new Admission({ requestsMax: 2, bytesMax: 100 });
  admission.admit(1);
  admission.admit(1);
  expect(admission.admit(1)).toEqual(OVERLOADED);
  expect(admission.requests).toBe(2);
  admission.release(1);
  admission.admit(1);
});

test('no more bytes are taken than the bound, and a refused request takes none', () => {
  const admission = new Admission({ requestsMax: 10, bytesMax: 100 });
  admission.admit(60);
  expect(admission.admit(41)).toEqual(OVERLOADED);
  admission.admit(40);
  expect(admission.admit(1)).toEqual(OVERLOADED);
  admission.release(60);
  admission.admit(60);
});

test('a request larger than the bound is taken alone', () => {
  const admission = new Admission({ requestsMax: 10, bytesMax: 100 });
  admission.admit(1_000);
  expect(admission.admit(1)).toEqual(OVERLOADED);
  admission.release(1_000);
  admission.admit(1);
  expect(admission.admit(1_000)).toEqual(OVERLOADED);
});

/** Is the wait over? */
function watchIdle(admission: Admission, deadlines: Deadlines, dueMs: number) {
  const seen = { isIdle: false };
  void admission.idle(deadlines, dueMs).then(() => {
    seen.isIdle = true;
  });
  return seen;
}

test('idle is told when the last request is done, and leaves no wait behind', async () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const admission = new Admission({ requestsMax: 10, bytesMax: 100 });
  await admission.idle(deadlines, clock.monotonicMs() + 1_000);
  admission.admit(1);
  admission.admit(2);
  const seen = watchIdle(admission, deadlines, clock.monotonicMs() + 1_000);
  admission.release(1);
  await clock.settle();
  expect(seen.isIdle).toBe(false);
  admission.release(2);
  await clock.settle();
  expect(seen.isIdle).toBe(true);
  expect(deadlines.size).toBe(0);
});

test('idle is told at its deadline when a request hangs', async () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const admission = new Admission({ requestsMax: 10, bytesMax: 100 });
  admission.admit(1);
  const seen = watchIdle(admission, deadlines, clock.monotonicMs() + 1_000);
  await clock.advance(999);
  expect(seen.isIdle).toBe(false);
  await clock.advance(1);
  expect(seen.isIdle).toBe(true);
});

test('the largest answer of late is expected, and forgotten over many smaller', () => {
  const sizes = new AnswerSizes();
  expect(sizes.expectedBytes).toBe(0);
  sizes.note(100);
  sizes.note(1_000_000);
  expect(sizes.expectedBytes).toBe(1_000_000);
  for (let count = 0; count < 10; count += 1) sizes.note(100);
  expect(sizes.expectedBytes).toBeGreaterThan(500_000);
  for (let count = 0; count < 1_000; count += 1) {
    sizes.note(100);
    expect(sizes.expectedBytes).toBeGreaterThanOrEqual(100);
  }
  expect(sizes.expectedBytes).toBe(100);
});
