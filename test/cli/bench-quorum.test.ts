/** What `coterie bench quorum` starts, asks for and says. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { BenchCluster } from '../../src/bench/cluster.ts';
import { Outcomes } from '../../src/bench/outcomes.ts';
import { FreshnessCounts } from '../../src/bench/quorum/freshness-counts.ts';
import type { QuorumReport } from '../../src/bench/quorum/quorum-report.ts';
import type { BenchClients } from '../../src/bench/run-benchmark.ts';
import type { MeasuredSlice, WorkerCommand } from '../../src/bench/worker-protocol.ts';
import type { BenchPorts } from '../../src/cli/ports.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { encodeLayout, firstLayout, layoutHash } from '../../src/core/ring/layout.ts';
import { Ring } from '../../src/core/ring/ring.ts';
import { FakeLegs } from '../bench/fake-legs.ts';
import { FakeWorld } from './fake-world.ts';

class FakeBench implements BenchPorts {
  readonly nodeVersion = 'v20.20.2';
  readonly started: unknown[] = [];
  readonly told: WorkerCommand[] = [];
  readonly faults: string[] = [];
  readonly #legs = new FakeLegs();
  failing: ErrorCode[] = [];
  /** Of ten reads. */
  stale = 0;
  running = 0;

  machine() {
    return { platform: 'p', cores: 2, processor: 'x', memoryBytes: 1, loadAverage: 0 };
  }

  spawnCluster: BenchPorts['spawnCluster'] = async ({ environment: _, ...options }) =>
    this.#cluster('spawned', options);
  embedCluster: BenchPorts['embedCluster'] = async (options) => this.#cluster('embedded', options);
  givenCluster: BenchPorts['givenCluster'] = (addresses) => this.#cluster('given', { addresses });

  startClients: BenchPorts['startClients'] = async (count) => {
    this.running += 1;
    return {
      count,
      all: this.#all,
      askProgress: () => {},
      onProgress: () => {},
      stop: () => {},
      close: async () => {
        this.running -= 1;
      },
    };
  };

  readonly #all: BenchClients['all'] = async (commandOf) => {
    const command: WorkerCommand = commandOf(0);
    this.told.push(command);
    if (command.do === 'timelines')
      return [command.names.map(() => [{ succeeded: 3, failed: 1, p99Ms: 7 }])] as never;
    if (command.do !== 'slice') return [null] as never;
    const outcomes = new Outcomes();
    outcomes.operations = 10;
    outcomes.succeeded = 10;
    for (let each = 0; each < 10; each += 1) {
      outcomes.took('read', 2);
      outcomes.ways.add(1);
    }
    for (const code of this.failing) outcomes.failed(code);
    const freshness = new FreshnessCounts();
    for (let each = 0; each < 10; each += 1) freshness.add(0.1, each < this.stale ? 1 : 0);
    const slice: MeasuredSlice = {
      load: { elapsedSeconds: 1, outcomes: outcomes.encode(), unstarted: 0 },
      freshness: freshness.encode(),
      probeErrors: {},
      processorSeconds: 0.5,
    };
    return [slice] as never;
  };

  #cluster(kind: BenchCluster['kind'], options: unknown): BenchCluster {
    this.started.push(options);
    this.running += 1;
    return {
      kind,
      addresses: ['a:1', 'b:1', 'c:1'],
      replicas: 3,
      failed: new Promise(() => {}),
      processorSeconds: async () => undefined,
      legs: () => this.#legs.look(),
      faults: {
        inject: async (fault) => {
          this.faults.push(fault);
          return 'n2';
        },
        heal: async () => {
          this.faults.push('heal');
        },
      },
      stop: async () => {
        this.running -= 1;
      },
    };
  }
}

function ringOf(replicas: number): Ring {
  const members = ['a', 'b', 'c'].map((name) => ({
    name,
    address: `${name}:1`,
    zone: name,
    datacentre: 'dc',
    weight: 1,
  }));
  const clusterId = new Uint8Array(16).fill(1);
  const layout = firstLayout({ clusterId, partitions: 8, replicas, members });
  return new Ring(layout, layoutHash(encodeLayout(layout)));
}

const SHORT = ['--rounds', '2', '--trials', '100'];
let world: FakeWorld;
let bench: FakeBench;

beforeEach(() => {
  world = new FakeWorld();
  world.signal = new Promise(() => {});
  bench = new FakeBench();
  world.bench = bench;
});

async function run(...flags: string[]) {
  const running = world.run('bench', 'quorum', ...SHORT, ...flags);
  // Waits for the fault pass on this clock.
  for (let turn = 0; turn < 20; turn += 1) await world.clock.advance(5_000);
  return running;
}

