import { expect, it } from 'vitest';
import { NumberTable } from '../../src/core/number-table.ts';

it('finds what is under a number, replaces it and gives it away once', () => {
  const table = new NumberTable<{ name: string }>();
  const [one, two] = [{ name: 'one' }, { name: 'two' }];
  table.set(7, one);
  expect(table.get(7)).toBe(one);
  table.set(7, two);
  expect(table.size).toBe(1);
  expect(table.take(7)).toBe(two);
  expect(table.take(7)).toBeUndefined();
  expect(table.get(7)).toBeUndefined();
  expect(table.size).toBe(0);
});

it('takes 0, the highest id and the lowest token as numbers like any other', () => {
  const table = new NumberTable<{ key: number }>();
  const keys = [0, 1, 0xffff_ffff, -(2 ** 31), 2 ** 31 - 1];
  for (const key of keys) table.set(key, { key });
  expect(table.size).toBe(keys.length);
  for (const key of keys) expect(table.get(key)).toEqual({ key });
  expect(table.get(-1)).toBe(table.get(0xffff_ffff));
});

it('keeps numbers apart that begin at one slot, over the end of the table too', () => {
  const table = new NumberTable<{ key: number }>();
  const keys = [15, 31, 47, 0, 16];
  for (const key of keys) table.set(key, { key });
  table.take(15);
  for (const key of keys.slice(1)) expect(table.get(key)).toEqual({ key });
  table.take(0);
  for (const key of [31, 47, 16]) expect(table.get(key)).toEqual({ key });
  expect(table.items().map(({ key }) => key)).toHaveLength(3);
});

it('is empty after it was cleared, and works on', () => {
  const table = new NumberTable<{ key: number }>();
  for (let key = 0; key < 100; key += 1) table.set(key, { key });
  table.clear();
  expect(table.size).toBe(0);
  expect(table.items()).toEqual([]);
  expect(table.get(50)).toBeUndefined();
  table.set(50, { key: 50 });
  expect(table.items()).toEqual([{ key: 50 }]);
});
