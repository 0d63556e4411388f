/** Which streams there are, and when they end. */
import { expect, test } from 'vitest';
import { Channels, DIALLED_MAX, TAKEN_MAX } from '../../../src/node/gossip/channels.ts';
import type { GossipContent } from '../../../src/wire/gossip-codec.ts';
import { FakeStream, fakeWire, peerOf } from './fake-wire.ts';

const PUSH: GossipContent = { kind: 'delta', entries: [], wants: [], isLast: false };
const DIGEST = { hashes: new Array(64).fill(0), counts: new Array(64).fill(0), heartbeats: [] };

function rig() {
  const wire = fakeWire();
  const closed: string[] = [];
  const channels = new Channels(wire, {
    own: () => peerOf(1),
    greeted: () => {},
    heard: () => {},
    refused: () => {},
    closed: (_, { address }, isOwnWish) => closed.push(`${address} ${isOwnWish}`),
  });
  const take = (index: number, clusterId = ''): FakeStream => {
    const stream = new FakeStream(`from ${index}`);
    stream.handlers = channels.accept(stream);
    stream.say({ sender: peerOf(index, { clusterId }) });
    return stream;
  };
  return { ...wire, channels, closed, take };
}

test('there is one stream to an address, dialled anew when it has ended', () => {
  const { channels, transport } = rig();
  const first = channels.to('b:1');
  expect(channels.to('b:1')).toBe(first);
  transport.to('b:1').end();
  expect(channels.dialledCount).toBe(0);
  expect(channels.to('b:1')).not.toBe(first);
  expect(transport.dials).toEqual(['b:1', 'b:1']);
});

test('when there are too many the one longest unused goes', async () => {
  const { clock, channels, transport, closed } = rig();
  for (let index = 0; index < DIALLED_MAX; index += 1) {
    channels.to(`n${index}:1`);
    transport.to(`n${index}:1`).say({ sender: peerOf(2) });
    await clock.advance(1);
  }
  channels.to('n0:1').send(1, PUSH);
  channels.to('more:1');
  expect(channels.dialledCount).toBe(DIALLED_MAX);
  expect(closed).toEqual(['n1:1 true']);
});

test('a stream on which no answer comes for 4 s is given up', async () => {
  const { clock, channels, transport } = rig();
  channels.to('b:1').open({ number: 1, digest: DIGEST, sentMs: clock.monotonicMs() }, PUSH);
  transport.to('b:1').say({ sender: peerOf(2) });
  const sentMs = clock.monotonicMs();
  channels.to('b:1').open({ number: 2, digest: DIGEST, sentMs }, PUSH);
  await clock.advance(4_000);
  channels.sweep(clock.monotonicMs());
  expect(channels.dialledCount).toBe(1);
  await clock.advance(1);
  channels.sweep(clock.monotonicMs());
  expect(channels.dialledCount).toBe(0);
  expect(transport.open).toEqual([]);
});

test('a stream that is not used for a minute ends', async () => {
  const { clock, channels, transport } = rig();
  channels.to('b:1');
  transport.to('b:1').say({ sender: peerOf(2) });
  await clock.advance(60_000);
  channels.sweep(clock.monotonicMs());
  expect(channels.dialledCount).toBe(1);
  await clock.advance(1);
  channels.sweep(clock.monotonicMs());
  expect(channels.dialledCount).toBe(0);
});

test('a stream that the other side left without a word ends after two minutes', async () => {
  const { clock, channels, take } = rig();
  const [silent, busy] = [take(2), take(3)];
  await clock.advance(100_000);
  busy.say({ content: PUSH });
  await clock.advance(20_001);
  channels.sweep(clock.monotonicMs());
  expect(silent.isClosed).toBe(true);
  expect(busy.isClosed).toBe(false);
  expect(channels.takenCount).toBe(1);
});

test('of those that others dial no more are taken than the bound', () => {
  const { channels, take } = rig();
  for (let turn = 0; turn < TAKEN_MAX; turn += 1) take(2);
  const more = take(3);
  expect(more.isClosed).toBe(true);
  expect(more.sent).toEqual([]);
  expect(channels.takenCount).toBe(TAKEN_MAX);
});

test('streams of another cluster end when this node has one', () => {
  const { channels, take } = rig();
  const [mine, others] = ['c1'.repeat(16), 'c2'.repeat(16)];
  const streams = [take(2, mine), take(3, others), take(4)];
  channels.leaveOthers(mine);
  expect(streams.map(({ isClosed }) => isClosed)).toEqual([false, true, false]);
});

test('nothing is left after stop, and nothing is taken any more', () => {
  const { channels, transport, deadlines, take } = rig();
  channels.to('b:1');
  channels.to('c:1');
  const taken = take(2);
  channels.stop();
  const late = take(3);
  expect(transport.open).toEqual([]);
  expect([taken.isClosed, late.isClosed]).toEqual([true, true]);
  expect([channels.dialledCount, channels.takenCount, deadlines.size]).toEqual([0, 0, 0]);
});
