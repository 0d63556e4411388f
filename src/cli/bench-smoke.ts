/** `npm run bench:smoke`: three node processes with RocksDB under four closed loops, one after the
 *  other; a few lines of figures. For a look at the effect of a change, and for profiles; `coterie
 *  bench run` measures. Figures are of the machine and moment they were taken on: compare ratios.
 *  */
import { parseArgs } from 'node:util';
import type { LoadOptions } from '../bench/load-run.ts';
import { runBenchmark } from '../bench/run-benchmark.ts';
import type { RunConfig, RunReport } from '../bench/run-report.ts';
import { parseMix } from '../bench/workload.ts';
import { systemClock } from '../platform/system/system-clock.ts';
import { startClients } from './bench-clients.ts';
import { spawnCluster } from './bench-cluster.ts';
import { benchPorts } from './bench-ports.ts';

const NODES = 3;
const VALUE_BYTES = 100;

interface Load {
  readonly name: string;
  readonly mix: string;
  readonly update: LoadOptions['update'];
  /** Relative to the others. */
  readonly times: number;
}

const LOADS: readonly Load[] = [
  { name: 'put, new keys', mix: 'insert=1', update: 'context', times: 1 },
  { name: 'get', mix: 'read=1', update: 'context', times: 2 },
  { name: 'put, overwrite', mix: 'update=1', update: 'overwrite', times: 1 },
  { name: 'get again', mix: 'read=1', update: 'context', times: 2 },
];

function configOf(load: Load, operations: number, inFlight: number): RunConfig {
  return {
    mix: parseMix(load.mix),
    distribution: 'uniform',
    keys: operations,
    valueBytes: VALUE_BYTES,
    update: load.update,
    contextsMax: 1,
    bucket: 'bench',
    read: { consistency: 'quorum' },
    write: { consistency: 'quorum' },
    pace: { kind: 'closed', inFlight },
    clients: 1,
    warmupSeconds: 1,
    operations: operations * load.times,
    timeoutMs: 10_000,
  };
}

function line(name: string, { throughput, read, write, cpuSecondsPer1000, ...rest }: RunReport) {
  const { p50Ms, p99Ms, maxMs } = read.count > 0 ? read : write;
  const { client, nodes } = cpuSecondsPer1000;
  const us = (per1000: number | null) => ((per1000 ?? 0) * 1_000).toFixed(0).padStart(5);
  const errors = Object.entries(rest.errors).map(([code, count]) => `   ${code} ${count}`);
  return (
    `${name.padEnd(16)}${throughput.toFixed(0).padStart(7)} /s` +
    `   p50 ${(p50Ms ?? 0).toFixed(1).padStart(6)} ms` +
    `   p99 ${(p99Ms ?? 0).toFixed(1).padStart(6)} ms` +
    `   max ${(maxMs ?? 0).toFixed(0).padStart(4)} ms` +
    `   processor us/op: client ${us(client)}, nodes ${us(nodes)}${errors.join('')}\n`
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      operations: { type: 'string', default: '30000' },
      'in-flight': { type: 'string', default: '256' },
      /** For profiling: passed to the interpreter of the first node. */
      'node-flag': { type: 'string', multiple: true, default: [] },
      /** For comparing settings of the interpreter: passed to that of every node. */
      'nodes-flag': { type: 'string', multiple: true, default: [] },
    },
  });
  const operations = Number(values.operations);
  const inFlight = Number(values['in-flight']);
  const { cores, processor, ...machine } = benchPorts.machine();
  const cluster = await spawnCluster(systemClock, {
    nodes: NODES,
    replicas: NODES,
    environment: process.env,
    nodeFlags: values['nodes-flag'],
    firstNodeFlags: values['node-flag'],
  });
  try {
    process.stdout.write(
      `${NODES} node processes, RocksDB, fsync, quorum, ${VALUE_BYTES}-byte values, ` +
        `${inFlight} in flight; ${cores} cores (${processor}), Node ${process.version}\n`,
    );
    for (const [index, load] of LOADS.entries()) {
      const clients = await startClients(systemClock, 1);
      try {
        const report = await runBenchmark(cluster, clients, {
          workload: load.name,
          config: configOf(load, operations, inFlight),
          isLoading: index === 0,
          isStopped: () => false,
          provenance: {
            seed: index,
            command: 'npm run bench:smoke',
            startedAt: new Date(systemClock.wallMs()).toISOString(),
            versions: { coterie: '', node: process.version },
            machine: { cores, processor, ...machine },
          },
        });
        process.stdout.write(line(load.name, report));
      } finally {
        await clients.close();
      }
    }
  } finally {
    await cluster.stop();
  }
}

await main();
