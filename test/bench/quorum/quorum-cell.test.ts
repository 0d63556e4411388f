/** One setting through the commands that a client process gets. */
import { beforeEach, expect, it } from 'vitest';
import type { CellOptions } from '../../../src/bench/quorum/quorum-cell.ts';
import { BenchWorker } from '../../../src/bench/worker.ts';
import type { WorkerAnswers, WorkerCommand } from '../../../src/bench/worker-protocol.ts';
import { parseMix } from '../../../src/bench/workload.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import { bucketOf } from '../../../src/core/latency-counts.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { FakeClient } from '../fake-client.ts';

const CELL: CellOptions = {
  load: {
    bucket: 'b.0',
    keys: 20,
    valueBytes: 4,
    mix: parseMix('read=1,update=1'),
    distribution: 'uniform',
    update: 'context',
    contextsMax: 100,
    read: { r: 1 },
    write: { w: 2, durability: 'memory' },
    seed: 1,
    client: { index: 0, count: 1 },
    pace: { kind: 'closed', inFlight: 2 },
    warmupSeconds: 0,
    seconds: 2,
  },
  lanes: 2,
};

let clock: ManualClock;
let clients: FakeClient[];
let worker: BenchWorker;

beforeEach(async () => {
  clock = new ManualClock();
  clients = [];
  worker = new BenchWorker({
    clock,
    connect: async () => {
      const client = new FakeClient(clock);
      client.takesMs = 5;
      clients.push(client);
      return client;
    },
    processorSeconds: () => 0,
  });
  await perform({ do: 'connect', nodes: ['a:1'], timeoutMs: 1, inFlightMax: 1 }, 10);
  await perform({ do: 'cell', name: 'x', options: CELL }, 100);
});

async function perform<Name extends WorkerCommand['do']>(
  command: Extract<WorkerCommand, { readonly do: Name }>,
  forMs: number,
): Promise<WorkerAnswers[Name]> {
  const performing = worker.perform(command);
  await clock.advance(forMs);
  return (await performing) as WorkerAnswers[Name];
}

it('loads its keys, and measures the load and staleness in one slice', async () => {
  expect(clients[0]?.asked).toHaveLength(20);
  const slice = await perform({ do: 'slice', name: 'x' }, 3_000);
  expect(slice.load.elapsedSeconds).toBeCloseTo(2, 1);
  // Two in flight for two seconds, five milliseconds each.
  expect(slice.load.outcomes.counts.operations).toBe(800);
  const [, reads, fresh] = slice.freshness.bins[0] ?? [];
  expect(reads).toBeGreaterThan(5);
  // Another client's map: nothing of what was written is there.
  expect(fresh).toBe(0);
  expect(clock.timerCount).toBe(0);
});

it('counts the ways of all its requests, which are what no coordinator had them for', async () => {
  const { load } = await perform({ do: 'slice', name: 'x' }, 3_000);
  const { ways, counts } = load.outcomes;
  expect(ways.counts.reduce((sum, count) => sum + count, 0)).toBe(counts.succeeded);
  // Of five milliseconds the node has them for a half.
  expect(ways.buckets).toEqual([bucketOf(2.5)]);
});

it('reads for staleness through a client that nothing else goes through', async () => {
  await perform({ do: 'slice', name: 'x' }, 3_000);
  const reads = clients[1]?.asked ?? [];
  expect(reads.length).toBeGreaterThan(10);
  expect(reads.every(({ verb, key }) => verb === 'get' && key.startsWith('probe-'))).toBe(true);
});

it('counts a timeline by when each operation was meant to start', async () => {
  const client = clients[0];
  if (client === undefined) throw new Error('no client');
  const command = { do: 'timelines', names: ['x'], seconds: 3, sliceSeconds: 1 } as const;
  const performing = worker.perform({ ...command, perSecond: 100 });
  await clock.advance(1_000);
  client.failures = Array.from({ length: 30 }, () => new CoterieError('NO_REPLICA', 'down'));
  await clock.advance(5_000);
  const [timeline] = (await performing) as WorkerAnswers['timelines'];
  expect(timeline?.map(({ succeeded, failed }) => succeeded + failed)).toEqual([100, 100, 100]);
  const failed = timeline?.map((slice) => slice.failed) ?? [];
  expect(timeline?.map(({ p99Ms }) => p99Ms)).toEqual([5, 5, 5]);
  expect(failed[0]).toBeLessThanOrEqual(1);
  expect((failed[0] ?? 0) + (failed[1] ?? 0)).toBe(30);
  expect(failed[2]).toBe(0);
});

it('ends soon when it is stopped, and closes both clients', async () => {
  const slice = worker.perform({ do: 'slice', name: 'x' });
  await clock.advance(100);
  worker.stop();
  await clock.advance(100);
  await slice;
  await worker.close();
  expect(clients.map(({ isClosed }) => isClosed)).toEqual([true, true]);
});
