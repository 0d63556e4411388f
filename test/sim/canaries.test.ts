/** Each canary (a bug put into a copy of the built product) is found by the simulator at its stored
 *  seed, or by its stored scenario, where the product itself passes. `UPDATE=1 npm run
 *  sim:canaries` finds and stores the seeds anew, after a change that moved them;
 *  `CANARY=name,name` looks at these only. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CANARIES, chosenCanaries } from './canaries/all.ts';
import { type Canary, isStaged } from './canaries/canary.ts';
import { type Found, hunt, huntNothing, twoAtATime } from './canaries/hunt.ts';

const SEEDS: Readonly<Record<string, number>> = JSON.parse(
  readFileSync(new URL('./canaries/seeds.json', import.meta.url), 'utf8'),
);
/** Any change of the product may change what a seed does: the next ones are tried as well. */
const RUNS = 20;
/** Some fifty processes, two at a time. They are ended before the hook is given up. */
const HUNTS_MS_MAX = 780_000;
const DEADLINE_MS = 800_000;

interface Outcome {
  readonly found: Found | undefined;
  /** Of the product without the bug, at the same seed. */
  readonly withoutIt: readonly string[];
}

async function outcomeOf(canary: Canary, signal: AbortSignal): Promise<Outcome> {
  const firstSeed = SEEDS[canary.name] ?? 1;
  const found = await hunt(canary, { firstSeed, runs: RUNS }, signal);
  const withoutIt = await huntNothing(canary, { firstSeed: found?.seed ?? firstSeed, runs: 1 });
  return { found, withoutIt };
}

describe('a bug put into the product', () => {
  const chosen = chosenCanaries();
  const outcomes = new Map<string, Outcome | Error>();

  beforeAll(async () => {
    const signal = AbortSignal.timeout(HUNTS_MS_MAX);
    await twoAtATime(chosen, async (canary) => {
      const failed = (error: Error): Error => error;
      outcomes.set(canary.name, await outcomeOf(canary, signal).catch(failed));
    });
  }, DEADLINE_MS);

  for (const { name, why, checks } of chosen) {
    it(`is found: ${name} (${why})`, () => {
      const outcome = outcomes.get(name);
      if (outcome instanceof Error) throw outcome;
      expect(checks.filter((check) => outcome?.found?.checks.includes(check))).not.toEqual([]);
      expect(outcome?.withoutIt).toEqual([]);
    });
  }

  it('has a seed or a scenario of its own', () => {
    const drawn = CANARIES.filter((canary) => !isStaged(canary));
    expect(Object.keys(SEEDS).sort()).toEqual(drawn.map(({ name }) => name).sort());
  });
});
