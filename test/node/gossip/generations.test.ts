/** A generation is durable before anybody hears of it, at the start and while a node runs. */
import { expect, test } from 'vitest';
import { hexToBytes } from '../../../src/core/bytes.ts';
import type { StoreEvent } from '../../conformance/counting-store.ts';
import type { RigNode } from '../rig-node.ts';
import { generationAt, known, startFound, startSeeded, untilAllAlive } from './members-rig.ts';

const ROW_BYTES = 1 + 16 + 8;

/** Generations of the member's id in synced batches, in the order of their end. */
function durableGenerations(events: readonly StoreEvent[], id: string): number[] {
  const done = new Set<number>();
  for (const event of events) if (event.what === 'batch-done') done.add(event.batch);
  const found: number[] = [];
  for (const event of events) {
    if (event.what !== 'batch-started' || !event.sync || !done.has(event.batch)) continue;
    for (const operation of event.operations) {
      if (operation.type !== 'put' || operation.value.length !== ROW_BYTES) continue;
      const { value } = operation;
      if (Buffer.compare(value.subarray(1, 17), hexToBytes(id)) !== 0) continue;
      found.push(Number(new DataView(value.buffer, value.byteOffset).getBigUint64(17)));
    }
  }
  return found;
}

function idOf(node: RigNode): string {
  return node.node.members().find(({ isSelf }) => isSelf)?.id ?? '';
}

test('a generation is in the store before the first stream is dialled', async () => {
  await using cluster = await startSeeded(['n1', 'n2']);
  await cluster.node('n2').stop();
  const n2 = cluster.node('n2');
  const node = n2.make();
  n2.engine.holdBatches();
  const starting = node.start(n2.address);
  await cluster.advance(20_000);
  expect(cluster.network.transportOf(n2.address).dials).toEqual([]);
  n2.engine.releaseBatches();
  await cluster.run(starting);
  const generation = generationAt(n2, 'n2');
  expect(durableGenerations(n2.engine.events, idOf(n2))).toEqual([generation]);
  await cluster.until(() => generationAt(cluster.node('n1'), 'n2') === generation, 'it is told');
  await cluster.run(node.stop());
});

test('every start has a higher generation, also when the clock went back', async () => {
  await using cluster = await startSeeded(['n1', 'n2']);
  const n2 = cluster.node('n2');
  await untilAllAlive(cluster);
  const generations = [generationAt(n2, 'n2')];
  const id = idOf(n2);
  for (const skewMs of [0, -3_600_000, -7_200_000]) {
    await n2.stop();
    n2.skewMs = skewMs;
    await n2.start();
    generations.push(generationAt(n2, 'n2'));
    await cluster.until(() => generationAt(cluster.node('n1'), 'n2') === generations.at(-1), '');
    expect(idOf(n2)).toBe(id);
  }
  expect(generations).toEqual([...new Set(generations)].sort((a, b) => a - b));
});

test('a folder that went back in time rises above what the others know, durably, before it says so', async () => {
  await using cluster = await startFound(['n1', 'n2', 'n3']);
  const [n1, n3] = [cluster.node('n1'), cluster.node('n3')];
  const bookmark = n3.bookmark();
  await n3.stop();
  await cluster.advance(1_000);
  await n3.start();
  const last = generationAt(n3, 'n3');
  await cluster.until(() => generationAt(n1, 'n3') === last, 'n1 knows the second start');
  await n3.stop();
  await n3.restore(bookmark);
  n3.skewMs = -3_600_000;
  for (const other of ['n1:7400', 'n2:7400']) cluster.network.darken(other, n3.address);
  await n3.start();
  expect(generationAt(n3, 'n3')).toBeLessThan(last);
  n3.engine.holdBatches();
  for (const other of ['n1:7400', 'n2:7400']) cluster.network.lighten(other, n3.address);
  await cluster.advance(10_000);
  expect(generationAt(n1, 'n3')).toBe(last);
  n3.engine.releaseBatches();
  await cluster.until(() => generationAt(n1, 'n3') > last, 'n3 rises', 10_000);
  expect(durableGenerations(n3.engine.events, idOf(n3))).toContain(generationAt(n1, 'n3'));
  expect(n3.notes.events('amnesia').length).toBeGreaterThan(0);
  expect(known(n1, 'n3')?.state).toBe('ALIVE');
  expect(n3.failures).toEqual([]);
});
