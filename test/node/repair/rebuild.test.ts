/** What a node lost comes back from the others: it serves again when nothing that was acknowledged
 *  is missing, and meanwhile answers for nothing. */
import { expect, test } from 'vitest';
import { getRequest } from '../requests.ts';
import { startCluster, startThree, valuesOf } from '../rig.ts';
import {
  all,
  heldBy,
  isServing,
  KEYS,
  rebuildOf,
  unreadableAt,
  untilRebuilt,
  wipe,
  writeAll,
} from './rebuilding.ts';

test('a wiped node is complete again, serves, and is not behind after a restart', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n1', 'first');
  await wipe(cluster, 'n3');
  await cluster.node('n3').start();
  await untilRebuilt(cluster, 'n3');
  expect(await heldBy(cluster, 'n3')).toEqual(all('first'));
  expect(rebuildOf(cluster, 'n3')).toBeUndefined();
  await cluster.untilLinked();
  await cluster.node('n3').stop();
  await cluster.node('n3').start();
  await cluster.untilServing();
  await cluster.node('n1').stop();
  await cluster.advance(500);
  const read = await cluster.get('n2', { key: 'key-7', level: 'quorum' });
  expect(valuesOf(read)).toEqual(['key-7 first']);
  expect(read.quorum?.nodes.toSorted()).toEqual(['n2', 'n3']);
});

test('a node restored from an old copy gets what it lost, and its new events cover none of it', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n3', 'first');
  const bookmark = cluster.node('n3').bookmark();
  await cluster.put('n3', { key: 'key-1', value: 'beside', level: 'all' });
  await cluster.put('n3', { key: 'key-2', value: 'later', overwrite: true, level: 'all' });
  await cluster.node('n3').kill();
  await cluster.node('n3').restore(bookmark);
  await cluster.node('n3').start();
  await untilRebuilt(cluster, 'n3');
  expect(await cluster.held('n3', 'key-2')).toEqual(['later']);
  const put = await cluster.put('n3', { key: 'key-1', value: 'new', explain: true, level: 'all' });
  expect(put.trace?.minter).toBe('n3');
  for (const { name } of cluster.nodes) {
    const held = await cluster.held(name, 'key-1');
    expect(held.toSorted()).toEqual(['beside', 'key-1 first', 'new']);
  }
});

test('with one of the others away the rebuild waits for it and says so', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n1', 'first');
  await wipe(cluster, 'n3');
  await cluster.node('n2').stop();
  await cluster.node('n3').start();
  await cluster.advance(20_000);
  expect(cluster.node('n3').state).toBe('RECOVERING');
  const status = rebuildOf(cluster, 'n3');
  expect(status).toMatchObject({ done: 0 });
  expect(status?.keys).toBe(KEYS.length);
  expect(status?.waitingFor).toMatch(/^n2: ./);
  await cluster.node('n2').start();
  await untilRebuilt(cluster, 'n3');
  expect(await heldBy(cluster, 'n3')).toEqual(all('first'));
});

test('of two wiped nodes neither is rebuilt from the other until an operator accepts the loss', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n1', 'first');
  await wipe(cluster, 'n2', 'n3');
  for (const name of ['n2', 'n3']) await cluster.node(name).start();
  await cluster.advance(20_000);
  for (const name of ['n2', 'n3']) expect(cluster.node(name).state).toBe('RECOVERING');
  for (let look = 0; look < 40; look += 1) {
    const status = rebuildOf(cluster, 'n3');
    expect(status).toMatchObject({ done: 0, keysLeft: status?.partitions });
    expect(status?.waitingFor).toMatch(/^n[12]: ./);
    await cluster.advance(50);
  }

  await cluster.run(cluster.node('n2').node.repairs?.acceptLoss() ?? Promise.reject());
  for (const name of ['n2', 'n3']) await untilRebuilt(cluster, name);
  for (const name of ['n2', 'n3']) expect(await heldBy(cluster, name)).toEqual(all('first'));
  const accept = cluster.node('n2').node.repairs?.acceptLoss() ?? Promise.resolve();
  expect(await cluster.failure(accept)).toMatchObject({ code: 'CONFLICT' });
});

test('a node that was rebuilt, and is wiped again, is rebuilt again', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n1', 'first');
  for (const value of ['second', 'third']) {
    await wipe(cluster, 'n3');
    await cluster.node('n3').start();
    await cluster.until(() => isServing(cluster, 'n3'), 'n3 serving');
    await cluster.untilLinked();
    await writeAll(cluster, 'n3', value);
    expect(await heldBy(cluster, 'n3')).toEqual(all(value));
  }
});

test('a gap in the log is made good from the others', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n1', 'first');
  await cluster.node('n3').kill();
  await cluster.node('n3').loseBatch(-3);
  await cluster.node('n3').start();
  expect(cluster.node('n3').state).toBe('RECOVERING');
  await untilRebuilt(cluster, 'n3');
  expect(await heldBy(cluster, 'n3')).toEqual(all('first'));
  await cluster.node('n3').stop();
  await cluster.node('n3').start();
  await cluster.untilServing();
});

test('rotten records are fetched from both others, and answer again', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n1', 'first');
  await cluster.node('n3').stop();
  await cluster.node('n3').damageRecords();
  await cluster.node('n3').start();
  await cluster.untilServing();
  for (const key of KEYS) {
    expect(valuesOf(await cluster.get('n3', { key }))).toEqual([`${key} first`]);
  }
  expect(unreadableAt(cluster, 'n3')).toBe(KEYS.length);
  await cluster.until(() => unreadableAt(cluster, 'n3') === 0, 'all made good');
  expect(await heldBy(cluster, 'n3')).toEqual(all('first'));
});

