import { describe, expect, it } from 'vitest';
import type { BenchCluster } from '../../src/bench/cluster.ts';
import { Outcomes } from '../../src/bench/outcomes.ts';
import {
  type BenchClients,
  optionsOfClients,
  runBenchmark,
} from '../../src/bench/run-benchmark.ts';
import type { RunConfig } from '../../src/bench/run-report.ts';
import type { WorkerCommand } from '../../src/bench/worker-protocol.ts';
import { coreWorkload } from '../../src/bench/workload.ts';

const CONFIG: RunConfig = {
  ...coreWorkload('a'),
  keys: 100,
  valueBytes: 10,
  update: 'context',
  contextsMax: 10,
  bucket: 'b',
  read: { consistency: 'quorum' },
  write: { consistency: 'one' },
  pace: { kind: 'closed', inFlight: 10 },
  clients: 3,
  warmupSeconds: 1,
  operations: 100,
  timeoutMs: 1_000,
};

const PROVENANCE = {
  seed: 42,
  command: 'coterie bench run',
  startedAt: '2026-01-01T00:00:00.000Z',
  versions: { coterie: '1', node: 'v20' },
  machine: { platform: 'p', cores: 2, processor: 'x', memoryBytes: 1, loadAverage: 0 },
};

class FakeClients implements BenchClients {
  readonly count = 3;
  readonly told: WorkerCommand[][] = [];
  readonly all: BenchClients['all'] = async (commandOf) => {
    const commands = [0, 1, 2].map(commandOf);
    this.told.push(commands);
    return commands.map((_, index) => this.#measured(index)) as never;
  };

  #measured(index: number) {
    const outcomes = new Outcomes();
    outcomes.operations = 100;
    outcomes.succeeded = 99;
    for (let read = 0; read < 99; read += 1) outcomes.took('read', index + 1);
    outcomes.failed('OVERLOADED');
    return {
      elapsedSeconds: 1 + index,
      slices: [{ seconds: 1 + index, outcomes: outcomes.encode() }],
      unstarted: index,
      processorSeconds: 0.1,
    };
  }
}

function cluster(processor: (readonly number[] | undefined)[]): BenchCluster {
  return {
    kind: 'spawned',
    addresses: ['a:1', 'b:1'],
    replicas: 2,
    failed: new Promise(() => {}),
    processorSeconds: async () => processor.shift(),
    legs: async () => [],
    faults: undefined,
    stop: async () => {},
  };
}

const INPUT = {
  workload: 'a',
  config: CONFIG,
  isLoading: true,
  provenance: PROVENANCE,
  isStopped: () => false,
};

describe('a benchmark', () => {
  it('has every client do each phase, and puts their results together', async () => {
    const clients = new FakeClients();
    const nodes = cluster([
      [1, 2],
      [1.5, 2.1],
    ]);
    const report = await runBenchmark(nodes, clients, INPUT);
    expect(clients.told.map((commands) => commands.map((command) => command.do))).toEqual(
      ['connect', 'load', 'warm-up', 'measure'].map((name) => [name, name, name]),
    );
    expect(report).toMatchObject({
      workload: 'a',
      config: CONFIG,
      elapsedSeconds: 3,
      operations: 300,
      throughput: 99,
      read: { count: 297, p50Ms: 2, maxMs: 3 },
      write: { count: 0, p50Ms: null },
      errors: { OVERLOADED: 3 },
      cpuSecondsPer1000: { client: expect.closeTo(1, 9), nodes: expect.closeTo(2, 9) },
      unstarted: 3,
      isInterrupted: false,
      cluster: { kind: 'spawned', nodes: 2, replicas: 2 },
      ...PROVENANCE,
    });
    const documented = ['workload', 'config', 'elapsedSeconds', 'operations', 'throughput'];
    const more = ['read', 'write', 'errors', 'cpuSecondsPer1000'];
    expect(Object.keys(report).slice(0, 9)).toEqual([...documented, ...more]);
  });

  it('says null for the processor time of nodes that it cannot see', async () => {
    const report = await runBenchmark(cluster([undefined, undefined]), new FakeClients(), INPUT);
    expect(report.cpuSecondsPer1000.nodes).toBeNull();
  });
});

describe('clients', () => {
  it('share what is in flight and what is to be done, and lose none of it', () => {
    const options = optionsOfClients(CONFIG, 42);
    const inFlight = options.map(({ pace }) => (pace.kind === 'closed' ? pace.inFlight : 0));
    expect(inFlight.toSorted()).toEqual([3, 3, 4]);
    expect(options.map(({ operations }) => operations ?? 0).toSorted()).toEqual([33, 33, 34]);
    expect(options.map(({ client }) => client.index)).toEqual([0, 1, 2]);
    expect(new Set(options.map(({ seed }) => seed))).toEqual(new Set([42]));
    expect(new Set(options.map(({ slices }) => slices))).toEqual(new Set([10]));
  });

  it('share a rate', () => {
    const pace = { kind: 'open', perSecond: 300, inFlightMax: 2 } as const;
    for (const options of optionsOfClients({ ...CONFIG, pace }, 1)) {
      expect(options.pace).toEqual({ kind: 'open', perSecond: 100, inFlightMax: 1 });
    }
  });
});
