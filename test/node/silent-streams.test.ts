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

test('a stream of gossip that does not say who dialled within 5 s is ended', async () => {
  await using cluster = await startThree();
  const n1 = cluster.node('n1');
  const closed: string[] = [];
  cluster.network.transportOf('raw').dial(n1.address, 'gossip', {
    frame: () => closed.push('heard'),
    closed: ({ kind }) => closed.push(kind),
  });
  await cluster.advance(4_990);
  const before = n1.acceptedOf('gossip');
  expect(closed).toEqual([]);
  await cluster.advance(20);
  expect(closed).toEqual(['ended']);
  expect(n1.acceptedOf('gossip')).toBe(before - 1);
});
