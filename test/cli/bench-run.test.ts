/** What `coterie bench run` starts, asks for and says. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { BenchCluster } from '../../src/bench/cluster.ts';
import { Outcomes } from '../../src/bench/outcomes.ts';
import type { BenchClients } from '../../src/bench/run-benchmark.ts';
import type { RunReport } from '../../src/bench/run-report.ts';
import type { WorkerCommand } from '../../src/bench/worker-protocol.ts';
import { mergeProgress, progressText } from '../../src/cli/bench-progress.ts';
import type { BenchPorts } from '../../src/cli/ports.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { CoterieError } from '../../src/core/errors.ts';
import { FakeWorld } from './fake-world.ts';

class FakeBench implements BenchPorts {
  readonly nodeVersion = 'v20.20.2';
  readonly started: unknown[] = [];
  readonly told: WorkerCommand[] = [];
  failing: ErrorCode[] = [];
  clientError: CoterieError | undefined;
  nodeError: CoterieError | undefined;
  clients = 0;
  stops = 0;
  closes = 0;
  clusterStops = 0;

  machine() {
    return { platform: 'p', cores: 2, processor: 'x', memoryBytes: 1, loadAverage: 0 };
  }

  spawnCluster: BenchPorts['spawnCluster'] = async ({ environment: _, ...options }) =>
    this.#cluster('spawned', options);
  embedCluster: BenchPorts['embedCluster'] = async (options) => this.#cluster('embedded', options);
  givenCluster: BenchPorts['givenCluster'] = (addresses) => this.#cluster('given', { addresses });

  startClients: BenchPorts['startClients'] = async (count) => {
    this.clients = count;
    return {
      count,
      all: this.#all,
      askProgress: () => {},
      onProgress: () => {},
      stop: () => {
        this.stops += 1;
      },
      close: async () => {
        this.closes += 1;
      },
    };
  };

  readonly #all: BenchClients['all'] = async (commandOf) => {
    const command = commandOf(0);
    this.told.push(command);
    if (this.nodeError !== undefined) return new Promise(() => {});
    if (command.do === 'measure' && this.clientError !== undefined) throw this.clientError;
    const outcomes = new Outcomes();
    outcomes.operations = 10 + this.failing.length;
    outcomes.succeeded = 10;
    for (let read = 0; read < 10; read += 1) outcomes.took('read', 2);
    for (const code of this.failing) outcomes.failed(code);
    const slices = [{ seconds: 2, outcomes: outcomes.encode() }];
    return [{ elapsedSeconds: 2, slices, unstarted: 0, processorSeconds: 1 }] as never;
  };

  #cluster(kind: BenchCluster['kind'], options: unknown): BenchCluster {
    this.started.push({ kind, options });
    return {
      kind,
      addresses: ['a:1', 'b:1', 'c:1'],
      replicas: kind === 'given' ? undefined : 3,
      failed:
        this.nodeError === undefined ? new Promise(() => {}) : Promise.resolve(this.nodeError),
      processorSeconds: async () => (kind === 'given' ? undefined : [1]),
      legs: async () => [],
      faults: undefined,
      stop: async () => {
        this.clusterStops += 1;
      },
    };
  }
}

let world: FakeWorld;
let bench: FakeBench;

beforeEach(() => {
  world = new FakeWorld();
  world.signal = new Promise(() => {});
  bench = new FakeBench();
  world.bench = bench;
});

async function runJson(...flags: string[]): Promise<RunReport> {
  const { stdout, exitCode, stderr } = await world.run('bench', 'run', '--json', ...flags);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout);
}

function options() {
  const load = bench.told.find((command) => command.do === 'load');
  if (load?.do !== 'load') throw new Error('nothing was loaded');
  return load.options;
}

describe('without flags', () => {
  it('runs workload a on three node processes, and stops all that it started', async () => {
    const report = await runJson();
    expect(bench.started).toEqual([
      { kind: 'spawned', options: { kind: 'spawned', nodes: 3, replicas: 3 } },
    ]);
    expect(options()).toMatchObject({
      mix: { read: 0.5, update: 0.5 },
      distribution: 'zipfian',
      keys: 10_000,
      valueBytes: 100,
      update: 'context',
      read: { consistency: 'quorum' },
      write: { consistency: 'quorum' },
      pace: { kind: 'closed', inFlight: 64 },
      seconds: 10,
      warmupSeconds: 2,
      seed: 1,
    });
    expect([bench.closes, bench.clusterStops, bench.stops]).toEqual([1, 1, 0]);
    expect(report).toMatchObject({
      workload: 'a',
      operations: 10,
      throughput: 5,
      command: 'coterie bench run --json',
      versions: { coterie: '9.9.9', node: 'v20.20.2' },
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });
});

describe('flags', () => {
  it.each([
    [['--embedded', '5'], { kind: 'embedded', nodes: 5, replicas: 3, engine: 'rocksdb' }],
    [
      ['--embedded', '2', '--engine', 'memory'],
      { kind: 'embedded', nodes: 2, replicas: 2, engine: 'memory' },
    ],
    [['--spawn', '4', '--replicas', '2'], { kind: 'spawned', nodes: 4, replicas: 2 }],
    [['--nodes', 'h:1,h:2'], { addresses: ['h:1', 'h:2'] }],
  ])('%j choose the cluster', async (flags, wanted) => {
    await runJson(...flags);
    expect(bench.started).toEqual([expect.objectContaining({ options: wanted })]);
  });

  it.each([
    [['--r', '1', '--w', '3'], { read: { r: 1 }, write: { w: 3 } }],
    [
      ['--read-level', 'one', '--write-level', 'all', '--durability', 'memory'],
      { read: { consistency: 'one' }, write: { consistency: 'all', durability: 'memory' } },
    ],
    [['--rate', '500'], { pace: { kind: 'open', perSecond: 500, inFlightMax: 4_096 } }],
    [['--workload', 'D'], { distribution: 'latest', mix: { insert: 0.05 } }],
    [['--mix', 'read=1,rmw=1', '--distribution', 'uniform'], { distribution: 'uniform' }],
    [['--operations', '50'], { operations: 50 }],
  ])('%j choose the load', async (flags, wanted) => {
    await runJson(...flags);
    expect(options()).toMatchObject(wanted);
    expect('seconds' in options()).toBe(!('operations' in options()));
  });

  it.each([
    [['--spawn', '3', '--nodes', 'h:1'], 'one of --spawn'],
    [['--nodes', 'h:1', '--replicas', '2'], 'its own'],
    [['--spawn', '2', '--replicas', '3'], '2 nodes cannot hold'],
    [['--engine', 'memory'], '--embedded'],
    [['--r', '1', '--read-level', 'one'], '--r'],
    [['--workload', 'e'], 'scans'],
    [['--mix', 'scan=1'], 'scan=1'],
    [['--bucket', 'No'], '--bucket'],
    [['--clients', '3', '--in-flight', '2'], 'fewer than'],
    [['--nodes', 'nonsense'], 'HOST:PORT'],
    [['--seconds', '-1'], 'must be a number'],
    [['--html', 'no-such-folder/page.html'], 'page.html cannot be written'],
  ])('%j are a mistake of usage, and nothing is started', async (flags, message) => {
    const { exitCode, stderr } = await world.run('bench', 'run', ...flags);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(bench.started).toEqual([]);
  });
});

describe('errors of operations', () => {
  beforeEach(() => {
    bench.failing = ['NO_REPLICA', 'NO_REPLICA', 'DISK_FULL'];
  });

  it('are counted and decide the exit code', async () => {
    const { exitCode, stdout } = await world.run('bench', 'run', '--json');
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout).errors).toEqual({ NO_REPLICA: 2, DISK_FULL: 1 });
  });

  it('do not when they are expected, each by its code', async () => {
    const one = await world.run('bench', 'run', '--allow-errors', 'NO_REPLICA');
    expect(one.exitCode).toBe(5);
    const both = await world.run('bench', 'run', '--allow-errors', 'NO_REPLICA,DISK_FULL');
    expect(both.exitCode).toBe(0);
    expect(both.stdout).toContain('errors: NO_REPLICA 2, DISK_FULL 1');
  });
});

describe('the end', () => {
  it('by a signal stops the clients, says what was done, and leaves nothing', async () => {
    world.signal = Promise.resolve('SIGINT');
    const { exitCode, stdout } = await world.run('bench', 'run');
    expect(exitCode).toBe(130);
    expect(stdout).toContain('It was interrupted');
    expect([bench.stops, bench.closes, bench.clusterStops]).toEqual([1, 1, 1]);
  });

  it('by a signal is not told as the failure of what the signal stopped too', async () => {
    world.signal = Promise.resolve('SIGINT');
    bench.clientError = new CoterieError('UNREACHABLE', 'the node is gone');
    const { exitCode, stderr } = await world.run('bench', 'run');
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: '' });
    expect(bench.clusterStops).toBe(1);
  });

  it('by a client that fails says so, and leaves nothing', async () => {
    bench.clientError = new CoterieError('UNREACHABLE', 'no node');
    const { exitCode, stderr } = await world.run('bench', 'run');
    expect(exitCode).toBe(3);
    expect(stderr).toContain('no node');
    expect([bench.closes, bench.clusterStops]).toEqual([1, 1]);
  });

  it('by a cluster that is not there names the flag of this command', async () => {
    bench.clientError = new CoterieError('UNREACHABLE', 'No node answered');
    const { stderr } = await world.run('bench', 'run', '--nodes', 'h:1');
    expect(stderr).toContain('with --nodes HOST:PORT,HOST:PORT');
    expect(stderr).not.toContain('COTERIE_NODES');
  });

  it('by a node that dies says so at once, and leaves nothing', async () => {
    bench.nodeError = new CoterieError('NOT_RUNNING', 'The node n1 ended by itself (SIGSEGV)');
    const { exitCode, stderr } = await world.run('bench', 'run');
    expect(exitCode).toBe(4);
    expect(stderr).toContain('n1 ended by itself');
    expect([bench.closes, bench.clusterStops]).toEqual([1, 1]);
  });
});

describe('progress', () => {
  it('of several clients is their sum, with the worst p99', () => {
    const progress = mergeProgress([
      { phase: 'measure', operations: 10, errors: 1, p99Ms: null },
      { phase: 'measure', operations: 20, errors: 0, p99Ms: 7.25 },
    ]);
    expect(progress).toEqual({ phase: 'measure', operations: 30, errors: 1, p99Ms: 7.25 });
    expect(progressText(progress, 1_234.4, 5)).toBe('measure: 1,234 /s, p99 7.3 ms, 1 error');
    expect(progressText({ ...progress, phase: 'load' }, 9, 50)).toBe('load: 30 of 50 keys, 9 /s');
  });

  it('is written on a terminal only, and cleared', async () => {
    await world.run('bench', 'run');
    expect(world.stderr).toBe('');
    world.isErrorTerminal = true;
    await world.run('bench', 'run');
    expect(world.stderr.endsWith('\r\u001b[K')).toBe(true);
    expect(world.clock.timerCount).toBe(0);
  });
});
