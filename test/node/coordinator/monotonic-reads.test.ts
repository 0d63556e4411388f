/** After writes that failed half way: of two quorum reads, one after the other, the second is never
 *  older than the first, whoever coordinates them. */
import { expect, test } from 'vitest';
import type { GetReply } from '../../../src/wire/generated/coterie/v1/kv.ts';
import { getRequest, putRequest } from '../requests.ts';
import { type Cluster, startThree, valuesOf } from '../rig.ts';

const PAIRS = 10_000;
const BATCH = 500;
const NAMES = ['n1', 'n2', 'n3'] as const;
const PADDING = 'p'.repeat(1_500);

function nodeOf(cluster: Cluster, number: number) {
  return cluster.node(NAMES[number % 3] ?? 'n1');
}

/** The number is in the value: the next one of a key is the later one. */
function writtenAs(pair: number, version: number): string {
  const text = `${version}`;
  return pair % 2 === 0 ? text : text + PADDING;
}

/** On all replicas, then a later one that reaches its minter alone and fails. */
async function writeHalf(cluster: Cluster, pairs: readonly number[]): Promise<void> {
  const put = (pair: number, version: number, timeoutMs: number) =>
    nodeOf(cluster, pair).kv.put(
      putRequest({
        key: `k${pair}`,
        value: writtenAs(pair, version),
        overwrite: true,
        timeoutMs,
        level: version === 1 ? 'all' : 'quorum',
      }),
    );
  await cluster.run(Promise.all(pairs.map((pair) => put(pair, 1, 5_000))));
  for (const { requests } of cluster.nodes) requests.hold();
  const failed = await cluster.run(Promise.allSettled(pairs.map((pair) => put(pair, 2, 100))));
  expect(failed.every(({ status }) => status === 'rejected')).toBe(true);
  // What is lost on the way is over when its senders say so.
  await cluster.advance(1_100);
  for (const { requests } of cluster.nodes) requests.drop();
}

function read(cluster: Cluster, pair: number, at: number): Promise<GetReply> {
  return nodeOf(cluster, at).kv.get(getRequest({ key: `k${pair}` }));
}

function versionOf(reply: GetReply): number {
  const [value = '', ...others] = valuesOf(reply);
  expect(others).toEqual([]);
  return Number(value.replace(PADDING, ''));
}

test(`of ${PAIRS} pairs of quorum reads after a failed write no second one is older than the first`, {
  timeout: 300_000,
}, async () => {
  await using cluster = await startThree();
  const seen = { old: 0, new: 0, newAfterOld: 0 };
  for (let from = 0; from < PAIRS; from += BATCH) {
    const pairs = Array.from({ length: BATCH }, (_, index) => from + index);
    await writeHalf(cluster, pairs);
    const first = await cluster.run(
      Promise.all(pairs.map((pair) => read(cluster, pair, Math.floor(pair / 3)))),
    );
    const second = await cluster.run(
      Promise.all(pairs.map((pair) => read(cluster, pair, Math.floor(pair / 9)))),
    );
    for (const [index, pair] of pairs.entries()) {
      const [earlier, later] = [versionOf(first[index]!), versionOf(second[index]!)];
      if (later < earlier) throw new Error(`pair ${pair} read ${earlier}, then ${later}`);
      seen[earlier === 2 ? 'new' : 'old'] += 1;
      if (later > earlier) seen.newAfterOld += 1;
    }
  }
  // Reads met the failed write, and missed it, often enough to tell.
  expect(seen.new).toBeGreaterThan(PAIRS / 10);
  expect(seen.old).toBeGreaterThan(PAIRS / 10);
  expect(seen.newAfterOld).toBeGreaterThan(0);
});
