/** One of three nodes of this process stands still, or is slow: the others see what they would see
 *  of a process that is stopped by SIGSTOP (membership.test.ts), and all is well afterwards. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { DutyCycle } from '../../src/cli/duty-cycle.ts';
import { startNodeOn } from '../../src/embed.ts';
import type { Log } from '../../src/env/log.ts';
import { createAdminClient, createKvClient } from '../../src/platform/grpc/unary-client.ts';
import { Standstill } from '../../src/platform/standstill/standstill.ts';
import { silentLog } from '../../src/platform/system/pino-log.ts';
import { systemClock } from '../../src/platform/system/system-clock.ts';
import { type RunningCluster, startClusterWith } from '../../src/start-cluster.ts';
import type { KvService } from '../../src/wire/services.ts';
import { getRequest, putRequest } from '../node/requests.ts';
import { valuesOf } from '../node/rig.ts';
import { MemberWatch } from '../support/member-watch.ts';
import {
  assertNothingLeft,
  ROOT,
  runNode,
  type TemporaryFolder,
  temporaryFolder,
} from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const TARGET = 'node-3';
const OTHERS = ['node-1', 'node-2'];
const BAD = ['AVOID', 'SUSPECT', 'DOWN'];
const KEYS = 30;
const PATIENCE_MS = 30_000;
/** Of calls that are not to be answered. */
const SHORT_MS = 300;
/** A node that goes on accuses others within this time, if it does. */
const ACCUSES_WITHIN_MS = 3_000;
const CONFIG = { storage: { diskReserveRatio: 0.05, diskStopRatio: 0.02 } };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});
afterAll(assertNothingLeft);

interface Rig {
  readonly cluster: RunningCluster;
  readonly standstill: Standstill;
  /** Events of the log of the node that stands still. */
  readonly logged: string[];
  readonly clients: readonly KvService[];
}

async function started(engine: 'memory' | 'rocksdb'): Promise<Rig> {
  const standstill = new Standstill(systemClock);
  const logged: string[] = [];
  const note = (event: string) => {
    logged.push(event);
  };
  const log: Log = { ...silentLog, info: note, warn: note, error: note };
  let folder: TemporaryFolder | undefined;
  if (engine === 'rocksdb') {
    const made = await temporaryFolder();
    cleanups.push(() => made[Symbol.asyncDispose]());
    folder = made;
  }
  const cluster = await startClusterWith(
    { engine, config: CONFIG, ...(folder === undefined ? {} : { dataDirectory: folder.path }) },
    (input, index) =>
      index === 2
        ? startNodeOn(standstill, input, { log })
        : startNodeOn(undefined, input, { log: silentLog }),
  );
  cleanups.push(() => cluster.stop());
  const clients = cluster.addresses.map((address) => {
    const client = createKvClient(address, { timeoutMs: 10_000 });
    cleanups.push(() => client.close());
    return client;
  });
  return { cluster, standstill, logged, clients };
}

function keysOf(round: string): string[] {
  return Array.from({ length: KEYS }, (_, index) => `${round}-${index}`);
}

/** Written and read at quorum, by turns at each of `clients`. */
async function workThrough(clients: readonly KvService[], round: string): Promise<void> {
  for (const [index, key] of keysOf(round).entries()) {
    const client = clients[index % clients.length];
    await client?.put(putRequest({ key, value: round, level: 'quorum' }));
    await client?.put(putRequest({ key: `same-${index}`, value: round, overwrite: true }));
    const reply = await client?.get(getRequest({ key, level: 'quorum' }));
    expect(reply === undefined ? [] : valuesOf(reply)).toEqual([round]);
  }
}

