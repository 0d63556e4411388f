/** The simulator as programs use it, with merge functions of their own. */
import { describe, expect, it } from 'vitest';
import { type SetValues, simulate } from '../../src/simulate.ts';

/** Sets as JSON, merged as they should be. */
const RIGHT: SetValues = {
  change: (value, { adds, removes }) => {
    const elements = new Set<number>(value === undefined ? [] : JSON.parse(value));
    elements.add(adds);
    for (const element of removes) elements.delete(element);
    return JSON.stringify([...elements]);
  },
  merge: (siblings) => JSON.stringify([...new Set(siblings.flatMap((text) => JSON.parse(text)))]),
  elements: (value) => JSON.parse(value),
};

/** One sibling is taken, the others are forgotten. */
const WRONG: SetValues = { ...RIGHT, merge: ([first = '[]']) => first };

const options = { seed: 1, runs: 2, nodes: 3, minutes: 0.5, workload: 'set', faults: [] };

describe('simulate', () => {
  it('finds nothing wrong with a merge that keeps everything', async () => {
    const seeds: number[] = [];
    const onRun = ({ seed }: { readonly seed: number }) => seeds.push(seed);
    const report = await simulate({ ...options, values: RIGHT, onRun });
    expect(report.violations).toEqual([]);
    expect(report.operations).toBeGreaterThan(1_000);
    expect(seeds).toEqual([1, 2]);
  });

  it('finds a merge that loses changes, and says so', async () => {
    const report = await simulate({ ...options, values: WRONG });
    expect(report.violations.map(({ check }) => check)).toContain('set-elements');
    const { seed, replay } = report.violations[0] ?? {};
    expect(replay).toBe(
      `simulate({ seed: ${seed}, nodes: 3, minutes: 0.5, workload: "set", faults: [], values })`,
    );
  });

  it('says that a function of the caller failed, and not that a promise was broken', async () => {
    const thrown = new TypeError('carts is not iterable');
    const merge = () => {
      throw thrown;
    };
    await expect(simulate({ ...options, values: { ...RIGHT, merge } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'Your values.merge threw TypeError: carts is not iterable, in the run of seed 1',
      cause: thrown,
    });
    const change = () => undefined as unknown as string;
    await expect(simulate({ ...options, values: { ...RIGHT, change } })).rejects.toMatchObject({
      message: 'Your values.change returned undefined, not a string, in the run of seed 1',
    });
    const elements = () => ['1'] as unknown as number[];
    await expect(simulate({ ...options, values: { ...RIGHT, elements } })).rejects.toMatchObject({
      message: 'Your values.elements did not return a list of numbers, in the run of seed 1',
    });
  });

  it('refuses options that make no sense', async () => {
    await expect(simulate({ workload: 'chess' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