async function runJson(...flags: string[]): Promise<QuorumReport> {
  const { stdout, exitCode, stderr } = await run('--json', ...flags);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('bench quorum', () => {
  it('without flags measures all R and W of three processes, and leaves nothing', async () => {
    const report = await runJson();
    expect(bench.started).toEqual([{ kind: 'spawned', nodes: 3, replicas: 3 }]);
    expect(report).toMatchObject({
      format: 'coterie-bench-quorum/1',
      workload: 'a',
      command: `coterie bench quorum ${SHORT.join(' ')} --json`,
      cluster: { kind: 'spawned', nodes: 3, replicas: null },
      config: { rounds: 2, sliceSeconds: 3, inFlight: 8, keys: 1_000, fault: null },
    });
    expect(report.settings).toHaveLength(9);
    expect(bench.running).toBe(0);
  });

  it('has a fresh cluster for each N, as large as the largest', async () => {
    const report = await runJson('--n', '3,5,3', '--r', '1', '--w', '1');
    expect(bench.started).toEqual([
      { kind: 'spawned', nodes: 5, replicas: 3 },
      { kind: 'spawned', nodes: 5, replicas: 5 },
    ]);
    expect(report.settings.map(({ name }) => name)).toEqual(['N 3, R 1, W 1', 'N 5, R 1, W 1']);
    expect(bench.running).toBe(0);
  });

  it('takes levels by their names beside the numbers', async () => {
    const { settings } = await runJson('--r', '1', '--w', '1', '--levels', 'quorum:quorum,one:any');
    expect(settings.map(({ name, isStrict }) => [name, isStrict])).toEqual([
      ['N 3, R 1, W 1', false],
      ['N 3, read quorum, write quorum', true],
      ['N 3, read one, write any', false],
    ]);
    expect(settings[1]).not.toHaveProperty('r');
  });

  it('asks a given cluster how many replicas it has', async () => {
    world.ring = ringOf(2);
    const report = await runJson('--nodes', 'h:1,h:2,h:3');
    expect(bench.started).toEqual([{ addresses: ['h:1', 'h:2', 'h:3'] }]);
    expect(report.settings).toHaveLength(4);
    expect(world.closed).toBe(1);
  });

  it('injects the fault and says what succeeded meanwhile', async () => {
    const { stdout } = await run('--fault', 'slow', '--r', '2', '--w', '2');
    expect(bench.faults).toEqual(['slow', 'heal']);
    expect(stdout).toContain('N 3, R 2, W 2: before slow n2 75.0 % succeeded (p99 up to 7 ms)');
  });

  it.each(['kill', 'stop', 'slow'])(
    'puts a node of its own process at fault (%s), which is started for it',
    async (fault) => {
      const { exitCode } = await run('--embedded', '3', '--fault', fault, '--r', '2', '--w', '2');
      expect(exitCode).toBe(0);
      expect(bench.faults).toEqual([fault, 'heal']);
      expect(bench.started).toEqual([
        { kind: 'embedded', nodes: 3, replicas: 3, engine: 'rocksdb', hasFaults: true },
      ]);
    },
  );

  it('starts nodes of its own process as they are when no fault is asked for', async () => {
    await run('--embedded', '3', '--r', '2', '--w', '2');
    expect(bench.started).toEqual([{ kind: 'embedded', nodes: 3, replicas: 3, engine: 'rocksdb' }]);
  });

  it.each([
    [['--nodes', 'h:1', '--n', '3'], '--n is for clusters that are started'],
    [['--nodes', 'h:1', '--fault', 'kill'], '--fault is for clusters that are started'],
    [['--spawn', '3', '--embedded', '3'], 'one of --spawn'],
    [['--spawn', '3', '--n', '5'], 'N 5 needs as many nodes'],
    [['--r', '4'], 'No R or W'],
    [['--r', '0'], 'whole number'],
    [['--levels', 'any:one'], 'READ:WRITE'],
    [['--levels', 'one'], 'READ:WRITE'],
    [['--bucket', 'No'], '--bucket'],
    [['--clients', '9'], 'shared by 9'],
    [['--fault', 'burn'], 'kill, stop, slow'],
    [['--html', 'no-such-folder/page.html'], 'page.html cannot be written'],
  ])('%j are a mistake of usage, and nothing is started', async (flags, message) => {
    world.ring = ringOf(3);
    const { exitCode, stderr } = await run(...flags);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(bench.started).toEqual([]);
  });

  it('fails by the code of an error that was not expected', async () => {
    bench.failing = ['NO_REPLICA'];
    expect((await run('--r', '1', '--w', '1')).exitCode).toBe(3);
    const allowed = await run('--r', '1', '--w', '1', '--allow-errors', 'NO_REPLICA');
    expect(allowed.exitCode).toBe(0);
    expect(allowed.stdout).toContain('NO_REPLICA 2');
  });

  it('calls a stale read of a strict setting a bug, and one of another setting a figure', async () => {
    bench.stale = 1;
    expect((await run('--r', '1', '--w', '1')).exitCode).toBe(0);
    const { exitCode, stderr } = await run('--r', '2', '--w', '2');
    expect(exitCode).toBe(70);
    expect(stderr).toContain('N 3, R 2, W 2');
  });

  it('shows the settings as a table, measured beside predicted', async () => {
    bench.stale = 3;
    const { stdout } = await run('--r', '1', '--w', '1');
    const [, head = '', row = ''] = stdout.split('\n');
    expect(head.split('\t').slice(8, 10)).toEqual(['fresh at once', 'predicted']);
    expect(row.split('\t').slice(8, 10)).toEqual(['70.0 %', expect.stringMatching(/^\d.* %$/)]);
  });

  it('shows progress on a terminal only', async () => {
    world.isErrorTerminal = true;
    await run('--r', '1', '--w', '1');
    expect(world.stderr).toContain('N 3, R 1, W 1: round 2 of 2: 10 /s, p99 read 2.0 write - ms');
    expect(world.stderr.endsWith('\r\u001b[K')).toBe(true);
  });

  it('ends by a signal with what was done until then', async () => {
    world.signal = Promise.resolve('SIGINT');
    const { exitCode, stdout } = await run();
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' });
    expect(bench.running).toBe(0);
  });
});
