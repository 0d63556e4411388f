import { expect, test } from 'vitest';
import { Exchange, ROUNDS_MAX } from '../../../src/core/merkle/exchange.ts';
import { drive, KEYS, type Replica } from './model.ts';

function differingKeys(a: Replica, b: Replica): number[] {
  const keys = [...new Set([...a.keys(), ...b.keys()])];
  return keys.filter((key) => a.get(key) !== b.get(key)).sort((x, y) => x - y);
}

test('a leaf that never stays the same is walked all the same', () => {
  const own: Replica = new Map([[8, 1]]);
  const theirs: Replica = new Map([[9, 1]]);
  let version = 1;
  const exchange = new Exchange('compare');
  const { asks, transferred } = drive(exchange, own, theirs, {
    before: () => own.set(10, ++version),
  });
  expect(asks.filter((ask) => ask === 'pause')).toHaveLength(ROUNDS_MAX - 1);
  expect(transferred).toEqual(expect.arrayContaining([8, 9]));
  expect(exchange.isComplete).toBe(true);
});

test('what could not be read or brought over makes it incomplete, also after an interruption', () => {
  const own: Replica = new Map([1, 2, 3].map((key) => [key, 1]));
  for (const part of ['entries', 'transfer'] as const) {
    let exchange = new Exchange('all');
    const page = (keys: number[], isMore: boolean) => ({
      entries: keys.map((key) => ({ key: Uint8Array.of(0x44, 0, key), high: 1, low: 1, stamp: 1 })),
      isMore,
    });
    exchange.tookEntries(page([1, 2], true), page([1], true), part !== 'entries');
    if (exchange.ask.kind === 'transfer') exchange.transferred(part !== 'transfer');
    if (part === 'transfer') {
      exchange.tookEntries(page([2], true), page([], false), true);
      exchange.transferred(false);
    }
    exchange = new Exchange('all', exchange.cursor);
    drive(exchange, own, new Map(own));
    expect(exchange.ask.kind).toBe('done');
    expect(exchange.isComplete).toBe(false);
  }
});

test('when most leaves differ everything is walked in order, without a second look', () => {
  const own: Replica = new Map(Array.from({ length: KEYS / 2 }, (_, key) => [2 * key, 1]));
  const theirs: Replica = new Map([[1, 1]]);
  const exchange = new Exchange('compare');
  const { asks } = drive(exchange, own, theirs, { entriesMax: 500 });
  expect(asks.filter((ask) => ask === 'tree')).toHaveLength(3);
  expect(asks).not.toContain('pause');
  expect(differingKeys(own, theirs)).toEqual([]);
});
