import { beforeEach, describe, expect, it } from 'vitest';
import type { BenchCluster, FaultKind } from '../../../src/bench/cluster.ts';
import { Outcomes } from '../../../src/bench/outcomes.ts';
import { FreshnessCounts } from '../../../src/bench/quorum/freshness-counts.ts';
import type { QuorumConfig } from '../../../src/bench/quorum/quorum-report.ts';
import { brokenPromises, quorumReport } from '../../../src/bench/quorum/quorum-report.ts';
import { measureSettings, type QuorumInput } from '../../../src/bench/quorum/run-quorum.ts';
import { settingsOf } from '../../../src/bench/quorum/setting.ts';
import type { BenchClients } from '../../../src/bench/run-benchmark.ts';
import type { MeasuredSlice, WorkerCommand } from '../../../src/bench/worker-protocol.ts';
import { coreWorkload } from '../../../src/bench/workload.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { FakeLegs } from '../fake-legs.ts';

const CONFIG: QuorumConfig = {
  mix: coreWorkload('a').mix,
  distribution: 'uniform',
  keys: 10,
  valueBytes: 10,
  update: 'context',
  contextsMax: 10,
  bucket: 'b',
  durability: 'memory',
  inFlight: 4,
  lanes: 4,
  clients: 2,
  rounds: 3,
  sliceSeconds: 1,
  timeoutMs: 1_000,
  timeline: { seconds: 9, sliceSeconds: 1, perSecond: 10 },
  fault: null,
  trials: 1_000,
};
const SETTINGS = settingsOf({ n: [3], r: [1, 2], w: [1, 2], levels: [] });
const PROVENANCE = {
  seed: 1,
  command: 'coterie bench quorum',
  startedAt: '2026-01-01T00:00:00.000Z',
  versions: { coterie: '1', node: 'v20' },
  machine: { platform: 'p', cores: 2, processor: 'x', memoryBytes: 1, loadAverage: 0 },
};

let clock: ManualClock;
let told: WorkerCommand[];
let faults: string[];
let isStopped: boolean;
/** Of reads at once, every so many-th is stale; in turn over the slices of each client. */
let staleEvery: readonly number[];
let slices: number;

beforeEach(() => {
  clock = new ManualClock();
  told = [];
  faults = [];
  isStopped = false;
  staleEvery = [4];
  slices = 0;
});

/** Of one client: reads take 2 ms, writes 4. */
function slice(): MeasuredSlice {
  const outcomes = new Outcomes();
  outcomes.operations = 110;
  outcomes.succeeded = 100;
  for (let each = 0; each < 50; each += 1) {
    outcomes.took('read', 2);
    outcomes.took('write', 4);
    outcomes.ways.add(1);
  }
  for (let each = 0; each < 10; each += 1) outcomes.failed('OVERLOADED');
  const freshness = new FreshnessCounts();
  for (let each = 0; each < 20; each += 1) {
    freshness.add(0.25, each % (staleEvery[slices % staleEvery.length] ?? 1) === 0 ? 1 : 0);
  }
  slices += 1;
  return {
    load: { elapsedSeconds: 1, outcomes: outcomes.encode(), unstarted: 0 },
    freshness: freshness.encode(),
    probeErrors: { NO_REPLICA: 1 },
    processorSeconds: 0.5,
  };
}

const clients: BenchClients = {
  count: 2,
  all: async (commandOf) => {
    const commands: WorkerCommand[] = [commandOf(0), commandOf(1)];
    const command: WorkerCommand | undefined = commands[0];
    if (command === undefined) throw new Error('no command');
    told.push(...commands);
    if (command.do === 'slice') return [slice(), slice()] as never;
    if (command.do !== 'timelines') return [null, null] as never;
    await new Promise<void>((resolve) => clock.setTimer(command.seconds * 1_000, resolve));
    const timeline = [
      { succeeded: 5, failed: 0, p99Ms: 3 },
      { succeeded: 0, failed: 5, p99Ms: null },
      { succeeded: 5, failed: 0, p99Ms: 2 },
    ];
    const slower = timeline.map((slice) => ({ ...slice, p99Ms: slice.p99Ms && 4 }));
    return [command.names.map(() => timeline), command.names.map(() => slower)] as never;
  },
};

