/** For every canary: which of its first 200 seeds finds it? Prints a table. `CANARY=name,name`
 *  looks at these only; `UPDATE=1` stores the seeds, for test/sim/canaries.test.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import Table from 'cli-table3';
import { afterAll, describe, expect, it } from 'vitest';
import { CANARIES } from './all.ts';
import { hunt } from './hunt.ts';

const RUNS_MAX = 200;
const SEEDS_FILE = new URL('./seeds.json', import.meta.url);
const wanted = process.env['CANARY']?.split(',');
const rows: string[][] = [];
const seeds: Record<string, number> = {};

describe.concurrent(`each canary is found within ${RUNS_MAX} seeds, or as many as it says`, () => {
  for (const canary of CANARIES) {
    if (wanted !== undefined && !wanted.includes(canary.name)) continue;
    it(`${canary.name}: ${canary.why}`, async ({ signal }) => {
      const startedMs = performance.now();
      const runsMax = canary.runsMax ?? RUNS_MAX;
      const found = await hunt(canary, { firstSeed: 1, runs: runsMax }, signal);
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
      const seed = found?.seed.toString() ?? 'not found';
      const runs = (found?.seed ?? runsMax).toString();
      const checks = found?.checks ?? [];
      rows.push([canary.name, checks.join(', '), seed, runs, seconds]);
      console.log(`${canary.name}: seed ${seed}, ${seconds} s: ${found?.message ?? ''}`);
      expect(checks.filter((check) => canary.checks.includes(check))).not.toEqual([]);
      if (found !== undefined) seeds[canary.name] = found.seed;
    });
  }
});

afterAll(() => {
  const table = new Table({ head: ['canary', 'found by', 'seed', 'runs', 'seconds'] });
  table.push(...rows.sort(([one = ''], [other = '']) => (one < other ? -1 : 1)));
  console.log(table.toString());
  if (process.env['UPDATE'] !== '1') return;
  const stored: Record<string, number> = JSON.parse(readFileSync(SEEDS_FILE, 'utf8'));
  const names = CANARIES.map(({ name }) => name);
  const entries = names.map((name) => [name, seeds[name] ?? stored[name]] as const);
  const known = Object.fromEntries(entries.filter(([, seed]) => seed !== undefined));
  writeFileSync(SEEDS_FILE, `${JSON.stringify(known, null, 2)}\n`);
});