describe.each(['memory', 'rocksdb'] as const)('a node that stands still, on %s', (engine) => {
  it('is missed and found dead by the others; it convicts nobody when it goes on, and catches up', {
    timeout: 120_000,
  }, async () => {
    const { cluster, standstill, logged, clients } = await started(engine);
    const [first, second] = clients;
    const target = cluster.addresses[2] ?? '';
    if (first === undefined || second === undefined) throw new Error('no clients');
    const watch = new MemberWatch(cluster.addresses);
    cleanups.push(() => watch[Symbol.asyncDispose]());
    for (const name of [...OTHERS, TARGET]) {
      await watch.until(name, [...OTHERS, TARGET], ['ALIVE'], PATIENCE_MS);
    }
    await workThrough(clients, 'before');

    standstill.stop();
    const stoppedMs = performance.now();
    const admin = createAdminClient(target, { timeoutMs: SHORT_MS });
    cleanups.push(() => admin.close());
    await expect(admin.status({})).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const all = putRequest({ key: 'all', value: 'v', level: 'all', timeoutMs: 500 });
    await expect(first.put(all)).rejects.toMatchObject({
      name: 'CoterieError',
      code: expect.stringMatching(/^(QUORUM_NOT_MET|DEADLINE_EXCEEDED)$/),
      applied: 'unknown',
    });
    await workThrough([first, second], 'meanwhile');
    await watch.until(TARGET, OTHERS, BAD, PATIENCE_MS);
    await watch.until(TARGET, OTHERS, ['DOWN'], PATIENCE_MS);
    await workThrough([first, second], 'while down');
    await expect(second.put(all)).rejects.toMatchObject({ code: 'NO_REPLICA', applied: 'no' });
    expect(watch.answeredMs(TARGET)).toBeLessThan(stoppedMs + SHORT_MS);

    const [changeCount, logCount] = [watch.changes.length, logged.length];
    const continuedMs = performance.now();
    standstill.goOn();
    await watch.until(TARGET, OTHERS, ['ALIVE'], PATIENCE_MS);
    await waitUntil(() => performance.now() - continuedMs >= ACCUSES_WITHIN_MS, {
      deadlineMs: PATIENCE_MS,
      what: 'a node that stood still to have had time for false accusations',
    });
    const changes = watch.changes.slice(changeCount);
    expect(changes.filter(({ by, about }) => by === TARGET || about !== TARGET)).toEqual([]);
    expect(logged.slice(logCount)).not.toContain('member-down');
    await first.put(putRequest({ key: 'again', value: 'v', level: 'all' }));

    // By hints: nothing is read. Alone it can only show what it holds.
    await untilNothingIsOwed(cluster);
    await Promise.all(cluster.nodes.slice(0, 2).map((node) => node.stop()));
    await expectValues(clients[2], keysOf('meanwhile'), 'meanwhile');
    await expectValues(clients[2], keysOf('while down'), 'while down');
    await expectValues(clients[2], keysOf('same'), 'while down');
  });
});

async function untilNothingIsOwed({ nodes }: RunningCluster): Promise<void> {
  let said = '';
  await waitUntil(
    async () => {
      const keys = await Promise.all(nodes.map(async ({ admin }) => (await admin.status({})).keys));
      const owed = await Promise.all(
        nodes.map(async ({ admin }) => (await admin.repairStatus({})).hints),
      );
      const hints = owed.flat().reduce((sum, { count }) => sum + count, 0);
      said = JSON.stringify({ keys, hints });
      return new Set(keys).size === 1 && hints === 0;
    },
    { deadlineMs: PATIENCE_MS, what: () => `equal copies: ${said}` },
  );
}

async function expectValues(
  client: KvService | undefined,
  keys: readonly string[],
  value: string,
): Promise<void> {
  for (const key of keys) {
    const reply = await client?.get(getRequest({ key, level: 'one' }));
    expect(reply === undefined ? [] : valuesOf(reply), key).toEqual([value]);
  }
}

it('requests that need a slow node are slow, and succeed', { timeout: 60_000 }, async () => {
  const { standstill, clients } = await started('memory');
  const [first] = clients;
  const putAll = async (round: string): Promise<number> => {
    const startMs = performance.now();
    for (const key of keysOf(round)) {
      await first?.put(putRequest({ key, value: round, level: 'all' }));
    }
    return performance.now() - startMs;
  };
  await putAll('warm-up');
  const before = await putAll('before');
  const slowness = new DutyCycle(systemClock, standstill);
  slowness.start();
  cleanups.push(() => slowness.end());
  const meanwhile = await putAll('meanwhile');
  console.log(`${KEYS} puts at all: ${before.toFixed(0)} ms, slow ${meanwhile.toFixed(0)} ms`);
  expect(meanwhile).toBeGreaterThan(before);
  // Those that can do without it do.
  for (const key of keysOf('meanwhile')) {
    expect(await first?.get(getRequest({ key, level: 'quorum' }))).toMatchObject({ found: true });
  }
  slowness.end();
  expect(standstill.isStill).toBe(false);
  await putAll('after');
});

it('a program ends by itself when it stops a cluster with a node that stands still', async () => {
  const dist = (path: string) => JSON.stringify(pathToFileURL(join(ROOT, 'dist', path)).href);
  const source = `
    import { startNodeOn } from ${dist('embed.js')};
    import { startClusterWith } from ${dist('start-cluster.js')};
    import { Standstill } from ${dist('platform/standstill/standstill.js')};
    import { systemClock } from ${dist('platform/system/system-clock.js')};
    const standstill = new Standstill(systemClock);
    const options = { config: { log: { level: 'error' } } };
    const cluster = await startClusterWith(options, (input, index) =>
      startNodeOn(index === 2 ? standstill : undefined, input),
    );
    const client = await cluster.client();
    await client.put('k', 'v');
    standstill.stop();
    const short = { consistency: 'all', timeoutMs: 300 };
    console.log(await client.put('k', 'w', short).catch((error) => error.code));
    const waiting = client.put('k', 'x', { consistency: 'all' }).catch(() => {});
    await cluster.stop();
    await waiting;
    await client.close();
    const left = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout');
    console.log(JSON.stringify(left));
  `;
  const result = await runNode(['--input-type=module', '--eval', source]);
  expect(result.stderr).toBe('');
  expect(result.code, 'the program did not end by itself').toBe(0);
  expect(result.stdout).toMatch(/^(QUORUM_NOT_MET|DEADLINE_EXCEEDED|NO_REPLICA)\n\[\]\n$/);
});