test('a record that is rotten on two of three stays unreadable until an operator accepts the loss', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n1', 'first');
  for (const name of ['n2', 'n3']) {
    await cluster.node(name).stop();
    await cluster.node(name).damageRecords();
    await cluster.node(name).start();
    await cluster.untilServing();
  }
  await cluster.untilLinked();
  const [key = ''] = KEYS;
  await cluster.failure(cluster.node('n1').kv.get(getRequest({ key, level: 'all' })));
  await cluster.advance(20_000);
  expect(['n2', 'n3'].map((name) => unreadableAt(cluster, name))).toEqual([1, 1]);
  const quorum = cluster.node('n1').kv.get(getRequest({ key }));
  expect(await cluster.failure(quorum)).toMatchObject({ code: 'QUORUM_NOT_MET' });

  await cluster.run(cluster.node('n2').node.repairs?.acceptLoss() ?? Promise.reject());
  for (const name of ['n2', 'n3']) {
    await cluster.until(() => unreadableAt(cluster, name) === 0, `${name} made good`);
  }
  expect(valuesOf(await cluster.get('n1', { key }))).toEqual([`${key} first`]);
  for (const name of ['n2', 'n3']) {
    expect(await cluster.held(name, key)).toEqual([`${key} first`]);
  }
  const again = cluster.node('n2').node.repairs?.acceptLoss() ?? Promise.resolve();
  expect(await cluster.failure(again)).toMatchObject({ code: 'CONFLICT' });
});

test('unreadable records can be given up while another member may not serve', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n1', 'first');
  const member = cluster.node('n2');
  await member.stop();
  await member.damageRecords('key-3');
  await member.start();
  await cluster.untilServing();
  await cluster.node('n1').stop();
  await wipe(cluster, 'n3');
  await cluster.node('n3').start();
  await cluster.until(() => cluster.node('n3').state === 'RECOVERING', 'RECOVERING');
  await cluster.failure(member.kv.get(getRequest({ key: 'key-3', level: 'all' })));
  await cluster.advance(10_000);
  expect(unreadableAt(cluster, 'n2')).toBe(1);
  await cluster.run(member.node.repairs?.acceptLoss() ?? Promise.reject());
  await cluster.until(() => unreadableAt(cluster, 'n2') === 0, 'given up');
  expect(await cluster.held('n2', 'key-3')).toEqual([]);
  expect(await cluster.held('n2', 'key-4')).toEqual(['key-4 first']);
});

test('a rotten record of a cluster of one is gone once its operator gives it up, and no other', async () => {
  await using cluster = await startCluster({ nodes: ['n1'] });
  for (const key of ['kept', 'rotten']) await cluster.put('n1', { key, value: key, level: 'all' });
  await cluster.node('n1').stop();
  await cluster.node('n1').damageRecords('rotten');
  await cluster.node('n1').start();
  await cluster.untilServing();
  await cluster.failure(cluster.node('n1').kv.get(getRequest({ key: 'rotten' })));
  await cluster.advance(5_000);
  expect(unreadableAt(cluster, 'n1')).toBe(1);
  await cluster.run(cluster.node('n1').node.repairs?.acceptLoss() ?? Promise.reject());
  await cluster.until(() => unreadableAt(cluster, 'n1') === 0, 'given up');
  expect(valuesOf(await cluster.get('n1', { key: 'rotten' }))).toEqual([]);
  expect(valuesOf(await cluster.get('n1', { key: 'kept' }))).toEqual(['kept']);
});

test('a cluster of one has nobody to be rebuilt from', async () => {
  await using cluster = await startCluster({ nodes: ['n1'] });
  await cluster.put('n1', { key: 'k', level: 'all' });
  await cluster.put('n1', { key: 'l', level: 'all' });
  await cluster.put('n1', { key: 'm', level: 'all' });
  await cluster.node('n1').kill();
  await cluster.node('n1').loseBatch(-3);
  await cluster.node('n1').start();
  await cluster.advance(5_000);
  expect(cluster.node('n1').state).toBe('RECOVERING');
  expect(rebuildOf(cluster, 'n1')?.waitingFor).toMatch(/^an operator: /);
  await cluster.run(cluster.node('n1').node.repairs?.acceptLoss() ?? Promise.reject());
  await untilRebuilt(cluster, 'n1');
});

test('a node that was rebuilt and has made no event since is not behind after a restart', async () => {
  await using cluster = await startThree();
  await writeAll(cluster, 'n3', 'first');
  await cluster.node('n3').stop();
  await cluster.node('n3').start();
  await cluster.untilServing();
  await cluster.untilLinked();
  await wipe(cluster, 'n3');
  await cluster.node('n3').start();
  await untilRebuilt(cluster, 'n3');
  await cluster.untilLinked();
  await cluster.node('n3').stop();
  const { log } = cluster.node('n3').notes;
  const before = log.length;
  await cluster.node('n3').start();
  await cluster.untilServing();
  await cluster.untilLinked();
  const states = log.slice(before).filter(({ event }) => event === 'standing');
  expect(states.map(({ fields }) => `${fields['state']} ${fields['reason']}`)).toEqual([
    'SERVING ',
  ]);
});
