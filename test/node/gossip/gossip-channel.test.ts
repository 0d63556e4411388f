/** One stream, either side of it. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { GossipChannel } from '../../../src/node/gossip/gossip-channel.ts';
import type { GossipContent } from '../../../src/wire/gossip-codec.ts';
import { FakeStream, fakeWire, peerOf } from './fake-wire.ts';

const PUSH: GossipContent = { kind: 'delta', entries: [], wants: [], isLast: false };
const DIGEST = { hashes: new Array(64).fill(0), counts: new Array(64).fill(0), heartbeats: [] };
const OPEN: GossipContent = { kind: 'open', digest: DIGEST, news: [] };

function rig(address = 'b:1') {
  const wire = fakeWire();
  const calls: string[] = [];
  const outcome: { refuse?: CoterieError; closeWhenGreeted?: boolean } = {};
  const channel: GossipChannel = new GossipChannel(wire, address, {
    own: () => peerOf(1),
    greeted: (peer) => {
      calls.push(`greeted ${peer.address}`);
      if (outcome.refuse !== undefined) throw outcome.refuse;
      if (outcome.closeWhenGreeted === true) channel.close();
    },
    heard: ({ content }) => calls.push(`heard ${content?.kind}`),
    refused: (error, _, by) => calls.push(`refused ${error.code} by ${by}`),
    closed: ({ kind }, _, isOwnWish) => calls.push(`closed ${kind} ${isOwnWish}`),
  });
  const stream = new FakeStream(address);
  stream.handlers = channel.streamHandlers;
  channel.attach(stream);
  return { ...wire, calls, outcome, channel, stream };
}

test('who dialled says who it is at once, who was dialled when it has been told', () => {
  expect(rig().stream.sent).toMatchObject([{ sender: peerOf(1) }]);
  const { stream, channel } = rig('');
  expect(stream.sent).toEqual([]);
  stream.say({ sender: peerOf(2), content: PUSH });
  expect(stream.sent).toMatchObject([{ sender: peerOf(1) }]);
  expect(channel.peer).toEqual(peerOf(2));
});

test('nothing is handed on before the other side has said who it is', () => {
  const { stream, calls } = rig('');
  stream.say({ content: PUSH });
  expect(calls).toEqual(['refused MALFORMED_MESSAGE by this-node', 'closed refused true']);
  expect(stream.isClosed).toBe(true);
});

test('a side that is not taken is told why and by whom, and nothing of it is handed on', () => {
  const { stream, calls, outcome } = rig('');
  outcome.refuse = new CoterieError('CLUSTER_MISMATCH', 'Not you');
  stream.say({ sender: peerOf(2), content: PUSH });
  stream.say({ content: PUSH });
  const last = ['refused CLUSTER_MISMATCH by this-node', 'closed refused true'];
  expect(calls).toEqual([`greeted ${peerOf(2).address}`, ...last]);
  expect(stream.sent).toMatchObject([{ sender: peerOf(1), content: { kind: 'refused' } }]);
});

test('who is refused learns by whom before the stream ends', () => {
  const { stream, calls, channel } = rig();
  const error = new CoterieError('CONFLICT', 'Twice');
  stream.say({ sender: peerOf(2), content: { kind: 'refused', error } });
  const last = ['refused CONFLICT by peer', 'closed refused true'];
  expect(calls).toEqual([`greeted ${peerOf(2).address}`, ...last]);
  expect(channel.isClosed).toBe(true);
});

test('a frame that is none ends the stream', () => {
  const { stream, calls } = rig();
  stream.say({ sender: peerOf(2), content: PUSH });
  stream.handlers?.frame(Uint8Array.of(0xff, 0xff, 0xff));
  expect(calls.at(-1)).toBe('closed refused true');
  expect(stream.contents.at(-1)).toMatchObject({ kind: 'refused' });
});

test('a side that does not say who it is within 5 s is given up', async () => {
  const { clock, deadlines, stream, calls } = rig('');
  await clock.advance(4_990);
  expect(calls).toEqual([]);
  await clock.advance(20);
  expect(calls).toEqual(['closed broken true']);
  expect(stream.isClosed).toBe(true);
  expect(deadlines.size).toBe(0);
});

test('a channel that is ended while it is greeted hands nothing on', () => {
  const { stream, calls, outcome } = rig();
  outcome.closeWhenGreeted = true;
  stream.say({ sender: peerOf(2), content: PUSH });
  expect(calls).toEqual([`greeted ${peerOf(2).address}`, 'closed ended true']);
});

test('the end is told once, and nothing is sent or heard after it', () => {
  const { stream, channel, calls, deadlines } = rig();
  stream.say({ sender: peerOf(2), content: PUSH });
  stream.end({ kind: 'broken' });
  channel.close();
  stream.say({ content: PUSH });
  channel.send(1, PUSH);
  expect(calls.slice(1)).toEqual(['heard delta', 'closed broken false']);
  expect(stream.contents).toEqual([]);
  expect(deadlines.size).toBe(0);
});

test('what a side does not take is dropped beyond 512 KiB', () => {
  const { stream, channel } = rig();
  stream.bufferedBytes = 512 * 1_024;
  channel.send(1, PUSH);
  expect(stream.contents).toHaveLength(1);
  stream.bufferedBytes += 1;
  for (let turn = 0; turn < 1_000; turn += 1) channel.send(1, PUSH);
  expect(stream.contents).toHaveLength(1);
  stream.bufferedBytes = 0;
  channel.send(1, PUSH);
  expect(stream.contents).toHaveLength(2);
});

test('each exchange is answered once, also when a later one was opened before its answer', () => {
  const { channel } = rig();
  channel.open({ number: 7, digest: DIGEST, sentMs: 1_000 }, OPEN);
  channel.open({ number: 8, digest: DIGEST, sentMs: 2_000 }, OPEN);
  expect(channel.answered(7)).toMatchObject({ sentMs: 1_000 });
  expect(channel.answered(7)).toBeUndefined();
  expect(channel.answered(8)).toMatchObject({ sentMs: 2_000 });
});

test('of exchanges that nobody answers the last eight are kept', () => {
  const { channel } = rig();
  for (let number = 1; number <= 100; number += 1) {
    channel.open({ number, digest: DIGEST, sentMs: number }, OPEN);
  }
  expect(channel.answered(92)).toBeUndefined();
  expect(channel.answered(93)).toBeDefined();
});

test('an answer is owed from the first exchange on, until anything is heard', () => {
  const { channel, stream, clock } = rig();
  expect(channel.unansweredMs).toBeUndefined();
  channel.open({ number: 1, digest: DIGEST, sentMs: 1_500 }, OPEN);
  channel.open({ number: 2, digest: DIGEST, sentMs: 2_500 }, OPEN);
  expect(channel.unansweredMs).toBe(1_500);
  stream.say({ sender: peerOf(2), content: PUSH });
  expect(channel.unansweredMs).toBeUndefined();
  expect(channel.heardMs).toBe(clock.monotonicMs());
});
