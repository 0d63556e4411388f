/** Hinted handoff between processes on RocksDB: who owes something is killed with -9 while it hands
 *  it over, and nothing of it is lost. */
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { createKvClient } from '../../src/platform/grpc/unary-client.ts';
import { getRequest, putRequest } from '../node/requests.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const [HOLDER, OTHER, TARGET] = [0, 1, 2];
const KEYS = Array.from({ length: 400 }, (_, index) => `key-${index}`);
const VALUE_BYTES = 1_024;
/** All keys take some seconds, so that there is a middle to be killed in. */
const RATE = '65536';
const REPLAY_DEADLINE_MS = 60_000;

let cluster: ProcessCluster;

beforeEach(async () => {
  const env = {
    COTERIE_REPAIR_RECEIVE_BYTES_PER_SECOND_MAX: RATE,
    // Nothing but hints may bring what was missed.
    COTERIE_REPAIR_EXCHANGE_INTERVAL_MS: '0',
    COTERIE_LOG_LEVEL: 'info',
  };
  cluster = await ProcessCluster.start(3, { env });
});

afterEach(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

afterAll(assertNothingLeft);

async function keysAtTarget(): Promise<number> {
  return (await cluster.status(TARGET)).keys;
}

function untilKeys(count: number): Promise<number> {
  let last = 0;
  return waitUntil(
    async () => {
      last = await keysAtTarget();
      return last >= count && last;
    },
    { deadlineMs: REPLAY_DEADLINE_MS, what: () => `${count} keys at the target; it has ${last}` },
  );
}

it('a holder killed in the middle of its replay hands over the rest', {
  timeout: 180_000,
}, async () => {
  await cluster.kill(TARGET);
  const holder = createKvClient(cluster.address(HOLDER), { timeoutMs: 10_000 });
  const textOf = (key: string): string => key.padEnd(VALUE_BYTES, '.');
  const puts = KEYS.map((key) => holder.put(putRequest({ key, value: textOf(key) })));
  await Promise.all(puts);
  holder.close();

  await cluster.startNode(TARGET);
  await untilKeys(20);
  await cluster.kill(HOLDER);
  const before = await keysAtTarget();
  console.log(`the holder was killed when ${before} of ${KEYS.length} records had arrived`);
  expect(before).toBeLessThan(KEYS.length);

  await cluster.startNode(HOLDER);
  await untilKeys(KEYS.length);
  const delivered = cluster
    .process(HOLDER)
    .log()
    .match(/"delivered":(\d+)/)?.[1];
  console.log(`the holder handed over ${delivered} records after its restart`);
  await cluster.kill(HOLDER, OTHER);
  const target = createKvClient(cluster.address(TARGET), { timeoutMs: 10_000 });
  const decoder = new TextDecoder();
  for (const key of KEYS) {
    const { siblings } = await target.get(getRequest({ key, level: 'one' }));
    expect(siblings.map(({ value }) => decoder.decode(value))).toEqual([textOf(key)]);
  }
  target.close();
});
