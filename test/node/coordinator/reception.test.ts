/** From the admission of a request to its one reply, whatever the request does. */
import { expect, test } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import type { CoterieError } from '../../../src/core/errors.ts';
import type { Done } from '../../../src/node/contracts.ts';
import { Reception } from '../../../src/node/coordinator/reception.ts';
import { StepClock } from '../../core/step-clock.ts';
import { Notes } from '../notes.ts';
import { getRequest } from '../requests.ts';

type Begin = (over: Done<string>) => void;

const OVERLOADED = expect.objectContaining({ code: 'OVERLOADED', applied: 'no' });

class Desk {
  readonly notes = new Notes();
  readonly clock = new StepClock();
  readonly deadlines = new Deadlines(this.clock);
  readonly replies: (string | CoterieError)[] = [];
  readonly #reception = new Reception(
    { deadlines: this.deadlines, metrics: this.notes, log: this.notes },
    { requestsMax: 1, bytesMax: 1_000 },
  );

  take(begin: Begin): void {
    const request = getRequest({ key: 'k' });
    this.#reception.take('get', request, 10, (reply) => this.replies.push(reply), begin);
  }

  counted(outcome: string): number {
    const labels = { operation: 'get', level: 'quorum', outcome };
    return this.notes.number('coterie_requests_total', labels);
  }

  get atWork(): number {
    return this.notes.number('coterie_requests_in_flight');
  }
}

test('a request is answered, released and counted once, whether at once or later', () => {
  const desk = new Desk();
  desk.take((over) => over('at once'));
  let later: Done<string> | undefined;
  desk.take((over) => {
    later = over;
  });
  desk.take((over) => over('never begun'));
  later?.('later');
  desk.take((over) => over('after it'));
  expect(desk.replies).toEqual(['at once', OVERLOADED, 'later', 'after it']);
  expect(desk.atWork).toBe(0);
  expect([desk.counted('ok'), desk.counted('OVERLOADED')]).toEqual([3, 1]);
});

test('a request that fails by a fault is told so once, although its deadline is still to come', () => {
  const desk = new Desk();
  desk.take((over) => {
    desk.deadlines.add(100, () => over('too late'));
    throw new Error('a fault');
  });
  desk.clock.advanceTo(200);
  expect(desk.replies).toEqual([
    expect.objectContaining({ code: 'ASSERTION_FAILED', applied: 'unknown' }),
  ]);
  expect(desk.notes.events('request-failed')).toHaveLength(1);
  expect(desk.atWork).toBe(0);
  expect([desk.counted('ok'), desk.counted('ASSERTION_FAILED')]).toEqual([0, 1]);
});

test('a fault behind the reply is not taken for another reply', () => {
  const desk = new Desk();
  const begin: Begin = (over) => {
    over('done');
    throw new Error('a fault');
  };
  expect(() => desk.take(begin)).toThrow('a fault');
  expect(desk.replies).toEqual(['done']);
  expect(desk.atWork).toBe(0);
  expect(desk.counted('ok')).toBe(1);
});
