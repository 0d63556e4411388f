/** How replies leave: together, in order, and no faster than they are taken. */
import { expect, test } from 'vitest';
import { ReplyOutbox } from '../../src/node/reply-outbox.ts';
import { ManualClock } from '../client/manual-clock.ts';

interface Reply {
  readonly id: number;
  readonly bytes: number;
}

/** Takes everything; what it has taken waits until the test says that it has drained. */
function makeOutbox(frameBytes = 100, bufferedBytesMax = 250) {
  const clock = new ManualClock();
  const frames: number[][] = [];
  const stream = {
    remote: 'test',
    bufferedBytes: 0,
    send: () => {},
    pause: () => {},
    resume: () => {},
    close: () => {},
  };
  const outbox = new ReplyOutbox<Reply>(clock, stream, {
    frameBytes,
    bufferedBytesMax,
    sizeOf: ({ bytes }) => bytes,
    send: (replies) => {
      frames.push(replies.map(({ id }) => id));
      for (const { bytes } of replies) stream.bufferedBytes += bytes;
    },
  });
  return { clock, frames, stream, outbox };
}

test('replies of one tick leave in one frame, and not before the tick is over', async () => {
  const { clock, frames, outbox } = makeOutbox();
  for (const id of [1, 2, 3]) outbox.push({ id, bytes: 10 });
  expect(frames).toEqual([]);
  await clock.settle();
  expect(frames).toEqual([[1, 2, 3]]);
  outbox.push({ id: 4, bytes: 10 });
  await clock.settle();
  expect(frames).toEqual([[1, 2, 3], [4]]);
});

test('a frame carries no more than its bytes, or one larger reply alone', async () => {
  const { clock, frames, outbox } = makeOutbox(100, 1_000);
  for (const [id, bytes] of [60, 40, 1, 300, 50, 60].entries()) outbox.push({ id, bytes });
  await clock.settle();
  expect(frames).toEqual([[0, 1], [2], [3], [4], [5]]);
});

test('nothing is sent to a stream that is backed up; it leaves in order later', async () => {
  const { clock, frames, stream, outbox } = makeOutbox();
  for (let id = 0; id < 10; id += 1) outbox.push({ id, bytes: 100 });
  await clock.settle();
  expect(frames.flat()).toEqual([0, 1, 2]);
  expect(outbox.isBackedUp).toBe(true);
  outbox.push({ id: 10, bytes: 100 });
  await clock.settle();
  expect(stream.bufferedBytes).toBe(300);
  for (let rounds = 0; rounds < 3; rounds += 1) {
    stream.bufferedBytes = 0;
    outbox.flush();
    expect(stream.bufferedBytes).toBeLessThanOrEqual(300);
  }
  expect(frames.flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('the last flush sends what is left although the stream is backed up', () => {
  const { frames, outbox } = makeOutbox();
  for (let id = 0; id < 10; id += 1) outbox.push({ id, bytes: 100 });
  outbox.flushAll();
  expect(frames.flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('what was dropped is never sent', async () => {
  const { clock, frames, outbox } = makeOutbox();
  outbox.push({ id: 1, bytes: 10 });
  outbox.drop();
  await clock.settle();
  outbox.flushAll();
  expect(frames).toEqual([]);
});
