import { describe, expect, it, test } from 'vitest';
import { chooseOperation, coreWorkload, OPERATIONS, parseMix } from '../../src/bench/workload.ts';
import { SeededRandom } from '../../src/core/seeded-random.ts';

describe('core workloads', () => {
  it.each([
    ['a', { read: 0.5, update: 0.5, insert: 0, rmw: 0 }, 'zipfian'],
    ['B', { read: 0.95, update: 0.05, insert: 0, rmw: 0 }, 'zipfian'],
    ['c', { read: 1, update: 0, insert: 0, rmw: 0 }, 'zipfian'],
    ['d', { read: 0.95, update: 0, insert: 0.05, rmw: 0 }, 'latest'],
    ['f', { read: 0.5, update: 0, insert: 0, rmw: 0.5 }, 'zipfian'],
  ])('%s is that of the paper', (letter, mix, distribution) => {
    expect(coreWorkload(letter)).toMatchObject({ mix, distribution });
  });

  it('e is refused, and says why', () => {
    expect(() => coreWorkload('e')).toThrow(/scans/);
    expect(() => coreWorkload('toString')).toThrow(/there are a, b, c, d and f/);
  });
});

describe('a mix', () => {
  it('is shares of whatever they add up to', () => {
    expect(parseMix('read=3, update=1')).toEqual({ read: 0.75, update: 0.25, insert: 0, rmw: 0 });
    expect(parseMix('rmw=0.5').rmw).toBe(1);
  });

  it.each(['', 'read', 'read=', 'scan=5', 'read=-1', 'read=1=2', 'read=1e3', 'read=0'])(
    '%j is none',
    (text) => {
      expect(() => parseMix(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    },
  );

  test('operations come in its shares', () => {
    const mix = parseMix('read=60,update=25,insert=10,rmw=5');
    const random = new SeededRandom(5, 'mix');
    const counts = { read: 0, update: 0, insert: 0, rmw: 0 };
    const draws = 100_000;
    for (let draw = 0; draw < draws; draw += 1) counts[chooseOperation(mix, random)] += 1;
    for (const operation of OPERATIONS) {
      expect(Math.abs(counts[operation] / draws - mix[operation])).toBeLessThan(0.01);
    }
  });

  test('what has no share never comes, even at the end of the range', () => {
    const last = { float: () => 1 - Number.EPSILON };
    expect(chooseOperation(parseMix('read=1,update=2'), last)).toBe('update');
    expect(chooseOperation(parseMix('insert=1'), { float: () => 0 })).toBe('insert');
  });
});
