/** `npm run bench:smoke`: three node processes with RocksDB, one client process (this one), a fixed
 *  number of requests in flight; prints throughput, latency and processor time per operation of
 *  either side. Figures are of the machine and moment they were taken on: compare ratios, not
 *  absolute numbers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type ClosedLoopResult, runClosedLoop } from '../bench/closed-loop.ts';
import { initCluster } from '../client/init-cluster.ts';
import type { Client } from '../client/types.ts';
import { connect } from '../connect.ts';
import { createAdminClient } from '../platform/grpc/unary-client.ts';
import { systemClock } from '../platform/system/system-clock.ts';

const BIN = fileURLToPath(new URL('../../bin/coterie', import.meta.url));
const NODES = 3;
const VALUE_BYTES = 100;
const ADMIN_TIMEOUT_MS = 10_000;
/** The kernel counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

interface NodeProcess {
  readonly child: ChildProcess;
  readonly address: string;
}

async function startNode(folder: string, index: number, flags: string[]): Promise<NodeProcess> {
  const args = ['--id', `n${index}`, '--zone', `z${index}`, '--data', join(folder, `n${index}`)];
  const child = spawn(
    process.execPath,
    [...flags, BIN, 'start', '--listen', '127.0.0.1:0', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, COTERIE_LOG_LEVEL: 'error' } },
  );
  const address = await new Promise<string>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`Node ${index} ended with ${code}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      const ready = /^ready (\S+)/m.exec(chunk.toString('utf8'));
      if (ready?.[1] !== undefined) resolve(ready[1]);
    });
  });
  return { child, address };
}

async function stopNode({ child }: NodeProcess): Promise<void> {
  child.removeAllListeners('exit');
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Processor seconds, user and system, of the nodes so far; 0 where /proc is missing. */
async function processorSeconds(nodes: readonly NodeProcess[]): Promise<number> {
  let ticks = 0;
  for (const { child } of nodes) {
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

interface Load {
  readonly name: string;
  readonly operations: number;
  readonly run: (client: Client, index: number) => Promise<unknown>;
}

function loads(operations: number): Load[] {
  const value = new Uint8Array(VALUE_BYTES).fill(7);
  // Gets walk the keys in an order that no cache has seen before.
  const scattered = (index: number): string => `key-${(index * 7919) % operations}`;
  return [
    {
      name: 'put, new keys',
      operations,
      run: (client, index) => client.put(`key-${index}`, value),
    },
    {
      name: 'get',
      operations: 2 * operations,
      run: (client, index) => client.get(scattered(index)),
    },
    {
      name: 'put, overwrite',
      operations,
      run: (client, index) => client.put(`key-${index}`, value, { overwrite: true }),
    },
    {
      name: 'get again',
      operations: 2 * operations,
      run: (client, index) => client.get(scattered(index)),
    },
  ];
}

function report(name: string, result: ClosedLoopResult, client: number, nodes: number): string {
  const { perSecond, p50Ms, p99Ms, maxMs, operations } = result;
  const perOperation = (seconds: number) => ((seconds / operations) * 1e6).toFixed(0).padStart(5);
  return (
    `${name.padEnd(16)}${perSecond.toFixed(0).padStart(7)} /s` +
    `   p50 ${p50Ms.toFixed(1).padStart(6)} ms   p99 ${p99Ms.toFixed(1).padStart(6)} ms` +
    `   max ${maxMs.toFixed(0).padStart(4)} ms` +
    `   processor us/op: client ${perOperation(client)}, nodes ${perOperation(nodes)}\n`
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
  const inFlight = Number(values['in-flight']);
  const operations = Number(values.operations);
  const folder = await mkdtemp(join(tmpdir(), 'coterie-bench-'));
  const nodes: NodeProcess[] = [];
  try {
    for (let index = 0; index < NODES; index += 1) {
      const ofFirst = index === 0 ? values['node-flag'] : [];
      nodes.push(await startNode(folder, index, [...values['nodes-flag'], ...ofFirst]));
    }
    const addresses = nodes.map((node) => node.address);
    const admins = addresses.map((target) => ({
      target,
      admin: createAdminClient(target, { timeoutMs: ADMIN_TIMEOUT_MS }),
    }));
    await initCluster({ nodes: addresses, replicas: NODES, partitions: 256 }, admins);
    for (const { admin } of admins) admin.close();
    await using client = await connect({ nodes: addresses, timeoutMs: 10_000 });
    const processor = cpus()[0]?.model ?? 'unknown processor';
    process.stdout.write(
      `${NODES} node processes, RocksDB, fsync, quorum, ${VALUE_BYTES}-byte values, ` +
        `${inFlight} in flight; ` +
        `${availableParallelism()} cores (${processor}), Node ${process.version}\n`,
    );
    const nowMs = () => systemClock.monotonicMs();
    const warmUp = Math.ceil(operations / 4);
    await runClosedLoop({
      inFlight,
      operations: warmUp,
      nowMs,
      run: async (index) => {
        await client.put(`warm-${index}`, 'x');
        await client.get(`warm-${index}`);
      },
    });
    for (const load of loads(operations)) {
      const nodesBefore = await processorSeconds(nodes);
      const clientBefore = process.cpuUsage();
      const result = await runClosedLoop({
        inFlight,
        operations: load.operations,
        nowMs,
        run: (index) => load.run(client, index),
      });
      const used = process.cpuUsage(clientBefore);
      const clientSeconds = (used.user + used.system) / 1e6;
      const nodeSeconds = (await processorSeconds(nodes)) - nodesBefore;
      process.stdout.write(report(load.name, result, clientSeconds, nodeSeconds));
    }
  } finally {
    await Promise.all(nodes.map(stopNode));
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
