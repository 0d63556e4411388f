import { expect, it } from 'vitest';
import { SystemRandom } from '../../../src/platform/system/system-random.ts';

it('floats are in [0, 1) and spread over it', () => {
  const random = new SystemRandom();
  const tenths = new Array<number>(10).fill(0);
  for (let count = 0; count < 10_000; count += 1) {
    const value = random.float();
    expect(value >= 0 && value < 1).toBe(true);
    const tenth = Math.floor(value * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  // 1,000 are expected in each; 300 off is ten standard deviations.
  for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(300);
});

it('bytes have the length asked for, also across and above the block that is drawn ahead', () => {
  const random = new SystemRandom();
  for (const length of [0, 1, 16, 4_095, 4_096, 4_097, 10_000]) {
    expect(random.bytes(length)).toHaveLength(length);
  }
  expect(() => random.bytes(-1)).toThrow(expect.objectContaining({ code: 'ASSERTION_FAILED' }));
});

it('no bytes are handed out twice, and none change afterwards', () => {
  const random = new SystemRandom();
  const ids = Array.from({ length: 2_000 }, () => random.bytes(16));
  const texts = ids.map((id) => Buffer.from(id).toString('hex'));
  expect(new Set(texts).size).toBe(ids.length);
  random.bytes(4_096);
  expect(ids.map((id) => Buffer.from(id).toString('hex'))).toEqual(texts);
});
