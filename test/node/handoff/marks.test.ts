/** Which misses become marks, what they cost, and when they are taken back. */
import { expect, test } from 'vitest';
import { HANDOFF_DEFAULTS } from '../../../src/node/handoff/handoff.ts';
import { hintRange } from '../../../src/node/storage/table-keys.ts';
import { type Cluster, startThree } from '../rig.ts';
import { owed } from './owed.ts';

async function hintRows(cluster: Cluster, holder: string, target: string): Promise<number> {
  const rows = cluster.node(holder).engine.iterate(hintRange(cluster.indexOf(target)));
  const { length } = await cluster.run(rows.next(10_000));
  await cluster.run(rows.close());
  return length;
}

test('a replica that cannot be reached is owed every key once, however often it is written', async () => {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  for (let round = 0; round < 5; round += 1) {
    for (const key of ['a', 'b']) {
      await cluster.put('n1', { key, value: `${round}`, overwrite: true });
    }
  }
  await cluster.settle();
  expect(owed(cluster, 'n1')).toEqual(['n3: 2']);
  expect(owed(cluster, 'n2')).toEqual([]);
  expect(await hintRows(cluster, 'n1', 'n3')).toBe(2);
});

test('a key that is known to be marked costs neither a read nor a row', async () => {
  await using cluster = await startThree();
  await cluster.node('n3').kill();
  await cluster.put('n1', { key: 'k', overwrite: true });
  await cluster.settle();
  const { engine } = cluster.node('n1');
  const before = engine.events.length;
  for (let round = 0; round < 20; round += 1)
    await cluster.put('n1', { key: 'k', overwrite: true });
  await cluster.settle();
  const HINT = 0x48;
  const rows = engine.events.slice(before).flatMap((event) => {
    return event.what === 'batch-started' ? event.operations.map(({ key }) => key[0]) : [];
  });
  expect(rows).not.toContain(HINT);
});

test('a write that failed for its client is owed too', async () => {
  await using cluster = await startThree();
  await cluster.node('n2').kill();
  await cluster.node('n3').kill();
  const failure = await cluster.failure(cluster.put('n1', { key: 'k', level: 'all' }));
  expect(['QUORUM_NOT_MET', 'NO_REPLICA', 'DEADLINE_EXCEEDED']).toContain(failure.code);
  await cluster.settle();
  const isMinted = failure.applied === 'unknown';
  expect(owed(cluster, 'n1')).toEqual(isMinted ? ['n2: 1', 'n3: 1'] : []);
});

test('a silent replica is owed the copy after a second, and no longer once it answers', async () => {
  await using cluster = await startThree();
  cluster.node('n3').engine.holdBatches();
  await cluster.put('n1', { key: 'k', timeoutMs: 2_500 });
  await cluster.advance(900);
  expect(owed(cluster, 'n1')).toEqual([]);
  await cluster.advance(200);
  expect(owed(cluster, 'n1')).toEqual(['n3: 1']);
  cluster.node('n3').engine.releaseBatches();
  await cluster.settle();
  expect(owed(cluster, 'n1')).toEqual([]);
  expect(await hintRows(cluster, 'n1', 'n3')).toBe(0);
});

test('an answer that comes late takes back no mark that an earlier write left', async () => {
  await using cluster = await startThree();
  const { engine } = cluster.node('n3');
  engine.pretendFree(0);
  await cluster.advance(1_500);
  await cluster.put('n1', { key: 'k', value: 'first' });
  await cluster.settle();
  expect(owed(cluster, 'n1')).toEqual(['n3: 1']);
  engine.pretendFree(undefined);
  await cluster.advance(1_500);
  engine.holdBatches();
  await cluster.put('n1', { key: 'k', value: 'second', timeoutMs: 3_000 });
  await cluster.advance(1_100);
  engine.releaseBatches();
  await cluster.settle();
  expect(owed(cluster, 'n1')).toEqual(['n3: 1']);
});

test('beyond the bound of a target its partition is dirty, and no write fails for it', async () => {
  await using cluster = await startThree({
    handoff: { ...HANDOFF_DEFAULTS, hintsPerTargetMax: 2 },
  });
  await cluster.node('n3').kill();
  for (const key of ['a', 'b', 'c', 'd']) {
    await cluster.put('n1', { key });
    await cluster.settle();
  }
  expect(owed(cluster, 'n1')).toEqual(['n3: 2']);
  expect(cluster.node('n1').notes.number('coterie_hints_dropped_total')).toBe(2);
});

test('with a bound of 0 nothing is kept', async () => {
  await using cluster = await startThree({
    handoff: { ...HANDOFF_DEFAULTS, hintsPerTargetMax: 0 },
  });
  await cluster.node('n3').kill();
  await cluster.put('n1', { key: 'k' });
  await cluster.settle();
  expect(owed(cluster, 'n1')).toEqual([]);
  expect(await hintRows(cluster, 'n1', 'n3')).toBe(0);
});
