/** Spreads the seeds of a simulation over threads; each takes the next one when it has done one. */
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { CoterieError } from '../core/errors.ts';
import type { RunSummary } from '../sim/campaign.ts';
import type { SeedOptions } from '../simulate.ts';
import type { SeedAnswer } from './sim-worker.ts';

export interface SeedRange extends Omit<SeedOptions, 'seed'> {
  readonly firstSeed: number;
  readonly runs: number;
  /** 1 or more; as many as there are processors when absent. */
  readonly threads?: number;
  /** Begin no further run once one has broken a promise. */
  readonly isFailFast?: boolean;
}

/** Of each thread. A run makes some 80 KB of garbage per operation, nearly all of it short-lived:
 *  with room for the young no more than they need is copied, which saves a quarter of the time. */
const YOUNG_GENERATION_MB = 192;

/** Of one function that V8 optimises; its own default is 920. A run uses so much different code
 *  that compiling it is a third of a cold run: with less inlining there is less to compile, and
 *  what is compiled is hardly slower. */
const INLINED_BYTECODE_MAX = 300;

/** Calls `onRun` as runs end, in no certain order. Errors: ASSERTION_FAILED naming the seed of a
 *  run that could not be carried out. */
export async function runSeeds(
  range: SeedRange,
  onRun: (summary: RunSummary) => void,
): Promise<void> {
  const { firstSeed, runs, threads = availableParallelism(), isFailFast, ...options } = range;
  const count = Math.max(1, Math.min(threads, runs));
  let next = firstSeed;
  let end = firstSeed + runs;
  const take = (): number | undefined => (next < end ? next++ : undefined);
  const note = (summary: RunSummary): void => {
    if (isFailFast === true && summary.violations.length > 0) end = next;
    onRun(summary);
  };
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTECODE_MAX}`);
  const workers = Array.from({ length: count }, () => startWorker(options));
  try {
    await Promise.all(workers.map((worker) => work(worker, take, note)));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function startWorker(options: Omit<SeedOptions, 'seed'>): Worker {
  return new Worker(new URL('./sim-worker.js', import.meta.url), {
    workerData: options,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
}

function work(
  worker: Worker,
  take: () => number | undefined,
  onRun: (summary: RunSummary) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const send = (): void => {
      const seed = take();
      if (seed === undefined) resolve();
      else worker.postMessage(seed);
    };
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`A simulation thread ended with ${code}`)));
    worker.on('message', (answer: SeedAnswer) => {
      if ('error' in answer) {
        reject(
          new CoterieError(
            'ASSERTION_FAILED',
            `Seed ${answer.seed} failed to run: ${answer.error}`,
          ),
        );
        return;
      }
      onRun(answer.summary);
      send();
    });
    send();
  });
}
