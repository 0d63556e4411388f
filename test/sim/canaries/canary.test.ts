import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { atlasBreaches } from '../../../src/sim/faults/atlas.ts';
import { CANARIES } from './all.ts';
import { edited, isStaged } from './canary.ts';
import { scenarioOf } from './hunt.ts';

const canary = { name: 'yellow' };
const edit = { file: 'a.js', find: 'x = 1', replace: '$& + 2' };

it('an edit replaces its one place, and its text is taken as it is', () => {
  expect(edited(canary, edit, 'y; x = 1;')).toBe('y; $& + 2;');
});

it('an edit whose place is gone, or there twice, names its canary', () => {
  expect(() => edited(canary, edit, 'x = 2;')).toThrow(/Canary yellow .* dist\/a\.js has 0 times/);
  expect(() => edited(canary, edit, 'x = 1; x = 1;')).toThrow(/has 2 times/);
});

it('no two canaries have one name', () => {
  const names = CANARIES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

it('the page on the simulator says how many there are, and after how many seeds they are found', () => {
  const page = readFileSync(new URL('../../../docs/simulation.md', import.meta.url), 'utf8');
  const seeds: Readonly<Record<string, number>> = JSON.parse(
    readFileSync(new URL('./seeds.json', import.meta.url), 'utf8'),
  );
  expect(page).toContain(`on purpose, ${CANARIES.length} ways`);
  expect(page).toContain(`${Math.max(...Object.values(seeds))} for the rarest`);
});

it.each(CANARIES.filter(isStaged))(
  '$scenario breaks no more than the product survives',
  async (canary) => {
    const scenario = await scenarioOf(canary);
    expect(atlasBreaches(scenario, scenario.faults)).toEqual([]);
  },
);
