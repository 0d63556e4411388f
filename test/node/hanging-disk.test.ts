/** A disk that hangs, for reads as well as for batches, while others are owed something: the node
 *  fails, and can be stopped all the same. */
import { expect, test } from 'vitest';
import { STORAGE_DEFAULTS } from '../../src/node/storage/storage-options.ts';
import { startThree } from './rig.ts';

test('a node that owes hints fails and can be stopped when its disk hangs', async () => {
  await using cluster = await startThree();
  const member = cluster.node('n1');
  await cluster.node('n3').kill();
  await cluster.advance(8_000);
  for (let index = 0; index < 20; index += 1) await cluster.put('n1', { key: `k${index}` });
  await cluster.advance(2_000);
  await cluster.node('n3').start();
  await cluster.advance(5_000);
  member.engine.holdReads();
  member.engine.holdBatches();
  await cluster.put('n2', { key: 'k', overwrite: true });
  await cluster.advance(2 * STORAGE_DEFAULTS.batchTimeoutMs);
  expect(member.state).toBe('FAILED');
  expect(member.failures[0]?.details['isStuck']).toBe(true);
  let isStopped = false;
  void member.node.stop().then(() => {
    isStopped = true;
  });
  await cluster.advance(5_000);
  expect(isStopped).toBe(true);
  member.engine.releaseReads();
});
