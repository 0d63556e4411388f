import { expect, it } from 'vitest';
import { BytePages } from '../../src/core/byte-pages.ts';

it('short byte strings share a page, long ones have memory of their own', () => {
  const pages = new BytePages(800);
  const [first, second, long] = [pages.take(60), pages.take(100), pages.take(101)];
  expect(second.buffer).toBe(first.buffer);
  expect(second.byteOffset).toBe(60);
  expect(long.buffer.byteLength).toBe(101);
});

it('a page that is full is left for the next one', () => {
  const pages = new BytePages(800);
  const taken = Array.from({ length: 9 }, () => pages.take(100));
  expect(taken[7]?.buffer).toBe(taken[0]?.buffer);
  expect(taken[8]?.buffer).not.toBe(taken[0]?.buffer);
});
