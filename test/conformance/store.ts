/** What every storage engine must do: the contract of src/env/store.ts, as one suite that each
 *  engine's test runs. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STORE_ITERATORS_MAX, STORE_OPERATIONS_MAX } from '../../src/core/store-gate.ts';
import type { Store, StoreOperation, StoreRange } from '../../src/env/store.ts';
import { StoreModel } from './store-model.ts';
import { bytesOf, del, EVERYTHING, FIRST, NO_SYNC, put, readAll, textOf } from './store-rows.ts';
import { clear, compare, step } from './store-steps.ts';

/** One place for data. */
export interface StoreFixture {
  /** A new store on that place, not yet opened. */
  make(): Store;
  /** Removes the place; every store on it is closed. */
  dispose(): Promise<void>;
}

const SYNC = { sync: true } as const;
const MIB = 1_024 * 1_024;

export function describeStore(name: string, makeFixture: () => Promise<StoreFixture>): void {
  describe(name, () => {
    let fixture: StoreFixture;
    let store: Store;

    beforeEach(async () => {
      fixture = await makeFixture();
      store = fixture.make();
      await store.open();
    });

    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });

    async function reopen(): Promise<void> {
      await store.close();
      store = fixture.make();
      await store.open();
    }

    describe('keys and values', () => {
      it('orders keys byte by byte, unsigned, the shorter of two with one start first', async () => {
        const ordered = [
          [0x00],
          [0x00, 0x00],
          [0x00, 0xff],
          [0x01],
          [0x61],
          [0x61, 0x00],
          [0x61, 0x62],
          [0x7f],
          [0x80],
          [0xff],
          [0xff, 0x00],
          [0xff, 0xff],
        ].map((bytes) => new Uint8Array(bytes));
        const shuffled = ordered
          .filter((_, at) => at % 2 === 1)
          .concat(ordered)
          .reverse();
        await store.batch(
          shuffled.map((key) => put(key, key)),
          NO_SYNC,
        );
        expect((await readAll(store.iterate(EVERYTHING))).map(({ key }) => key)).toEqual(ordered);
      });

      it('answers getMany in the order of its keys, absent ones undefined, repeated ones twice', async () => {
        await store.batch([put('a', '1'), put('c', '3')], NO_SYNC);
        const values = await store.getMany(['c', 'b', 'a', 'c'].map(bytesOf));
        expect(values.map(textOf)).toEqual(['3', undefined, '1', '3']);
        expect(await store.getMany([])).toEqual([]);
      });

      it('keeps an empty value apart from no value', async () => {
        await store.batch([put('empty', '')], NO_SYNC);
        const [empty, absent] = await store.getMany([bytesOf('empty'), bytesOf('absent')]);
        expect(empty).toEqual(new Uint8Array(0));
        expect(absent).toBeUndefined();
      });

      it('keeps every byte of a value of 4 MiB', async () => {
        const value = new Uint8Array(4 * MIB).map((_, at) => (at * 31) >> 3);
        await store.batch([put('large', value)], SYNC);
        const [kept] = await store.getMany([bytesOf('large')]);
        expect(Buffer.compare(kept ?? FIRST, value)).toBe(0);
        const [entry] = await readAll(store.iterate(EVERYTHING));
        expect(Buffer.compare(entry?.value ?? FIRST, value)).toBe(0);
      });

      it('returns plain bytes that the caller may change without changing the store', async () => {
        await store.batch([put('k', 'value')], NO_SYNC);
        const [value] = await store.getMany([bytesOf('k')]);
        const [entry] = await readAll(store.iterate(EVERYTHING));
        for (const bytes of [value, entry?.key, entry?.value]) {
          expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
          bytes?.fill(0);
        }
        const [kept] = await store.getMany([bytesOf('k')]);
        expect(textOf(kept)).toBe('value');
      });

      it('takes keys and values that are views into larger buffers', async () => {
        const frame = bytesOf('..key..value..');
        await store.batch([put(frame.subarray(2, 5), frame.subarray(7, 12))], NO_SYNC);
        const [value] = await store.getMany([bytesOf('key')]);
        expect(textOf(value)).toBe('value');
      });

      it('refuses an empty key and an empty batch as mistakes of the program', async () => {
        const bug = { code: 'ASSERTION_FAILED' };
        await expect(store.getMany([bytesOf('a'), new Uint8Array(0)])).rejects.toMatchObject(bug);
        await expect(store.batch([put('', 'v')], SYNC)).rejects.toMatchObject(bug);
        await expect(store.batch([], SYNC)).rejects.toMatchObject(bug);
      });
    });

    describe('batches', () => {
      it('apply their operations in order, the last one of a key wins', async () => {
        await store.batch([put('gone', '0'), put('stays', '0')], NO_SYNC);
        await store.batch(
          [put('gone', '1'), del('gone'), del('stays'), put('stays', '2'), del('never')],
          SYNC,
        );
        const values = await store.getMany(['gone', 'stays', 'never'].map(bytesOf));
        expect(values.map(textOf)).toEqual([undefined, '2', undefined]);
      });

      it('are applied in the order of the calls even when nobody waits between them', async () => {
        const running: Promise<void>[] = [];
        for (let at = 0; at < 200; at += 1) {
          running.push(
            store.batch([put('k', `${at}`), put(`k${at}`, 'x')], { sync: at % 50 === 0 }),
          );
        }
        await Promise.all(running);
        const [last] = await store.getMany([bytesOf('k')]);
        expect(textOf(last)).toBe('199');
        expect(await readAll(store.iterate(EVERYTHING))).toHaveLength(201);
      });

      it('settle in the order of the calls', async () => {
        const settled: number[] = [];
        const running = [0, 1, 2, 3, 4].map((at) =>
          store
            .batch([put('k', new Uint8Array(at === 0 ? MIB : 1))], { sync: at % 2 === 0 })
            .then(() => settled.push(at)),
        );
        await Promise.all(running);
        expect(settled).toEqual([0, 1, 2, 3, 4]);
      });

      it('are seen whole or not at all by a getMany that runs beside them', async () => {
        const keys = Array.from({ length: 20 }, (_, at) => bytesOf(`k${at}`));
        const running: Promise<void>[] = [];
        const torn: (string | undefined)[][] = [];
        for (let round = 0; round < 50; round += 1) {
          running.push(
            store.batch(
              keys.map((key) => put(key, `${round}`)),
              NO_SYNC,
            ),
          );
          running.push(
            store.getMany(keys).then((values) => {
              const texts = values.map(textOf);
              if (new Set(texts).size > 1) torn.push(texts);
            }),
          );
        }
        await Promise.all(running);
        expect(torn).toEqual([]);
      });

      it('and reads beyond the bound on operations are refused, the others done', async () => {
        const results = await Promise.allSettled(
          Array.from({ length: STORE_OPERATIONS_MAX + 10 }, (_, at) =>
            store.batch([put(`k${at}`, 'x')], NO_SYNC),
          ),
        );
        const refused = results.filter(({ status }) => status === 'rejected');
        expect(refused).toHaveLength(10);
        expect(refused[0]).toMatchObject({ reason: { code: 'OVERLOADED', applied: 'no' } });
        expect(await readAll(store.iterate(EVERYTHING))).toHaveLength(STORE_OPERATIONS_MAX);
      });
    });

    describe('iterators', () => {
      beforeEach(() =>
        store.batch(
          'abcdefghij'.split('').map((key) => put(key, `${key}!`)),
          NO_SYNC,
        ),
      );

      it('return what is from `from` on and before `to`', async () => {
        expect(await keysOf(store, { from: bytesOf('c'), to: bytesOf('f') })).toBe('cde');
        expect(await keysOf(store, { from: bytesOf('bb'), to: bytesOf('ee') })).toBe('cde');
        expect(await keysOf(store, { from: bytesOf('i'), to: bytesOf('zz') })).toBe('ij');
        expect(await keysOf(store, { from: new Uint8Array(0), to: bytesOf('c') })).toBe('ab');
      });

      it('return nothing for a range that is empty or the wrong way round', async () => {
        const none = new Uint8Array(0);
        expect(await keysOf(store, { from: bytesOf('c'), to: bytesOf('c') })).toBe('');
        expect(await keysOf(store, { from: bytesOf('f'), to: bytesOf('c') })).toBe('');
        expect(await keysOf(store, { from: none, to: none })).toBe('');
        expect(await keysOf(store, { from: none, to: none, reverse: true })).toBe('');
        expect(await keysOf(store, { from: bytesOf('x'), to: bytesOf('z') })).toBe('');
        expect(await keysOf(store, { from: bytesOf('x'), to: bytesOf('z'), reverse: true })).toBe(
          '',
        );
      });

      it('end at their limit and run backwards within the same bounds', async () => {
        const range = { from: bytesOf('c'), to: bytesOf('h') };
        expect(await keysOf(store, { ...range, limit: 2 })).toBe('cd');
        expect(await keysOf(store, { ...range, limit: 0 })).toBe('');
        expect(await keysOf(store, { ...range, limit: 99 })).toBe('cdefg');
        expect(await keysOf(store, { ...range, reverse: true })).toBe('gfedc');
        expect(await keysOf(store, { ...range, reverse: true, limit: 2 })).toBe('gf');
        expect(await keysOf(store, { ...EVERYTHING, reverse: true })).toBe('jihgfedcba');
      });

      it('return at most the entries asked for, the rest later, and nothing once at the end', async () => {
        await using iterator = store.iterate(EVERYTHING);
        const counts: number[] = [];
        for (const asked of [3, 1, 5, 100, 1, 1]) counts.push((await iterator.next(asked)).length);
        expect(counts).toEqual([3, 1, 5, 1, 0, 0]);
      });

      it('read many small and some large entries without loss', async () => {
        const operations: StoreOperation[] = [];
        for (let at = 0; at < 3_000; at += 1) {
          operations.push(
            put(`many${1_000_000 + at}`, new Uint8Array(at % 500 === 0 ? 200_000 : at % 90)),
          );
        }
        await store.batch(operations, NO_SYNC);
        const range = { from: bytesOf('many'), to: bytesOf('many:') };
        const forward = await readAll(store.iterate(range), 700);
        expect(forward.map(({ value }) => value.length)).toEqual(
          operations.map((operation) => (operation.type === 'put' ? operation.value.length : -1)),
        );
        const back = await readAll(store.iterate({ ...range, reverse: true }), 1);
        expect(back.map(({ key }) => textOf(key))).toEqual(
          forward.map(({ key }) => textOf(key)).reverse(),
        );
      });

      it('see the state at their creation, whatever is written while they read', async () => {
        await using early = store.iterate(EVERYTHING);
        await store.batch([del('a'), put('b', 'new'), put('bb', 'new'), del('j')], NO_SYNC);
        await using late = store.iterate(EVERYTHING);
        const [first] = await early.next(1);
        await store.batch([del('c'), put('cc', 'new')], NO_SYNC);
        const seen = [...(first ? [first] : []), ...(await early.next(100))];
        expect(seen.map(({ key }) => textOf(key)).join('')).toBe('abcdefghij');
        expect(seen.map(({ value }) => textOf(value))[1]).toBe('b!');
        expect((await late.next(100)).map(({ key }) => textOf(key)).join(' ')).toBe(
          'b bb c d e f g h i',
        );
      });

      it('may be closed while they read: the read is answered, later ones are refused', async () => {
        const iterator = store.iterate(EVERYTHING);
        const reading = iterator.next(4);
        const closing = iterator.close();
        expect(await reading).toHaveLength(4);
        await closing;
        await iterator.close();
        await expect(iterator.next(1)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
      });

      it('refuse a second read while one is under way', async () => {
        await using iterator = store.iterate(EVERYTHING);
        const reading = iterator.next(1);
        await expect(iterator.next(1)).rejects.toMatchObject({ code: 'ASSERTION_FAILED' });
        expect(await reading).toHaveLength(1);
      });

      it('beyond the bound are refused until one is closed', async () => {
        const open = Array.from({ length: STORE_ITERATORS_MAX }, () => store.iterate(EVERYTHING));
        expect(() => store.iterate(EVERYTHING)).toThrow(
          expect.objectContaining({ code: 'OVERLOADED' }),
        );
        await open[0]?.close();
        open.push(store.iterate(EVERYTHING));
        await Promise.all(open.map((iterator) => iterator.close()));
      });
    });

    describe('its life', () => {
      it('keeps everything over a close and an open', async () => {
        await store.batch([put('kept', '1'), put('deleted', '1')], SYNC);
        await store.batch([del('deleted'), put('unsynced', '2')], NO_SYNC);
        await reopen();
        const values = await store.getMany(['kept', 'deleted', 'unsynced'].map(bytesOf));
        expect(values.map(textOf)).toEqual(['1', undefined, '2']);
      });

      it('does nothing before it is open, after it is closed, or from the call of close on', async () => {
        const early = fixture.make();
        await refusesEverything(early);
        const closing = store.close();
        await refusesEverything(store);
        await closing;
        await refusesEverything(store);
        await expect(store.open()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
        await early.close();
        await expect(early.open()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
      });

      it('finishes what is under way before it closes, and closes once', async () => {
        const writing = [1, 2, 3].map((at) => store.batch([put('k', `${at}`)], SYNC));
        const reading = store.getMany([bytesOf('k')]);
        const closing = [store.close(), store.close()];
        const settled = await Promise.allSettled([...writing, reading, ...closing]);
        expect(settled.map(({ status }) => status)).toEqual(Array(6).fill('fulfilled'));
        await store.close();
        await reopen();
        expect((await store.getMany([bytesOf('k')])).map(textOf)).toEqual(['3']);
      });

      it('ends iterators that are still open, one of them reading, when it closes', async () => {
        await store.batch([put('a', '1'), put('b', '2')], NO_SYNC);
        const idle = store.iterate(EVERYTHING);
        const busy = store.iterate(EVERYTHING);
        const reading = busy.next(10);
        await store.close();
        expect(await reading).toHaveLength(2);
        await expect(idle.next(1)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
        await idle.close();
        await busy.close();
      });

      it('waits for its opening when it is closed at once', async () => {
        await store.close();
        store = fixture.make();
        const opening = store.open();
        await store.close();
        await opening;
        await refusesEverything(store);
      });

      it('is opened once', async () => {
        await expect(store.open()).rejects.toMatchObject({ code: 'CONFLICT' });
      });

      it('refuses a second store on the same place until the first is closed', async () => {
        const second = fixture.make();
        await expect(second.open()).rejects.toMatchObject({ code: 'CONFLICT', applied: 'no' });
        await store.batch([put('k', 'of the first')], SYNC);
        await store.close();
        await second.open();
        expect((await second.getMany([bytesOf('k')])).map(textOf)).toEqual(['of the first']);
        await second.close();
      });

      it('says how much space is left', async () => {
        const { freeBytes, totalBytes } = await store.diskSpace();
        expect(freeBytes).toBeGreaterThan(0);
        expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
      });
    });

    it('behaves as a sorted list would, whatever is done to it', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const model = new StoreModel();
          await clear(store);
          for (const action of steps) {
            if (action.do === 'reopen') await reopen();
            else await compare(store, model, action);
          }
          expect(await readAll(store.iterate(EVERYTHING))).toEqual(model.range(EVERYTHING));
        }),
        { numRuns: 30 },
      );
    });
  });
}

async function refusesEverything(store: Store): Promise<void> {
  const notRunning = { code: 'NOT_RUNNING', applied: 'no' };
  await expect(store.getMany([bytesOf('k')])).rejects.toMatchObject(notRunning);
  await expect(store.batch([put('k', 'v')], SYNC)).rejects.toMatchObject(notRunning);
  await expect(store.diskSpace()).rejects.toMatchObject(notRunning);
  expect(() => store.iterate(EVERYTHING)).toThrow(expect.objectContaining(notRunning));
}

async function keysOf(store: Store, range: StoreRange): Promise<string> {
  const entries = await readAll(store.iterate(range));
  return entries.map((entry) => textOf(entry.key)).join('');
}
