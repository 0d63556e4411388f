/** The clusters that a benchmark can measure: node processes that it starts in temporary folders,
 *  nodes in this process, or one that is there. What it starts, it stops and removes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchCluster } from '../bench/cluster.ts';
import { initCluster } from '../client/init-cluster.ts';
import type { ProcessEnvironment } from '../config/load.ts';
import type { NodeConfigInput } from '../config/schema.ts';
import { CoterieError } from '../core/errors.ts';
import { startNodeOn } from '../embed.ts';
import type { Clock } from '../env/clock.ts';
import { createAdminClient } from '../platform/grpc/unary-client.ts';
import { Standstill } from '../platform/standstill/standstill.ts';
import { systemClock } from '../platform/system/system-clock.ts';
import { type RunningCluster, startClusterWith } from '../start-cluster.ts';
import type { AdminService } from '../wire/services.ts';
import { EmbeddedFaults, ProcessFaults } from './bench-faults.ts';
import { LegReader, memberAddresses } from './bench-legs.ts';
import { NodeProcess, type NodeProcessOptions } from './node-process.ts';

export interface StartedClusterOptions {
  readonly nodes: number;
  readonly replicas: number;
  readonly engine: 'rocksdb' | 'memory';
}

export interface SpawnOptions extends Omit<StartedClusterOptions, 'engine'> {
  readonly environment: ProcessEnvironment;
  /** Of the interpreters; those of the first node come after these. */
  readonly nodeFlags?: readonly string[];
  readonly firstNodeFlags?: readonly string[];
}

const PARTITIONS = 256;
const ADMIN_TIMEOUT_MS = 10_000;
const SERVING_WAIT_MS = 30_000;
const SERVING_POLL_MS = 20;
/** Machines to try things on are often nearly full, and a benchmark cleans up. */
const DISK_RESERVE = {
  COTERIE_STORAGE_DISK_RESERVE_RATIO: '0.05',
  COTERIE_STORAGE_DISK_STOP_RATIO: '0.02',
};

export function givenCluster(addresses: readonly string[]): BenchCluster {
  const legs = new LegReader(() => memberAddresses(addresses));
  return {
    kind: 'given',
    addresses,
    replicas: undefined,
    failed: new Promise(() => {}),
    processorSeconds: async () => undefined,
    legs: () => legs.read(),
    faults: undefined,
    stop: () => legs.close(),
  };
}

