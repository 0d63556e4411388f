import { describe, expect, it } from 'vitest';
import { type Matrix, settingsOf } from '../../../src/bench/quorum/setting.ts';

const ALL: Matrix = { n: [3], r: undefined, w: undefined, levels: [] };

describe('a matrix', () => {
  it('has every R and W up to N, and says which of them are strict', () => {
    const settings = settingsOf(ALL);
    expect(settings).toHaveLength(9);
    expect(new Set(settings.map(({ name }) => name)).size).toBe(9);
    for (const { required, isStrict } of settings) {
      expect(isStrict).toBe(required.r + required.w > 3);
    }
    expect(settings[0]).toMatchObject({ name: 'N 3, R 1, W 1', read: { r: 1 }, write: { w: 1 } });
  });

  it('leaves out of each N what it cannot hold, and names nothing twice', () => {
    const names = settingsOf({ n: [1, 3, 3], r: [2], w: [1], levels: [] }).map(({ name }) => name);
    expect(names).toEqual(['N 3, R 2, W 1']);
  });

  it.each([
    ['quorum', 'quorum', { r: 3, w: 3 }, true],
    ['one', 'all', { r: 1, w: 5 }, true],
    ['one', 'quorum', { r: 1, w: 3 }, false],
    ['all', 'any', { r: 5, w: 1 }, false],
    ['two', 'three', { r: 2, w: 3 }, false],
    ['local_quorum', 'each_quorum', { r: 3, w: 3 }, true],
  ] as const)('of five replicas at %s and %s needs %j', (read, write, required, isStrict) => {
    const [setting] = settingsOf({ n: [5], r: [], w: [], levels: [{ read, write }] });
    expect(setting).toMatchObject({
      name: `N 5, read ${read}, write ${write}`,
      read: { consistency: read },
      write: { consistency: write },
      required,
      isStrict,
    });
  });

  it.each([
    [{ ...ALL, r: [4] }, 'No R or W'],
    [{ ...ALL, levels: [{ read: 'three', write: 'one' }], n: [2] }, 'three needs 3'],
    [{ ...ALL, n: [32] }, '256'],
  ] as const)('%j is refused', (matrix, message) => {
    expect(() => settingsOf(matrix)).toThrow(message);
  });
});
