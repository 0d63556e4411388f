/** What a node answers to peers that compare a partition, also to those that ask badly. */
import { expect, test } from 'vitest';
import type { CoterieError } from '../../../src/core/errors.ts';
import type { PeerOperation, PeerResult } from '../../../src/node/contracts.ts';
import { load, Pair, recordOf } from './pair-rig.ts';

const NONE = new Uint8Array(0);

async function pairOf(count: number): Promise<Pair> {
  const pair = await new Pair({ partitions: 2 }).start();
  const records = Array.from({ length: count }, (_, index) => {
    return [pair.keyOf(`k${index}`), recordOf(3, `value ${index}`)] as const;
  });
  await load(pair, [pair.b], records);
  return pair;
}

function ask(pair: Pair, operation: PeerOperation): Promise<PeerResult | CoterieError> {
  const { current, minimum, read } = pair.ring.epochsOf(0);
  const epochs = { peCur: current, peMin: minimum, peRead: read };
  return pair.run(
    new Promise((done) => pair.b.serve({ id: 1, timeoutMs: 1_000, ...epochs, operation }, done)),
  );
}

function entries(fields: { leaves?: number[]; after?: Uint8Array; bytesMax?: number }) {
  const { leaves = [0, 1_024], after = NONE, bytesMax = 1_000_000 } = fields;
  return {
    $case: 'entries' as const,
    entries: { partition: 0, leaves, after, through: NONE, bytesMax },
  };
}

/** Storage keys of partition 0, in order. */
function keysOf(pair: Pair, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => pair.keyOf(`k${index}`))
    .filter((key) => pair.placeOf(key).partition === 0)
    .map(({ storageKey }) => storageKey)
    .sort(Buffer.compare);
}

test('a page of entries is no larger than asked for, and one entry at least', async () => {
  await using pair = await pairOf(100);
  const whole = await ask(pair, entries({}));
  const keys = keysOf(pair, 100);
  expect(whole).toMatchObject({ entries: { more: false, verified: true, unreadable: 0 } });
  expect(whole).toMatchObject({ entries: { keys: { length: keys.length } } });
  const one = await ask(pair, entries({ bytesMax: 0 }));
  expect(one).toMatchObject({ entries: { keys: { length: 1 }, more: true } });
});

test('records that do not fit are left for the next question', async () => {
  await using pair = await pairOf(40);
  const keys = keysOf(pair, 40);
  const fetch = (bytesMax: number) =>
    ask(pair, { $case: 'fetch', fetch: { partition: 0, keys, bytesMax } });
  expect(await fetch(1)).toMatchObject({ fetched: { records: { length: 1 } } });
  expect(await fetch(1e6)).toMatchObject({ fetched: { records: { length: keys.length } } });
});

test('records that are merged are answered with what is there now, if it is something else', async () => {
  await using pair = await pairOf(40);
  const keys = keysOf(pair, 40).slice(0, 3);
  const older = recordOf(2, 'older');
  const newer = recordOf(5, 'newer');
  const records = [older, newer, Uint8Array.of(1, 2, 3)];
  const operation = { partition: 0, keys, records, sync: true };
  const answer = await ask(pair, { $case: 'reconcile', reconcile: operation });
  expect(answer).toMatchObject({ reconciled: { refused: [2], changed: 1, durable: true } });
  if (!('$case' in answer) || answer.$case !== 'reconciled') throw new Error('no answer');
  const [first, second, third] = answer.reconciled.records;
  expect(first?.length).toBeGreaterThan(0);
  expect([second?.length, third?.length]).toEqual([0, 0]);
});

test('questions that make no sense are refused', async () => {
  await using pair = await pairOf(10);
  const [key = NONE] = keysOf(pair, 10);
  const far = Array.from({ length: 30 }, (_, index) => pair.keyOf(`far${index}`)).find(
    (each) => pair.placeOf(each).partition === 1,
  );
  const many = Array.from({ length: 2_049 }, () => key);
  const bad: PeerOperation[] = [
    entries({ leaves: [] }),
    entries({ leaves: [5, 5] }),
    { $case: 'tree', tree: { partition: 0, level: 3, ids: [] } },
    { $case: 'tree', tree: { partition: 0, level: 1, ids: [2, 1] } },
    { $case: 'fetch', fetch: { partition: 0, keys: [Uint8Array.of(1, 2)], bytesMax: 1 } },
    { $case: 'fetch', fetch: { partition: 0, keys: many, bytesMax: 1 } },
    { $case: 'fetch', fetch: { partition: 0, keys: [far?.storageKey ?? NONE], bytesMax: 1 } },
    { $case: 'reconcile', reconcile: { partition: 0, keys: [key], records: [], sync: true } },
    { $case: 'read', read: { bucket: 'default', key: NONE, digestAbove: 0 } },
  ];
  for (const operation of bad) {
    expect(await ask(pair, operation), operation.$case).toMatchObject({
      code: 'MALFORMED_MESSAGE',
    });
  }
  const elsewhere = { $case: 'tree' as const, tree: { partition: 9, level: 0, ids: [] } };
  expect(await ask(pair, elsewhere)).toMatchObject({ code: expect.any(String) });
});

test('only so many pages are read at a time', async () => {
  await using pair = await pairOf(100);
  const asked = Array.from({ length: 20 }, () => ask(pair, entries({})));
  const answers = await pair.run(Promise.all(asked));
  const refused = answers.filter((answer) => 'code' in answer && answer.code === 'OVERLOADED');
  expect(refused).toHaveLength(12);
  expect(await ask(pair, entries({}))).toMatchObject({ $case: 'entries' });
});
