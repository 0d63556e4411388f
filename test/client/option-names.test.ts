/** Options that are spelt wrong, as plain JavaScript hands them in: refused before anything is
 *  sent, with the name that was probably meant. */
import { expect, test } from 'vitest';
import type { Client } from '../../src/client/types.ts';
import { closeClient, createRig, readyClient, watch } from './client-rig.ts';

/** What a compiler would not let through. */
function loose(options: unknown): never {
  return options as never;
}

type Case = readonly [string, string, (db: Client) => Promise<unknown>];

const CASES: readonly Case[] = [
  ['get', 'did you mean timeoutMs', (db) => db.get('k', loose({ timeuotMs: 5 }))],
  ['get', 'it takes timeoutMs, signal, bucket', (db) => db.get('k', loose({ w: 2 }))],
  ['put', 'did you mean consistency', (db) => db.put('k', 'v', loose({ consistancy: 'one' }))],
  ['delete', 'did you mean durability', (db) => db.delete('k', loose({ durabilty: 'memory' }))],
  ['layout', 'did you mean timeoutMs', (db) => db.layout(loose({ timeoutMS: 5 }))],
  ['ready', 'did you mean signal', (db) => db.ready(loose({ singal: undefined }))],
];

test.each(CASES)('a misspelt option of %s is refused: %s', async (verb, hint, request) => {
  const { clock, network, client } = createRig();
  const node = network.add('a:1');
  const db = client();
  const result = watch(request(db));
  await clock.settle();
  expect(result.error).toMatchObject({ code: 'INVALID_ARGUMENT', applied: 'no' });
  expect(result.error?.message).toContain(`is not an option of ${verb}; ${hint}`);
  expect(node.dials).toBe(0);
  await closeClient(db, clock);
});

test.each([null, 'one', 5])('%j in place of the options is refused', async (options) => {
  const { clock, network, client } = createRig();
  network.add('a:1');
  const db = client();
  const result = watch(db.get('k', loose(options)));
  await clock.settle();
  expect(result.error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(result.error?.message).toBe('The options of get are not an object');
  await closeClient(db, clock);
});

test('a misspelt option of the client is refused before there is one', () => {
  const { client } = createRig();
  expect(() => client(loose({ inflightMx: 5 }))).toThrow('did you mean inFlightMax');
  expect(() => client(loose({ zzz: 5 }))).toThrow('it takes nodes, bucket, ');
});

test('what every object of the program has by inheritance is no option', async () => {
  const { clock, network, client } = createRig();
  network.add('a:1');
  const db = client();
  await readyClient(db, clock);
  const inherited = Object.assign(Object.create({ added: true }), { timeoutMs: 500 });
  const result = watch(db.get('k', inherited));
  await clock.settle();
  expect(result.error).toBeUndefined();
  expect(result.isSettled).toBe(true);
  await closeClient(db, clock);
});
