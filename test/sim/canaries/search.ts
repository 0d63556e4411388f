/** For every canary: which of its first 200 seeds finds it, or does its scenario? Prints a table.
 *  `CANARY=name,name` looks at these only; `UPDATE=1` stores the seeds, for
 *  test/sim/canaries.test.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import Table from 'cli-table3';
import { afterAll, describe, expect, it } from 'vitest';
import { CANARIES, chosenCanaries } from './all.ts';
import { isStaged } from './canary.ts';
import { hunt } from './hunt.ts';

const RUNS_MAX = 200;
const SEEDS_FILE = new URL('./seeds.json', import.meta.url);
const rows: string[][] = [];
const seeds: Record<string, number> = {};

describe.concurrent(`each canary is found within ${RUNS_MAX} seeds, or by its scenario`, () => {
  for (const canary of chosenCanaries()) {
    it(`${canary.name}: ${canary.why}`, async ({ signal }) => {
      const startedMs = performance.now();
      const found = await hunt(canary, { firstSeed: 1, runs: RUNS_MAX }, signal);
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
      const isDrawn = !isStaged(canary);
      const how = isDrawn ? found?.seed.toString() : canary.scenario;
      const seed = (found && how) ?? 'not found';
      const runs = isDrawn ? (found?.seed ?? RUNS_MAX).toString() : '1';
      const checks = found?.checks ?? [];
      rows.push([canary.name, checks.join(', '), seed, runs, seconds]);
      console.log(`${canary.name}: seed ${seed}, ${seconds} s: ${found?.message ?? ''}`);
      expect(checks.filter((check) => canary.checks.includes(check))).not.toEqual([]);
      if (isDrawn && found !== undefined) seeds[canary.name] = found.seed;
    });
  }
});

afterAll(() => {
  const table = new Table({ head: ['canary', 'found by', 'seed', 'runs', 'seconds'] });
  table.push(...rows.sort(([one = ''], [other = '']) => (one < other ? -1 : 1)));
  console.log(table.toString());
  if (process.env['UPDATE'] !== '1') return;
  const stored: Record<string, number> = JSON.parse(readFileSync(SEEDS_FILE, 'utf8'));
  const names = CANARIES.filter((canary) => !isStaged(canary)).map(({ name }) => name);
  const entries = names.map((name) => [name, seeds[name] ?? stored[name]] as const);
  const known = Object.fromEntries(entries.filter(([, seed]) => seed !== undefined));
  writeFileSync(SEEDS_FILE, `${JSON.stringify(known, null, 2)}\n`);
});
