import { describe, expect, it } from 'vitest';
import { KeyChooser, keyName } from '../../src/bench/key-chooser.ts';
import { SeededRandom } from '../../src/core/seeded-random.ts';

const ALONE = { index: 0, count: 1 };

function chooser(
  distribution: 'zipfian' | 'uniform' | 'latest',
  keys = 100,
  client = ALONE,
): KeyChooser {
  return new KeyChooser(new SeededRandom(1, 'keys'), { distribution, keys, client });
}

function draw(keys: KeyChooser, count = 2_000): number[] {
  return Array.from({ length: count }, () => keys.next());
}

describe.each(['zipfian', 'uniform', 'latest'] as const)('%s', (distribution) => {
  it('stays among the loaded keys before anything is inserted', () => {
    expect(draw(chooser(distribution)).every((key) => key >= 0 && key < 100)).toBe(true);
  });

  it('draws the same keys again for the same seed', () => {
    expect(draw(chooser(distribution))).toEqual(draw(chooser(distribution)));
  });
});

describe('latest', () => {
  it('follows inserts: the newest acknowledged key is drawn most often', () => {
    const keys = chooser('latest');
    for (let insert = 0; insert < 50; insert += 1) {
      const key = keys.beginInsert();
      keys.acknowledge(key);
      const counts = new Map<number, number>();
      for (const drawn of draw(keys, 400)) counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
      const most = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
      expect(most).toBe(key);
    }
  });

  it('draws no key before its insert is acknowledged, nor past one that is on its way', () => {
    const keys = chooser('latest', 1);
    const first = keys.beginInsert();
    const second = keys.beginInsert();
    keys.acknowledge(second);
    expect(new Set(draw(keys))).toEqual(new Set([0]));
    keys.acknowledge(first);
    expect(new Set(draw(keys))).toEqual(new Set([0, first, second]));
  });
});

describe('inserts', () => {
  it('of several clients never meet, and each client draws its own', () => {
    const clients = [0, 1, 2].map((index) => chooser('uniform', 5, { index, count: 3 }));
    const inserted = clients.map((keys) =>
      Array.from({ length: 20 }, () => {
        const key = keys.beginInsert();
        keys.acknowledge(key);
        return key;
      }),
    );
    expect(new Set(inserted.flat()).size).toBe(60);
    for (const [index, keys] of clients.entries()) {
      const own = new Set(inserted[index]);
      expect(draw(keys).every((key) => key < 5 || own.has(key))).toBe(true);
      expect(new Set(draw(keys)).size).toBe(25);
    }
  });

  it('do not move what is popular in a zipfian set', () => {
    const keys = chooser('zipfian');
    for (let insert = 0; insert < 20; insert += 1) keys.acknowledge(keys.beginInsert());
    expect(draw(keys)).toEqual(draw(chooser('zipfian')));
  });
});

it('names are of one length and different', () => {
  expect(keyName(0)).toBe('user000000000000');
  expect(keyName(99_999_999)).toHaveLength(16);
});