/** Node processes with RocksDB. Errors: NOT_RUNNING when one does not come up. */
export async function spawnCluster(clock: Clock, options: SpawnOptions): Promise<SpawnedCluster> {
  const folder = await temporaryFolder();
  const nodes: NodeProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
    await removeFolder(folder);
  };
  try {
    const starts = Array.from({ length: options.nodes }, (_, index) =>
      NodeProcess.start(clock, nodeOptions(options, folder, index)),
    );
    for (const start of await Promise.allSettled(starts)) {
      if (start.status === 'fulfilled') nodes.push(start.value);
    }
    // Throws what one of them said.
    await Promise.all(starts);
    const addresses = nodes.map((node) => node.address);
    await formCluster(clock, addresses, options.replicas);
    const faults = new ProcessFaults(clock, nodes, (index) =>
      NodeProcess.start(clock, nodeOptions(options, folder, index, addresses[index])),
    );
    const legs = new LegReader(async () => addresses);
    return {
      kind: 'spawned',
      addresses,
      replicas: options.replicas,
      nodes,
      failed: Promise.race(nodes.map((node) => node.failed)),
      processorSeconds: async () => {
        const seconds = await Promise.all(nodes.map((node) => node.processorSeconds()));
        const known = seconds.filter((each) => each !== undefined);
        return known.length === seconds.length ? known : undefined;
      },
      legs: () => legs.read(),
      faults,
      stop: async () => {
        await legs.close();
        await faults.end();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export interface SpawnedCluster extends BenchCluster {
  readonly nodes: readonly NodeProcess[];
}

function nodeOptions(
  options: SpawnOptions,
  folder: string,
  index: number,
  address = '127.0.0.1:0',
): NodeProcessOptions {
  const { environment, nodeFlags = [], firstNodeFlags = [] } = options;
  const name = `n${index}`;
  // Settings that happen to be in the shell are not part of what is measured.
  const inherited = Object.entries(environment).filter(([key]) => !key.startsWith('COTERIE_'));
  return {
    name,
    args: ['--listen', address, '--zone', `z${index}`, '--data', join(folder, name)],
    environment: {
      ...Object.fromEntries(inherited),
      ...DISK_RESERVE,
      COTERIE_LOG_LEVEL: 'error',
    },
    nodeFlags: [...nodeFlags, ...(index === 0 ? firstNodeFlags : [])],
  };
}

async function formCluster(
  clock: Clock,
  addresses: readonly string[],
  replicas: number,
): Promise<void> {
  const admins = addresses.map((target) => ({
    target,
    admin: createAdminClient(target, { timeoutMs: ADMIN_TIMEOUT_MS }),
  }));
  try {
    await initCluster({ nodes: addresses, replicas, partitions: PARTITIONS }, admins);
    const deadlineMs = clock.monotonicMs() + SERVING_WAIT_MS;
    await Promise.all(
      admins.map(({ target, admin }) => untilServing(clock, target, admin, deadlineMs)),
    );
  } finally {
    for (const { admin } of admins) admin.close();
  }
}

/** Serving, and linked to all others. */
async function untilServing(
  clock: Clock,
  target: string,
  admin: AdminService,
  deadlineMs: number,
): Promise<void> {
  for (;;) {
    const { state, reason, members } = await admin.status({});
    const isLinked = members.every(({ link }) => link === 'self' || link === 'connected');
    if (state === 'SERVING' && isLinked) return;
    if (clock.monotonicMs() > deadlineMs) {
      throw new CoterieError(
        'NOT_RUNNING',
        `${target} is ${state} and not linked to all others after ${SERVING_WAIT_MS} ms: ${reason}`,
      );
    }
    await new Promise<void>((resolve) => clock.setTimer(SERVING_POLL_MS, resolve));
  }
}

const EMBEDDED_CONFIG: NodeConfigInput = {
  log: { level: 'error' },
  storage: { diskReserveRatio: 0.05, diskStopRatio: 0.02 },
};

export interface EmbedOptions extends StartedClusterOptions {
  /** The last node can be put at fault: all that goes in and out of it passes a gate. */
  readonly hasFaults?: boolean;
}

/** Nodes in this process: what they use of the processor is what this process uses. */
export async function embedCluster(options: EmbedOptions): Promise<BenchCluster> {
  const { nodes, replicas, engine, hasFaults = false } = options;
  const folder = engine === 'rocksdb' ? await temporaryFolder() : undefined;
  const standstill = hasFaults ? new Standstill(systemClock) : undefined;
  try {
    const cluster = await startClusterWith(
      {
        nodes,
        replicas,
        zones: nodes,
        engine,
        ...(folder === undefined ? {} : { dataDirectory: folder }),
        config: EMBEDDED_CONFIG,
      },
      (input, index) => startNodeOn(index === nodes - 1 ? standstill : undefined, input),
    );
    const faults =
      standstill === undefined ? undefined : embeddedFaults(cluster, standstill, folder);
    const legs = new LegReader(async () => cluster.addresses);
    return {
      kind: 'embedded',
      addresses: cluster.addresses,
      replicas,
      failed: Promise.race(cluster.nodes.map((node) => node.failed)),
      processorSeconds: async () => {
        const { user, system } = process.cpuUsage();
        return [(user + system) / 1e6];
      },
      legs: () => legs.read(),
      faults,
      stop: async () => {
        await legs.close();
        await faults?.end();
        await cluster.stop();
        await removeFolder(folder);
      },
    };
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

/** A killed node comes back with its folder; without one it comes back empty, as after a lost
 *  disk. */
function embeddedFaults(
  { nodes }: RunningCluster,
  standstill: Standstill,
  folder: string | undefined,
): EmbeddedFaults {
  return new EmbeddedFaults(systemClock, nodes, standstill, ({ name, address }) =>
    startNodeOn(standstill, {
      ...EMBEDDED_CONFIG,
      node: {
        id: name,
        zone: `zone-${nodes.length}`,
        engine: folder === undefined ? 'memory' : 'rocksdb',
        ...(folder === undefined ? {} : { dataDirectory: join(folder, name) }),
      },
      listen: { address },
      membership: { seeds: nodes.slice(0, 1).map((node) => node.address) },
    }),
  );
}

function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'coterie-bench-'));
}

async function removeFolder(folder: string | undefined): Promise<void> {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
