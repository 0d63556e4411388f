/** At which rate repairs are done that nobody waits for, and which are left. */
import { expect, test } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import { BackgroundRepairs } from '../../../src/node/coordinator/background-repairs.ts';
import { READ_DEFAULTS, type ReadTuning } from '../../../src/node/coordinator/read-options.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { Notes } from '../notes.ts';

class Bench {
  readonly clock = new ManualClock();
  readonly notes = new Notes();
  readonly repairs: BackgroundRepairs;
  /** Ids of those begun, and how they end. */
  readonly begun: { readonly id: string; end(): void }[] = [];
  isBusy = false;
  /** They end as soon as they begin. */
  isInstant = false;

  constructor(tuning: Partial<ReadTuning> = {}) {
    const deadlines = new Deadlines(this.clock);
    const parts = { deadlines, metrics: this.notes };
    this.repairs = new BackgroundRepairs(parts, { ...READ_DEFAULTS, ...tuning }, () => this.isBusy);
  }

  add(id: string, bytes = 10): void {
    const run = (done: () => void): void => {
      this.begun.push({ id, end: done });
      if (this.isInstant) done();
    };
    this.repairs.add({ id, bytes, run });
  }

  dropped(reason: string): number {
    return this.notes.number('coterie_read_repairs_dropped_total', { reason });
  }

  get waiting(): number {
    return this.notes.number('coterie_read_repairs_waiting');
  }
}

test('a repair begins at once when there is nothing else', () => {
  const bench = new Bench();
  bench.add('a');
  expect(bench.begun.map(({ id }) => id)).toEqual(['a']);
  expect(bench.waiting).toBe(0);
});

test('no more begin than the rate allows, and all of them in the end', async () => {
  const bench = new Bench({ repairsPerSecond: 100 });
  bench.isInstant = true;
  for (let index = 0; index < 50; index += 1) bench.add(`r${index}`);
  const atOnce = bench.begun.length;
  expect(atOnce).toBeLessThanOrEqual(6);
  expect(bench.waiting).toBe(50 - atOnce);
  await bench.clock.advance(200);
  expect(bench.begun.length - atOnce).toBeGreaterThan(15);
  expect(bench.begun.length - atOnce).toBeLessThanOrEqual(21);
  await bench.clock.advance(1_000);
  expect(bench.begun.map(({ id }) => id)).toEqual(
    Array.from({ length: 50 }, (_, index) => `r${index}`),
  );
});

test('no more are under way than the bound, and the next begins when one ends', () => {
  const bench = new Bench({ repairsUnderWayMax: 2 });
  for (const id of ['a', 'b', 'c', 'd']) bench.add(id);
  expect(bench.begun).toHaveLength(2);
  bench.begun[0]?.end();
  expect(bench.begun.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});

test.each([
  ['number', { repairsWaitingMax: 2 }],
  ['bytes', { repairBytesMax: 25 }],
])('what finds no room by %s is dropped and counted', (_, bound) => {
  const bench = new Bench({ repairsUnderWayMax: 1, ...bound });
  for (const id of ['a', 'b', 'c', 'd', 'e']) bench.add(id);
  expect(bench.waiting).toBe(2);
  expect(bench.dropped('full')).toBe(2);
});

test('one that is larger than all room is taken when nothing else waits', () => {
  const bench = new Bench({ repairsUnderWayMax: 1, repairBytesMax: 25 });
  bench.add('a');
  bench.add('huge', 1_000);
  expect(bench.waiting).toBe(1);
});

test('a busy node leaves repairs to another time', () => {
  const bench = new Bench();
  bench.isBusy = true;
  bench.add('a');
  expect(bench.begun).toEqual([]);
  expect(bench.dropped('busy')).toBe(1);
});

test('of one key at one replica one repair waits or is under way', () => {
  const bench = new Bench();
  for (let count = 0; count < 3; count += 1) bench.add('a');
  expect(bench.begun).toHaveLength(1);
  bench.begun[0]?.end();
  bench.add('a');
  expect(bench.begun).toHaveLength(2);
});