function cluster(): BenchCluster {
  let seconds = 0;
  const legs = new FakeLegs();
  return {
    kind: 'spawned',
    addresses: ['a:1', 'b:1', 'c:1'],
    replicas: 3,
    failed: new Promise(() => {}),
    processorSeconds: async () => {
      seconds += 0.5;
      return [seconds, 2 * seconds];
    },
    legs: () => legs.look(),
    faults: {
      inject: async (kind: FaultKind) => {
        faults.push(`${kind} at ${clock.monotonicMs() - 1_000}`);
        return 'n2';
      },
      heal: async () => {
        faults.push(`heal at ${clock.monotonicMs() - 1_000}`);
      },
    },
    stop: async () => {},
  };
}

async function measure(more: Partial<QuorumInput> = {}) {
  const measuring = measureSettings(clock, cluster(), clients, {
    settings: SETTINGS,
    config: CONFIG,
    seed: 1,
    fault: undefined,
    isStopped: () => isStopped,
    onProgress: () => {},
    ...more,
  });
  await clock.advance(60_000);
  return measuring;
}

function report(results: Awaited<ReturnType<typeof measure>>) {
  return quorumReport({
    workload: 'a',
    config: CONFIG,
    elapsedSeconds: 12,
    cluster: { kind: 'spawned', nodes: 3, replicas: null },
    results,
    isInterrupted: false,
    provenance: PROVENANCE,
  });
}

function slicesTold(): string[] {
  // Two clients are told each.
  return told
    .flatMap((command) => (command.do === 'slice' ? [command.name] : []))
    .filter((_, at) => at % 2 === 0);
}

describe('a matrix on one cluster', () => {
  it('runs one slice of every setting in each round, in changing order', async () => {
    await measure();
    const slices = slicesTold();
    expect(slices).toHaveLength(4 * 4);
    const names = SETTINGS.map(({ name }) => name).sort();
    const rounds = [0, 4, 8, 12].map((from) => slices.slice(from, from + 4));
    for (const round of rounds) expect(round.toSorted()).toEqual(names);
    expect(new Set(rounds.map((round) => round.join())).size).toBeGreaterThan(1);
    expect(clock.timerCount).toBe(0);
  });

  it('does not count the first round', async () => {
    const results = await measure();
    for (const { slices } of results) expect(slices).toHaveLength(3);
  });

  it('gives each setting a bucket of its own, its level, and shares of the load', async () => {
    await measure();
    const cells = told.filter((command) => command.do === 'cell');
    expect(new Set(cells.map(({ options }) => options.load.bucket)).size).toBe(4);
    expect(cells[3]).toMatchObject({
      name: 'N 3, R 2, W 1',
      options: {
        load: {
          read: { r: 2 },
          write: { w: 1, durability: 'memory' },
          pace: { kind: 'closed', inFlight: 2 },
          client: { index: 1, count: 2 },
          seconds: 1,
        },
      },
    });
  });

  it('stops between two slices, with what it has', async () => {
    let rounds = 0;
    const onProgress = ({ round }: { readonly round: number }): void => {
      if (round > 0) rounds += 1;
      if (rounds === 5) isStopped = true;
    };
    const results = await measure({ onProgress });
    expect(results.reduce((sum, { slices }) => sum + slices.length, 0)).toBe(5);
  });

  it('injects a fault in the middle third of a timeline that all settings share', async () => {
    const results = await measure({ fault: 'stop' });
    expect(faults).toEqual(['stop at 3000', 'heal at 6000']);
    const timelines = told.filter((command) => command.do === 'timelines');
    expect(timelines[0]).toMatchObject({ names: SETTINGS.map(({ name }) => name), perSecond: 5 });
    for (const { availability } of results) {
      expect(availability).toEqual({
        sliceSeconds: 1,
        slices: [
          [10, 0],
          [0, 10],
          [10, 0],
        ],
        p99Ms: [4, null, 4],
        fault: { kind: 'stop', node: 'n2', fromSeconds: 3, toSeconds: 6 },
      });
    }
    expect(clock.timerCount).toBe(0);
  });
});

