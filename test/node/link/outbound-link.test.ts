/** One link on a scripted far side: what calls come to, and how it dials. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import type { PeerCall } from '../../../src/node/contracts.ts';
import { errorToWire } from '../../../src/wire/error-codec.ts';
import { ACK, HELLO, Rig } from './outbound-rig.ts';

const HELD = { record: new Uint8Array(0), verified: true, digestHigh: 0, digestLow: 0 };

test('calls of one tick travel in one frame and are answered once, in any order', async () => {
  const rig = await new Rig().connect();
  const outcomes = [rig.call(), rig.call(), rig.call()];
  await rig.clock.settle();
  expect(rig.far.frames).toHaveLength(2);
  const [one = 0, two = 0, three = 0] = rig.far.ids;
  rig.far.send([
    { id: three, result: ACK },
    { id: one, result: ACK },
  ]);
  rig.far.send([
    { id: two, result: ACK },
    { id: one, result: ACK },
    { id: 999, result: ACK },
  ]);
  await rig.clock.settle();
  expect(outcomes.map(({ count }) => count)).toEqual([1, 1, 1]);
  expect(rig.link.inFlight).toBe(0);
});

test('frames are cut at their size, and a larger request travels alone', async () => {
  const rig = await new Rig().connect();
  for (const bytes of [150, 150, 500]) rig.call(1_000, bytes);
  await rig.clock.settle();
  expect(rig.far.frames.slice(1).map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
});

test('a request carries what is left of its budget', async () => {
  const rig = new Rig();
  rig.link.start();
  const waiting = new Rig();
  waiting.listen();
  waiting.far.greets = false;
  waiting.link.start();
  waiting.call(1_000);
  await waiting.clock.advance(400);
  waiting.far.send([], HELLO);
  await waiting.clock.settle();
  expect(waiting.far.frames[1]?.requests[0]?.timeoutMs).toBe(600);
});

test('when the link breaks, what was sent is unknown and what was not goes out on the next stream', async () => {
  const rig = await new Rig().connect();
  const sent = rig.call();
  await rig.clock.settle();
  const unsent = rig.call();
  rig.network.cut('far:1');
  expect(sent).toMatchObject({ count: 1, error: { code: 'UNREACHABLE', applied: 'unknown' } });
  await rig.clock.settle();
  expect(unsent.count).toBe(0);
  rig.far.send([{ id: rig.far.ids.at(-1) ?? 0, result: ACK }]);
  await rig.clock.settle();
  expect(unsent).toMatchObject({ count: 1, result: ACK });
  expect(rig.phases).toEqual([
    'greeting',
    'connected',
    'broken',
    'connecting',
    'greeting',
    'connected',
  ]);
});

test('when the redial is refused, what was not sent has certainly not arrived', async () => {
  const rig = await new Rig().connect();
  const sent = rig.call();
  await rig.clock.settle();
  const unsent = rig.call();
  rig.hangUp();
  await rig.clock.settle();
  expect(sent.error).toMatchObject({ code: 'UNREACHABLE', applied: 'unknown' });
  expect(unsent.error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
  expect(rig.link.reach).toBe('down');
});

test('while the member is down calls fail at once, and after a dial that succeeds they go through', async () => {
  const rig = new Rig();
  rig.link.start();
  expect(rig.link.reach).toBe('unknown');
  await rig.clock.settle();
  expect(rig.link.reach).toBe('down');
  expect(rig.call().error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
  rig.listen();
  await rig.clock.advance(70);
  expect(rig.link.reach).toBe('up');
  rig.call();
  await rig.clock.settle();
  expect(rig.far.ids).toHaveLength(1);
});

test('dials are repeated with growing pauses that stay under the maximum, and start small again after a success', async () => {
  const rig = new Rig();
  rig.link.start();
  await rig.clock.advance(10_000);
  const first = rig.dialCount;
  expect(first).toBeGreaterThan(9);
  expect(first).toBeLessThan(25);
  await rig.clock.advance(10_000);
  expect(rig.dialCount - first).toBeGreaterThanOrEqual(8);
  expect(rig.dialCount - first).toBeLessThanOrEqual(14);
  rig.listen();
  await rig.clock.advance(1_300);
  expect(rig.link.reach).toBe('up');
  rig.hangUp();
  await rig.clock.settle();
  const before = rig.dialCount;
  await rig.clock.advance(70);
  expect(rig.dialCount).toBe(before + 1);
});

test('while it is dialled again after a refusal a member stays down, so that nobody waits for each attempt', async () => {
  const rig = new Rig();
  rig.link.start();
  await rig.clock.settle();
  rig.far.greets = false;
  rig.listen();
  await rig.clock.advance(70);
  expect(rig.far.frames).toHaveLength(1);
  expect(rig.link.reach).toBe('down');
});

test('a member that takes the stream and does not greet is down after the handshake timeout', async () => {
  const rig = new Rig();
  rig.far.greets = false;
  rig.listen();
  rig.link.start();
  const waiting = rig.call(5_000);
  await rig.clock.advance(1_999);
  expect(rig.link.reach).toBe('unknown');
  expect(waiting.count).toBe(0);
  await rig.clock.advance(2);
  expect(rig.link.reach).toBe('down');
  expect(waiting.error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
  expect(rig.link.detail).toBe('the handshake timed out');
});

test('a refused greeting makes the member down, with the reason', async () => {
  const rig = new Rig();
  rig.far.greets = false;
  rig.listen();
  rig.link.start();
  await rig.clock.settle();
  rig.far.send([], { ...HELLO, refused: errorToWire(new CoterieError('CONFLICT', 'twin')) });
  await rig.clock.settle();
  expect(rig.link).toMatchObject({ reach: 'down', detail: 'refused' });
});

test('a call that nobody answers ends at its deadline: unknown if it was sent, otherwise not applied', async () => {
  const rig = await new Rig().connect();
  const sent = rig.call(300);
  await rig.clock.advance(301);
  expect(sent).toMatchObject({
    count: 1,
    error: { code: 'DEADLINE_EXCEEDED', applied: 'unknown' },
  });
  rig.far.send([{ id: rig.far.ids[0] ?? 0, result: ACK }]);
  await rig.clock.settle();
  expect(sent.count).toBe(1);
  const waiting = new Rig();
  waiting.far.greets = false;
  waiting.listen();
  waiting.link.start();
  const unsent = waiting.call(300);
  await waiting.clock.advance(301);
  expect(unsent.error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'no' });
  waiting.far.send([], HELLO);
  await waiting.clock.settle();
  expect(waiting.far.ids).toEqual([]);
});

test('beyond the bounds of requests and bytes calls are refused, and one call alone is taken whatever its size', async () => {
  const rig = await new Rig().connect();
  const large = rig.call(1_000, 5_000);
  expect(large.error).toBeUndefined();
  expect(rig.call(1_000, 10).error).toMatchObject({ code: 'OVERLOADED', applied: 'no' });
  await rig.clock.settle();
  rig.far.send([{ id: rig.far.ids[0] ?? 0, result: ACK }]);
  await rig.clock.settle();
  const taken = [1, 2, 3, 4].map(() => rig.call());
  expect(rig.call().error).toMatchObject({ code: 'OVERLOADED', details: { retryAfterMs: 50 } });
  expect(taken.every(({ count }) => count === 0)).toBe(true);
});

test('calls that expired do not make room while their bytes still wait in the stream', async () => {
  const rig = new Rig({ requestsMax: 1_000, bytesMax: 100_000 });
  await rig.connect();
  rig.far.stream?.pause();
  const call: PeerCall = {
    operation: {
      $case: 'replicate',
      replicate: {
        bucket: 'b',
        key: new Uint8Array(1),
        record: new Uint8Array(60_000),
        sync: true,
        repair: false,
      },
    },
    epochs: { current: 1, minimum: 1, read: 1 },
    deadlineMs: 0,
    bytes: 60_000,
    done: () => {},
  };
  const codes: string[] = [];
  for (let index = 0; index < 8; index += 1) {
    const deadlineMs = rig.clock.monotonicMs() + 100;
    const done: PeerCall['done'] = (result) => {
      if (result instanceof CoterieError) codes.push(result.code);
    };
    rig.link.call({ ...call, deadlineMs, done });
    await rig.clock.advance(101);
  }
  expect(codes).toContain('DEADLINE_EXCEEDED');
  expect(codes.at(-1)).toBe('OVERLOADED');
});

test('an error comes back with its code and its two facts', async () => {
  const rig = await new Rig().connect();
  const outcome = rig.call();
  const empty = rig.call();
  await rig.clock.settle();
  const error = new CoterieError('STORAGE_IO', 'batch failed', { applied: 'unknown' });
  const [one = 0, two = 0] = rig.far.ids;
  rig.far.send([
    { id: one, result: { $case: 'error', error: errorToWire(error) } },
    { id: two, result: undefined },
  ]);
  await rig.clock.settle();
  expect(outcome.error).toMatchObject({ code: 'STORAGE_IO', applied: 'unknown' });
  expect(empty.error).toMatchObject({ code: 'MALFORMED_MESSAGE', applied: 'unknown' });
});

test('an undecodable frame breaks the link, which opens anew', async () => {
  const rig = await new Rig().connect();
  const sent = rig.call();
  await rig.clock.settle();
  rig.far.stream?.send(Uint8Array.of(0xff, 0xff));
  await rig.clock.settle();
  expect(sent.error).toMatchObject({ code: 'UNREACHABLE', applied: 'unknown' });
  expect(rig.link.phase).toBe('connected');
});

test('every frame of replies tells what the peer has committed', async () => {
  const rig = await new Rig().connect();
  rig.far.send([], undefined, 17);
  rig.far.send([], undefined, 18);
  await rig.clock.settle();
  expect(rig.commits).toEqual(
    ['00'.repeat(16), '00'.repeat(16)].map((run, at) => `${run} ${17 + at}`),
  );
});

test('every frame of requests tells what this node has committed', async () => {
  const rig = await new Rig().connect();
  rig.call();
  await rig.clock.settle();
  expect(rig.far.frames.at(-1)?.commitSeq).toBe(41);
});

test('what the greeting gave to send first goes out alone, and when it is answered the link opens anew', async () => {
  const rig = new Rig();
  rig.listen();
  rig.first = { $case: 'adopt', adopt: { layout: Uint8Array.of(1, 2) } };
  rig.link.start();
  const waiting = rig.call(5_000);
  await rig.clock.settle();
  expect(rig.far.frames.at(-1)?.requests).toMatchObject([{ id: 0, operation: rig.first }]);
  rig.first = undefined;
  rig.far.send([{ id: 0, result: { $case: 'adopted', adopted: {} } }]);
  await rig.clock.settle();
  expect(waiting.error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
  await rig.clock.advance(70);
  expect(rig.link.phase).toBe('connected');
});

test('a stopped link fails what is pending, dials no more and leaves no timer', async () => {
  const rig = await new Rig().connect();
  const sent = rig.call();
  await rig.clock.settle();
  const unsent = rig.call();
  rig.link.stop();
  rig.link.stop();
  expect(sent).toMatchObject({ count: 1, error: { applied: 'unknown' } });
  expect(unsent).toMatchObject({ count: 1, error: { applied: 'no' } });
  expect(rig.call().error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
  rig.deadlines.stop();
  const { dialCount } = rig;
  await rig.clock.advance(5_000);
  expect(rig.dialCount).toBe(dialCount);
  expect(rig.clock.timerCount).toBe(0);
});

test('a member that has moved is dialled at its new address at once, while it is refused', async () => {
  const rig = new Rig();
  rig.link.start();
  await rig.clock.advance(5_000);
  expect(rig.link.reach).toBe('down');
  rig.address = 'far:2';
  rig.listen('far:2');
  rig.link.followAddress();
  await rig.clock.settle();
  expect(rig.link.phase).toBe('connected');
});

test('a member that has moved is dialled at its new address at once, while the old one says nothing', async () => {
  const rig = new Rig();
  rig.far.greets = false;
  rig.listen();
  rig.link.start();
  const waiting = rig.call();
  await rig.clock.settle();
  rig.far.greets = true;
  rig.address = 'far:2';
  rig.listen('far:2');
  rig.link.followAddress();
  await rig.clock.settle();
  expect(rig.link.phase).toBe('connected');
  rig.far.send([{ id: rig.far.ids[0] ?? 0, result: ACK }]);
  await rig.clock.settle();
  expect(waiting).toMatchObject({ count: 1, result: ACK });
  expect(rig.phases).not.toContain('refused');
});

test('a link that works is not given up for another address, and the next dial goes there', async () => {
  const rig = await new Rig().connect();
  rig.address = 'far:2';
  rig.link.followAddress();
  await rig.clock.settle();
  expect(rig.dialCount).toBe(1);
  rig.hangUp();
  rig.listen('far:2');
  await rig.clock.settle();
  expect(rig.link.phase).toBe('connected');
});

test('where the address has not changed nothing is dialled sooner', async () => {
  const rig = new Rig();
  rig.link.start();
  await rig.clock.advance(5_000);
  const { dialCount } = rig;
  rig.link.followAddress();
  expect(rig.dialCount).toBe(dialCount);
});

test('every frame over the link is a sign of life, and the greeting is judged by others', async () => {
  const rig = await new Rig().connect();
  expect(rig.heardCount).toBe(0);
  rig.far.send([], undefined, 17);
  rig.far.send([], undefined, 18);
  await rig.clock.settle();
  expect(rig.heardCount).toBe(2);
});

test('that nobody listens is told, that the member is silent or has moved is not', async () => {
  const refused = new Rig();
  refused.link.start();
  await refused.clock.settle();
  expect(refused.refusedCount).toBe(1);
  const silent = new Rig();
  silent.far.greets = false;
  silent.listen();
  silent.link.start();
  await silent.clock.advance(2_001);
  expect(silent.link.reach).toBe('down');
  expect(silent.refusedCount).toBe(0);
  const moved = new Rig();
  moved.link.start();
  moved.address = 'far:2';
  await moved.clock.settle();
  expect(moved.link.reach).toBe('down');
  expect(moved.refusedCount).toBe(0);
});

test('the link knows how long its member takes to answer reads', async () => {
  const rig = await new Rig().connect();
  expect(rig.link.latencyMs).toBe(0);
  rig.call();
  await rig.clock.advance(40);
  expect(rig.link.latencyMs).toBe(40);
  rig.far.send([{ id: rig.far.ids[0] ?? 0, result: { $case: 'read', read: HELD } }]);
  await rig.clock.settle();
  expect(rig.link.latencyMs).toBe(40);
  await rig.clock.advance(10_000);
  expect(rig.link.latencyMs).toBeCloseTo(20);
});
