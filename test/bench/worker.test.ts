import { expect, it } from 'vitest';
import type { LoadOptions } from '../../src/bench/load-run.ts';
import { BenchWorker } from '../../src/bench/worker.ts';
import { parseMix } from '../../src/bench/workload.ts';
import { ManualClock } from '../client/manual-clock.ts';
import { FakeClient } from './fake-client.ts';

const OPTIONS: LoadOptions = {
  bucket: 'b',
  keys: 4,
  valueBytes: 1,
  mix: parseMix('read=1'),
  distribution: 'uniform',
  update: 'context',
  contextsMax: 1,
  read: {},
  write: {},
  seed: 1,
  client: { index: 0, count: 1 },
  pace: { kind: 'closed', inFlight: 1 },
  warmupSeconds: 0,
  operations: 3,
};

function rig() {
  const clock = new ManualClock();
  const client = new FakeClient(clock);
  let used = 0;
  const worker = new BenchWorker({
    clock,
    connect: async () => client,
    processorSeconds: () => {
      used += 0.25;
      return used;
    },
  });
  return { worker, client, clock };
}

it('connects, loads, measures, and says what it used of the processor meanwhile', async () => {
  const { worker, client } = rig();
  await worker.perform({ do: 'connect', nodes: ['a:1'], timeoutMs: 1, inFlightMax: 1 });
  await worker.perform({ do: 'load', options: OPTIONS, isLoading: true });
  expect(client.asked.map(({ verb }) => verb)).toEqual(['put', 'put', 'put', 'put']);
  await worker.perform({ do: 'warm-up' });
  expect(await worker.perform({ do: 'measure' })).toMatchObject({
    slices: [{ outcomes: { counts: { operations: 3, notFound: 0 } } }],
    unstarted: 0,
    processorSeconds: 0.25,
  });
  await worker.close();
  expect(client.isClosed).toBe(true);
});

it('loads nothing when the keys are there from an earlier run', async () => {
  const { worker, client } = rig();
  await worker.perform({ do: 'connect', nodes: ['a:1'], timeoutMs: 1, inFlightMax: 1 });
  await worker.perform({ do: 'load', options: OPTIONS, isLoading: false });
  expect(client.asked).toEqual([]);
});

it('that was stopped before it was told to load does nothing from then on', async () => {
  const { worker, client } = rig();
  await worker.perform({ do: 'connect', nodes: ['a:1'], timeoutMs: 1, inFlightMax: 1 });
  worker.stop();
  await worker.perform({ do: 'load', options: OPTIONS, isLoading: true });
  await worker.perform({ do: 'warm-up' });
  await worker.perform({ do: 'measure' });
  expect(client.asked).toEqual([]);
});

it('is told to run before to load only by a bug', async () => {
  await expect(rig().worker.perform({ do: 'measure' })).rejects.toMatchObject({
    code: 'ASSERTION_FAILED',
  });
});
