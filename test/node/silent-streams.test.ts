/** A stream that never says who it is takes no place for long. */
import { expect, test } from 'vitest';
import { RawLink, RawSession } from './raw-stream.ts';
import { startThree } from './rig.ts';

test.each([
  ['session', RawSession],
  ['link', RawLink],
] as const)('a %s that does not greet within 2 s is ended', async (service, Stream) => {
  await using cluster = await startThree();
  const before = cluster.node('n1').acceptedOf(service);
  const stream = new Stream(cluster, 'n1');
  await cluster.advance(1_990);
  expect(stream.closed).toBeUndefined();
  await cluster.advance(20);
  expect(stream.closed?.kind).toBe('ended');
  expect(cluster.node('n1').acceptedOf(service)).toBe(before);
});

test('a session that has greeted may be silent for as long as it likes', async () => {
  await using cluster = await startThree();
  const session = new RawSession(cluster, 'n1');
  session.greet();
  await cluster.advance(10_000);
  expect(session.closed).toBeUndefined();
});
