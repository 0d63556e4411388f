import { expect, test } from 'vitest';
import { waitUntil } from './wait-until.ts';

test('waiting ends with the first truthy answer', async () => {
  let looks = 0;
  const answer = await waitUntil(() => (++looks === 3 ? 'there' : undefined), {
    deadlineMs: 5_000,
    what: 'the third look',
    everyMs: 1,
  });
  expect(answer).toBe('there');
  expect(looks).toBe(3);
});

test('a wait that fails says what it waited for, with the state at the end', async () => {
  let looks = 0;
  const wait = waitUntil(
    () => {
      looks++;
      return false;
    },
    { deadlineMs: 5, what: () => `three nodes (${looks > 0 ? 'two' : 'none'} serve)`, everyMs: 1 },
  );
  await expect(wait).rejects.toThrow('waited 5 ms for three nodes (two serve)');
});

test('an error of the predicate ends the wait at once', async () => {
  const wait = waitUntil(
    () => {
      throw new Error('refused');
    },
    { deadlineMs: 60_000, what: 'nothing' },
  );
  await expect(wait).rejects.toThrow('refused');
});
