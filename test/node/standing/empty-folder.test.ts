/** A start with a wrong folder: what it acknowledged meanwhile, the right one does not have. */
import { expect, test } from 'vitest';
import { MemoryDisk } from '../../../src/platform/memory/memory-disk.ts';
import { startThree } from '../rig.ts';

test('a member started once with an empty folder is behind with its intact one', async () => {
  await using cluster = await startThree({ rebuildExchangesMax: 0 });
  await cluster.put('n1', { key: 'k', level: 'all' });
  const member = cluster.node('n3');
  const intact = member.disk;
  await member.stop();
  member.disk = new MemoryDisk();
  await member.start();
  await cluster.until(() => member.state === 'RECOVERING', 'RECOVERING');
  await member.stop();
  member.disk = intact;
  await member.start();
  await cluster.until(() => member.state === 'RECOVERING', 'RECOVERING');
  const { reason } = await cluster.run(member.admin.status({}));
  expect(reason).toContain('another folder has taken part in its place');
});
