/** Anti-entropy between processes on RocksDB: without hints, and without a read, a replica that was
 *  away has what it missed soon after it is back. */
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { createKvClient } from '../../src/platform/grpc/unary-client.ts';
import { getRequest, putRequest } from '../node/requests.ts';
import { valuesOf } from '../node/rig.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const [WRITER, TARGET] = [0, 2];
const KEYS = 200;
const ROUNDS = 5;
const EQUAL_DEADLINE_MS = 60_000;

let cluster: ProcessCluster;

beforeEach(async () => {
  cluster = await ProcessCluster.start(3, { env: { COTERIE_HANDOFF_HINTS_PER_TARGET_MAX: '0' } });
});

afterEach(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

afterAll(assertNothingLeft);

async function updateAll(): Promise<void> {
  const writer = createKvClient(cluster.address(WRITER), { timeoutMs: 10_000 });
  for (let round = 0; round < ROUNDS; round += 1) {
    const puts = Array.from({ length: KEYS }, (_, index) =>
      writer.put(putRequest({ key: `k${index}`, value: `${index}/${round}`, overwrite: true })),
    );
    await Promise.all(puts);
  }
  writer.close();
}

it('a replica that was away is equal again by comparison alone', { timeout: 180_000 }, async () => {
  await cluster.kill(TARGET);
  await updateAll();
  await cluster.startNode(TARGET);
  const startMs = performance.now();
  let keys = 0;
  await waitUntil(
    async () => {
      keys = (await cluster.status(TARGET)).keys;
      return keys === KEYS;
    },
    { deadlineMs: EQUAL_DEADLINE_MS, what: () => `${KEYS} keys at the target; it has ${keys}` },
  );
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  console.log(`${KEYS * ROUNDS} updates of ${KEYS} keys: equal ${seconds} s after the start`);

  // Alone it can only show what it holds.
  for (const other of [0, 1]) await cluster.kill(other);
  const target = createKvClient(cluster.address(TARGET), { timeoutMs: 10_000 });
  for (let index = 0; index < KEYS; index += 1) {
    const reply = await target.get(getRequest({ key: `k${index}`, level: 'one' }));
    expect(valuesOf(reply)).toEqual([`${index}/${ROUNDS - 1}`]);
  }
  target.close();
});
