/** What the property test does to a storage engine and to its model at the same time. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Store } from '../../src/env/store.ts';
import type { StoreModel } from './store-model.ts';
import { del, EVERYTHING, NO_SYNC, readAll } from './store-rows.ts';

/** Few and close to each other: prefixes, zeros and the highest byte. All within EVERYTHING. */
const key = fc
  .uint8Array({ minLength: 1, maxLength: 3 })
  .map((bytes) => bytes.map((byte) => [0x00, 0x01, 0x61, 0xfe, 0xff][byte % 5] ?? 0));
const operation = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 9 }) }),
  fc.record({ type: fc.constant('del' as const), key }),
);
const operations = fc.array(operation, { minLength: 1, maxLength: 12 });
export const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('batch' as const), operations, sync: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('getMany' as const), keys: fc.array(key) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('iterate' as const),
      range: fc.record(
        { from: key, to: key, limit: fc.nat(12), reverse: fc.boolean() },
        { requiredKeys: ['from', 'to'] },
      ),
      count: fc.integer({ min: 1, max: 5 }),
      /** Written between the iterator's creation and its first read. */
      meanwhile: operations,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Does it to both, and expects the same answer. */
export async function compare(
  store: Store,
  model: StoreModel,
  action: Exclude<Step, { do: 'reopen' }>,
): Promise<void> {
  if (action.do === 'batch') {
    model.apply(action.operations);
    await store.batch(action.operations, { sync: action.sync });
  } else if (action.do === 'getMany') {
    const expected = action.keys.map((wanted) => model.get(wanted));
    expect(await store.getMany(action.keys)).toEqual(expected);
  } else {
    const expected = model.range(action.range);
    const iterator = store.iterate(action.range);
    model.apply(action.meanwhile);
    await store.batch(action.meanwhile, NO_SYNC);
    expect(await readAll(iterator, action.count)).toEqual(expected);
  }
}

export async function clear(store: Store): Promise<void> {
  const entries = await readAll(store.iterate(EVERYTHING));
  if (entries.length > 0)
    await store.batch(
      entries.map((entry) => del(entry.key)),
      NO_SYNC,
    );
}
