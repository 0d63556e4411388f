/** `npm run laws`: every file that uses fast-check, with a seed of its own and ten times the cases.
 *  Not a part of `npm test`, because a search for faults may not decide what is taken. */
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const { COTERIE_LAWS_SEED = String(randomInt(2 ** 31)), COTERIE_LAWS_CASES = '10000' } =
  process.env;
process.stdout.write(`Laws with COTERIE_LAWS_SEED=${COTERIE_LAWS_SEED}\n`);

const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => `test/${file}`);

export default defineConfig({
  test: {
    include: files.filter((file) => readFileSync(file, 'utf8').includes('fc.assert(')),
    root: '.',
    env: { COTERIE_LAWS_SEED, COTERIE_LAWS_CASES },
    setupFiles: ['test/laws/cases.ts'],
    testTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
