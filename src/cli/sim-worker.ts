/** One thread of `coterie sim`: runs the seeds that it is sent, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { type RunSummary, summarize } from '../sim/campaign.ts';
import { runScenario } from '../sim/run.ts';
import { type SeedOptions, scenarioOf, simulationWorld } from '../simulate.ts';

export type SeedAnswer =
  | { readonly seed: number; readonly summary: RunSummary }
  | { readonly seed: number; readonly error: string };

const options: Omit<SeedOptions, 'seed'> = workerData;

async function answer(seed: number): Promise<SeedAnswer> {
  try {
    const scenario = scenarioOf({ ...options, seed });
    return { seed, summary: summarize(await runScenario(simulationWorld, scenario)) };
  } catch (error) {
    return { seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort?.on('message', (seed: number) => {
  void answer(seed).then((outcome) => parentPort?.postMessage(outcome));
});
