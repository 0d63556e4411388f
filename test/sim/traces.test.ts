/** Every scenario that once broke a promise, made as small as could be, is run for ever: a seed
 *  means nothing after the next change of the simulator, what was done in which order does. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../src/sim/scenario-file.ts';
import { replay } from '../../src/simulate.ts';

const FOLDER = new URL('./traces/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

describe('the scenario of an old failure', () => {
  it.each(files)('%s breaks no promise any more', async (file) => {
    const scenario = parseScenario(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')));
    const { result, stories } = await replay(scenario);
    expect(stories).toEqual([]);
    expect(result.checksPassed.length).toBeGreaterThan(10);
  });

  it('is stored here', () => {
    expect(files.length).toBeGreaterThan(0);
  });
});
