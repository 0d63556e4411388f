import { expect, it } from 'vitest';
import type { SessionWork } from '../../src/client/session-work.ts';
import { SessionWorks } from '../../src/client/session-works.ts';

function work(): SessionWork {
  return {
    operation: { $case: 'layout', layout: {} },
    bytes: 0,
    correlation: 0,
    sending: () => undefined,
    replied: () => undefined,
    failed: () => undefined,
  };
}

it('sends in the order in which work came, past what was withdrawn and past other numbers', () => {
  const works = new SessionWorks();
  const [one, two, three] = [work(), work(), work()];
  works.add(one);
  works.add(two);
  works.number();
  works.add(three);
  expect(works.withdraw(one)).toBe('waiting');
  expect(works.next()).toBe(two);
  expect(works.next()).toBe(three);
  expect(works.next()).toBeUndefined();
  expect([works.waiting, works.sent]).toEqual([0, 2]);
});

it('begins anew behind the last number of 32 bits, and leaves 0 out', () => {
  const works = new SessionWorks(2 ** 32 - 3);
  const all = [work(), work(), work(), work()];
  for (const each of all) works.add(each);
  expect(all.map(({ correlation }) => correlation)).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 1, 2]);
  expect([works.next(), works.next(), works.next()]).toEqual(all.slice(0, 3));
  expect(works.takeAll()).toEqual({ sent: all.slice(0, 3), waiting: all.slice(3) });
});

it('hands out once what is answered, and nothing for what was withdrawn', () => {
  const works = new SessionWorks();
  const [one, two] = [work(), work()];
  for (const each of [one, two]) works.add(each);
  expect(works.answered(one.correlation)).toBeUndefined();
  works.next();
  works.next();
  expect(works.answered(one.correlation)).toBe(one);
  expect(works.answered(one.correlation)).toBeUndefined();
  expect(works.withdraw(two)).toBe('sent');
  expect(works.answered(two.correlation)).toBeUndefined();
  expect(works.sent).toBe(0);
});

it('does not take out the work of another session that goes by the same number', () => {
  const [here, there] = [new SessionWorks(), new SessionWorks()];
  const [one, two] = [work(), work()];
  here.add(one);
  there.add(two);
  expect(two.correlation).toBe(one.correlation);
  expect(here.withdraw(two)).toBeUndefined();
  here.next();
  expect(here.withdraw(two)).toBeUndefined();
  expect(here.withdraw(one)).toBe('sent');
});

it('takes out all at once, each in its order', () => {
  const works = new SessionWorks();
  const all = Array.from({ length: 40 }, work);
  for (const each of all) works.add(each);
  for (let count = 0; count < 20; count += 1) works.next();
  expect(works.takeAll()).toEqual({ sent: all.slice(0, 20), waiting: all.slice(20) });
  expect([works.waiting, works.sent]).toEqual([0, 0]);
  const last = work();
  works.add(last);
  expect(works.next()).toBe(last);
});
