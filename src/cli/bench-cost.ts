/** `npm run bench:cost`: what one put and one get cost, counted and not timed: three nodes with
 *  RocksDB in this process, their own counters, and those of the kernel. For the sketch of limits
 *  in docs/performance.md.
 *  The processor time is of all three nodes and the client together. What the kernel counts on the
 *  loopback is of the whole machine: nothing else may use it meanwhile. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { closedLoop } from '../bench/loops.ts';
import { initCluster } from '../client/init-cluster.ts';
import type { Client } from '../client/types.ts';
import { connect } from '../connect.ts';
import { type RunningNode, startNode } from '../embed.ts';
import { systemClock } from '../platform/system/system-clock.ts';
import { keepNewObjectsYoung } from '../platform/system/young-objects.ts';

const NODES = 3;
const PARTITIONS = 256;
const VALUE_BYTES = 100;
const READY_POLL_MS = 20;

interface Counters {
  readonly processorUs: number;
  readonly fsyncs: number;
  readonly batches: number;
  readonly records: number;
  /** undefined: this system does not say. */
  readonly networkBytes: number | undefined;
  readonly diskBytes: number | undefined;
}

async function startNodes(folder: string): Promise<RunningNode[]> {
  const nodes: RunningNode[] = [];
  for (let index = 0; index < NODES; index += 1) {
    const id = `n${index}`;
    const node = await startNode({
      node: { id, zone: `z${index}`, engine: 'rocksdb', dataDirectory: join(folder, id) },
      listen: { address: '127.0.0.1:0' },
      membership: { seeds: nodes.slice(0, 1).map(({ address }) => address) },
      metrics: { listen: '127.0.0.1:0' },
      storage: { diskReserveRatio: 0.05, diskStopRatio: 0.02 },
      log: { level: 'error' },
    });
    nodes.push(node);
  }
  const admins = nodes.map(({ address, admin }) => ({ target: address, admin }));
  const addresses = nodes.map(({ address }) => address);
  await initCluster({ nodes: addresses, replicas: NODES, partitions: PARTITIONS }, admins);
  for (const { admin } of nodes) {
    while ((await admin.status({})).state !== 'SERVING') {
      await new Promise<void>((resolve) => systemClock.setTimer(READY_POLL_MS, resolve));
    }
  }
  return nodes;
}

async function countersOf(nodes: readonly RunningNode[]): Promise<Counters> {
  const pages = await Promise.all(
    nodes.map(async ({ metricsAddress }) => {
      const response = await fetch(`http://${metricsAddress}/metrics`);
      return response.text();
    }),
  );
  const sum = (line: RegExp): number => {
    let total = 0;
    for (const page of pages) {
      for (const [, value] of page.matchAll(line)) total += Number(value);
    }
    return total;
  };
  const { user, system } = process.cpuUsage();
  return {
    processorUs: user + system,
    fsyncs: sum(/^coterie_batch_seconds_count\{[^}]*sync="true"[^}]*\} (\S+)$/gm),
    batches: sum(/^coterie_batch_seconds_count\{[^}]*\} (\S+)$/gm),
    records: sum(/^coterie_batch_operations_sum(?:\{[^}]*\})? (\S+)$/gm),
    networkBytes: await counterIn('/proc/net/dev', /^\s*lo:\s*(\d+)/m),
    diskBytes: await counterIn('/proc/self/io', /^write_bytes: (\d+)$/m),
  };
}

async function counterIn(file: string, line: RegExp): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const value = line.exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

/** One row: `operations` of `work`, so many of them at once. */
async function row(
  name: string,
  nodes: readonly RunningNode[],
  { inFlight, operations }: { readonly inFlight: number; readonly operations: number },
  work: (at: number) => Promise<unknown>,
): Promise<string> {
  const before = await countersOf(nodes);
  let next = 0;
  const end = { operations, isStopped: () => false };
  await closedLoop(systemClock, inFlight, end, async () => {
    const at = next;
    next += 1;
    await work(at);
  });
  const after = await countersOf(nodes);
  const per = (key: keyof Counters): number | undefined => {
    const from = before[key];
    const to = after[key];
    return from === undefined || to === undefined ? undefined : (to - from) / operations;
  };
  const shown = (value: number | undefined, digits: number): string =>
    value === undefined ? 'unknown' : value.toFixed(digits);
  const cells = [
    name,
    shown(per('processorUs'), 0),
    shown(per('fsyncs'), 2),
    shown(per('batches'), 2),
    shown(per('records'), 2),
    shown(per('networkBytes'), 0),
    shown(per('diskBytes'), 0),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

/** What the coordinator of one put and of one get asked other replicas, from their traces. */
async function tracesOf(client: Client): Promise<string> {
  const put = await client.put('traced', new Uint8Array(VALUE_BYTES), { w: NODES, explain: true });
  const get = await client.get('traced', { consistency: 'quorum', explain: true });
  return [put, get]
    .map(({ trace }) => (trace?.steps ?? []).map(({ action }) => action).join(', '))
    .map((steps, at) => `${at === 0 ? 'put' : 'get'}: ${steps}\n`)
    .join('');
}

async function measure(nodes: readonly RunningNode[], client: Client, operations: number) {
  const value = new Uint8Array(VALUE_BYTES).fill(7);
  const put = (at: number): Promise<unknown> => client.put(`user${at}`, value, { overwrite: true });
  const get = (at: number): Promise<unknown> => client.get(`user${at}`);
  // Code is compiled, links are up, and the keys are there.
  await row('warm-up', nodes, { inFlight: 64, operations }, put);
  await row('warm-up', nodes, { inFlight: 64, operations }, get);
  const alone = Math.ceil(operations / 10);
  process.stdout.write(
    '| operation | CPU us | fsyncs | batches | records written | loopback bytes | disk bytes |\n' +
      `|${'---|'.repeat(7)}\n`,
  );
  const loads = [
    ['put', put],
    ['get', get],
  ] as const;
  for (const [name, work] of loads) {
    for (const inFlight of [1, 64]) {
      const load = { inFlight, operations: inFlight === 1 ? alone : operations };
      process.stdout.write(await row(`${name}, ${inFlight} in flight`, nodes, load, work));
    }
  }
  process.stdout.write(`\n${await tracesOf(client)}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { operations: { type: 'string', default: '10000' } },
  });
  const folder = await mkdtemp(join(tmpdir(), 'coterie-cost-'));
  try {
    keepNewObjectsYoung();
    const nodes = await startNodes(folder);
    try {
      const client = await connect({ nodes: nodes.map(({ address }) => address) });
      await measure(nodes, client, Number(values.operations));
      await client.close();
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
