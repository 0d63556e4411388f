/** A node that has just started may have lost what it acknowledged. It asks before it answers. */
import { expect, test } from 'vitest';
import { VERIFY_WAIT_MS } from '../../../src/core/membership/standing.ts';
import { getRequest, putRequest } from '../requests.ts';
import { Cluster, startThree, valuesOf } from '../rig.ts';

test('an old copy answers and mints nothing while its peers may still tell it what it is', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'k', value: 'old', level: 'all' });
  const member = cluster.node('n3');
  const old = member.bookmark();
  await cluster.put('n1', { key: 'k', value: 'new', level: 'all', overwrite: true });
  await cluster.advance(1_100); // What was seen of a peer's commits is noted once a second.
  await member.kill();
  await member.restore(old);
  for (const { requests } of cluster.nodes) requests.hold();
  await member.start();
  await cluster.advance(VERIFY_WAIT_MS - 500);
  expect(member.state).toBe('UNVERIFIED');
  for (const request of [
    () => member.kv.get(getRequest({ key: 'k', level: 'one', timeoutMs: 100 })),
    () => member.kv.put(putRequest({ key: 'k', level: 'one', timeoutMs: 100 })),
  ]) {
    expect(await cluster.failure(request())).toMatchObject({ applied: 'no', retryable: true });
  }
  for (const { requests } of cluster.nodes) requests.release();
  await cluster.until(() => member.state === 'RECOVERING', 'RECOVERING');
  const read = await cluster.get('n3', { key: 'k', level: 'one' });
  expect(valuesOf(read)).toEqual(['new']);
});

test('a folder that never served answers and mints nothing alone, at no later start either', async () => {
  await using cluster = await new Cluster({ nodes: ['n1', 'n2', 'n3'] }).start();
  for (const { requests } of cluster.nodes) requests.hold();
  await cluster.initUnlinked();
  const member = cluster.node('n3');
  expect(member.state).toBe('UNVERIFIED');
  for (const { name } of cluster.nodes) await cluster.node(name).kill();
  await member.start();
  await cluster.advance(3 * VERIFY_WAIT_MS);
  expect(member.state).toBe('UNVERIFIED');
  const { reason } = await cluster.run(member.admin.status({}));
  expect(reason).toContain('this folder has never served');
  for (const request of [
    () => member.kv.get(getRequest({ key: 'k', level: 'one' })),
    () => member.kv.put(putRequest({ key: 'k', level: 'one' })),
    () => member.kv.put(putRequest({ key: 'k', level: 'any', sloppy: true })),
  ]) {
    expect(await cluster.failure(request())).toMatchObject({ applied: 'no', retryable: true });
  }
  const put = await cluster.failure(member.kv.put(putRequest({ key: 'k', level: 'one' })));
  expect(put.code).toBe('NOT_RECOVERED');
  expect(put.message).toContain('This node does not serve partition');
  for (const { requests } of cluster.nodes) requests.release();
  await cluster.node('n1').start();
  await cluster.untilServing(['n1', 'n3']);
});
