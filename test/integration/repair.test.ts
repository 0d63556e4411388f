/** What operators see and ask of repairs, at the command line and between processes on RocksDB. */
import { afterAll, afterEach, expect, it } from 'vitest';
import { createKvClient } from '../../src/platform/grpc/unary-client.ts';
import { getRequest, putRequest } from '../node/requests.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft, coterie } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const TARGET = 2;
const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`);
const DEADLINE_MS = 60_000;

let cluster: ProcessCluster;

afterEach(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

afterAll(assertNothingLeft);

async function putAll(): Promise<void> {
  const client = createKvClient(cluster.address(0), { timeoutMs: 10_000 });
  await Promise.all(KEYS.map((key) => client.put(putRequest({ key, value: `of ${key}` }))));
  client.close();
}

async function json(...command: string[]) {
  const { code, stdout, stderr } = await coterie([...command, ...cluster.nodes(0), '--json']);
  expect(stderr).toBe('');
  return { code, reply: JSON.parse(stdout) };
}

it('the debt shows who misses what, and is gone when the member has it', {
  timeout: 120_000,
}, async () => {
  cluster = await ProcessCluster.start(3);
  await cluster.kill(TARGET);
  await putAll();
  const { reply: owed } = await json('status', '--repair');
  expect(owed.debt).toBe(KEYS.length);
  const owedBy = owed.hints.map(({ target, count }: { target: string; count: number }) => {
    expect(target).toBe('n2');
    return count;
  });
  expect(owedBy.reduce((sum: number, count: number) => sum + count, 0)).toBe(KEYS.length);
  expect(owed.nodes.map(({ error }: { error?: { code: string } }) => error?.code)).toEqual([
    undefined,
    undefined,
    'UNREACHABLE',
  ]);

  await cluster.startNode(TARGET);
  let debt: number | undefined;
  await waitUntil(
    async () => {
      ({ debt } = (await json('status', '--repair')).reply);
      return debt === 0;
    },
    { deadlineMs: DEADLINE_MS, what: () => `no debt; it is ${debt}` },
  );
  expect((await cluster.status(TARGET)).keys).toBe(KEYS.length);
});

it('`coterie repair --wait` makes a member equal that nobody holds hints for', {
  timeout: 120_000,
}, async () => {
  const env = {
    COTERIE_HANDOFF_HINTS_PER_TARGET_MAX: '0',
    COTERIE_REPAIR_EXCHANGE_INTERVAL_MS: '0',
  };
  cluster = await ProcessCluster.start(3, { env });
  await cluster.kill(TARGET);
  await putAll();
  await cluster.startNode(TARGET);
  await cluster.untilServing();

  const { code, reply } = await json('repair', '--wait');
  expect(code).toBe(0);
  expect(reply).toMatchObject({ pairs: 768, equal: 768, debt: 0, silent: [] });
  await cluster.kill(0, 1);
  const client = createKvClient(cluster.address(TARGET), { timeoutMs: 10_000 });
  const decoder = new TextDecoder();
  for (const key of KEYS) {
    const { siblings } = await client.get(getRequest({ key, level: 'one' }));
    expect(siblings.map(({ value }) => decoder.decode(value))).toEqual([`of ${key}`]);
  }
  client.close();
});
