/** A clean stop keeps its promises: what is at work is answered before the streams end. */
import { expect, test } from 'vitest';
import { watch } from '../client/client-rig.ts';
import { RawSession } from './raw-stream.ts';
import { putRequest } from './requests.ts';
import { startThree, valuesOf } from './rig.ts';

test('a put that is at work when its node stops is answered before the session ends', async () => {
  await using cluster = await startThree();
  const { engine, node } = cluster.node('n1');
  const session = new RawSession(cluster, 'n1');
  session.greet();
  await cluster.settle();
  engine.holdBatches();
  session.send([{ id: 1, operation: { $case: 'put', put: putRequest({ key: 'k' }) } }]);
  await cluster.settle();
  const stopped = watch(node.stop());
  await cluster.settle();
  expect(session.replies).toEqual([]);
  engine.releaseBatches();
  await cluster.until(() => stopped.isSettled, 'stopped');
  expect(session.reply(1)).toMatchObject({ $case: 'put', put: { siblings: 1 } });
  expect(session.closed?.kind).toBe('ended');
  expect(valuesOf(await cluster.get('n2', { key: 'k' }))).toEqual(['v']);
});
