import { expect, test } from 'vitest';
import { TokenBucket } from '../../src/core/token-bucket.ts';

const bucket = () => new TokenBucket({ perSecond: 1_000, burst: 500 });

test('a burst begins at once, and what is beyond it as tokens come', () => {
  const tokens = bucket();
  expect(tokens.take(500, 0)).toBe(0);
  expect(tokens.take(100, 0)).toBe(0);
  expect(tokens.take(100, 0)).toBe(100);
  expect(tokens.take(100, 0)).toBe(200);
  expect(tokens.waitMs(250)).toBe(50);
});

test('a quiet time gives no more than the burst', () => {
  const tokens = bucket();
  tokens.take(500, 0);
  tokens.take(500, 1_000_000);
  tokens.take(500, 1_000_000);
  expect(tokens.waitMs(1_000_000)).toBe(500);
});

test('one item beyond the burst is let through, and the next waits for it', () => {
  const tokens = bucket();
  expect(tokens.take(10_000, 0)).toBe(0);
  expect(tokens.waitMs(0)).toBe(9_500);
});
