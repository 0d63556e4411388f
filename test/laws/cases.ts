/** How many cases a law is tried with, and which. `npm test` draws the same ones for the same
 *  commit; `npm run laws` draws others, and more of them.
 *  A law that says its number of cases (`numRuns`) keeps it: its cases are dear, or rare.
 *  Not here: which files hold laws (vitest.config.ts). */
import fc from 'fast-check';

const SEED = 20_071_014;
const CASES = 1_000;

const { COTERIE_LAWS_SEED, COTERIE_LAWS_CASES } = process.env;

fc.configureGlobal({
  seed: wholeNumber('COTERIE_LAWS_SEED', COTERIE_LAWS_SEED, 0) ?? SEED,
  numRuns: wholeNumber('COTERIE_LAWS_CASES', COTERIE_LAWS_CASES, 1) ?? CASES,
});

function wholeNumber(name: string, text: string | undefined, min: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min) return value;
  throw new Error(`${name} is ${JSON.stringify(text)}; it must be a whole number from ${min}`);
}