describe('the report', () => {
  it('has of each setting what all clients did in all its slices', async () => {
    const { settings, noise, format } = report(await measure());
    expect(format).toBe('coterie-bench-quorum/1');
    expect(settings.map(({ name }) => name)).toEqual(SETTINGS.map(({ name }) => name));
    // Three slices of two clients, 150 requests in each with those of the probes.
    expect(settings[0]).toMatchObject({
      n: 3,
      r: 1,
      w: 1,
      operations: 660,
      errors: { OVERLOADED: 60 },
      probeErrors: { NO_REPLICA: 6 },
      cpuSecondsPer1000: { client: expect.closeTo(1_000 / 300, 9) },
      availability: null,
      freshness: {
        measured: [[0.25, 90, 120]],
        reads: 120,
        stale: 30,
        kStale: [0.75, ...Array.from({ length: 9 }, () => 1)],
      },
    });
    expect(settings[0]?.cpuSecondsPer1000.nodes).toEqual([
      expect.closeTo(500 / 300, 9),
      expect.closeTo(1_000 / 300, 9),
    ]);
    expect(settings[0]?.figures['throughput']).toEqual({ value: 200, low: 200, high: 200 });
    expect(noise.throughput).toBe(1);
  });

  it('has the fresh reads at once of each slice, of all clients, and how shares vary', async () => {
    const even = report(await measure());
    expect(even.settings[0]?.slices.map(({ freshAtOnce }) => freshAtOnce)).toEqual([
      [30, 40],
      [30, 40],
      [30, 40],
    ]);
    expect(even.noise.freshDesignEffect).toBe(1);
    staleEvery = [2, 2, 20, 20, 4, 4];
    expect(report(await measure()).noise.freshDesignEffect).toBeGreaterThan(5);
  });

  it('says nothing of shares that cannot vary', async () => {
    staleEvery = [1];
    expect(report(await measure()).noise).not.toHaveProperty('freshDesignEffect');
  });

  it('puts beside the measured what is predicted, by both models, with the error', async () => {
    const [setting] = report(await measure()).settings;
    const predicted = setting?.freshness?.predicted;
    expect(predicted?.wars.error.freshMax).toEqual(expect.any(Number));
    const coterie = predicted?.coterie;
    const share = coterie?.freshAtMs.find(([tMs]) => tMs === 0.25)?.[1] ?? 0;
    expect(coterie?.error.freshMax).toBeCloseTo(share - 0.75, 9);
    expect(coterie?.error.freshMean).toBeCloseTo(Math.abs(share - 0.75), 9);
    // Client 1, look-up 0.1: a read at one takes 1.1, and 2 were measured.
    expect(coterie?.readMs.p50).toBeCloseTo(1.1, 1);
    expect(coterie?.error.ratios['readP50Ms']).toBeCloseTo(1.1 / 2, 1);
  });

  it('names the settings whose promise was broken, and no others', async () => {
    const broken = brokenPromises(report(await measure()));
    expect(broken.map(({ name }) => name)).toEqual(['N 3, R 2, W 2']);
  });

  it('leaves out settings that an interrupt did not come to', async () => {
    let seen = 0;
    const onProgress = ({ round }: { readonly round: number }): void => {
      if (round > 0) seen += 1;
      if (seen === 2) isStopped = true;
    };
    expect(report(await measure({ onProgress })).settings).toHaveLength(2);
  });
});
