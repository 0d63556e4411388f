/** Streams of a node that stands still, over each real transport: the contract of env/transport.ts
 *  holds while it never stands still and while it does so every few milliseconds; and what is seen
 *  of a node that does. */
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryNetwork } from '../../../src/platform/memory/memory-transport.ts';
import { Standstill } from '../../../src/platform/standstill/standstill.ts';
import { silentLog } from '../../../src/platform/system/pino-log.ts';
import { systemClock } from '../../../src/platform/system/system-clock.ts';
import type { Listener } from '../../conformance/transport.ts';
import {
  areEqual,
  describeTransport,
  numbered,
  Recorder,
  range,
  type TransportRig,
  turns,
} from '../../conformance/transport.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { makeGrpcRig } from '../grpc/grpc-rig.ts';
import { makeMemoryRig } from '../memory/memory-rig.ts';

const DEADLINE_MS = 10_000;
const FLAP_MS = 3;
const MIB = 1_024 * 1_024;

const inMemory = async (standstill: Standstill) => makeMemoryRig({ standstill });

describeTransport('GatedTransport in memory', () => inMemory(new Standstill(systemClock)));
describeTransport('GatedTransport over gRPC', () => makeGrpcRig(new Standstill(systemClock)));
describeTransport('GatedTransport that flaps, in memory', () => flapping(inMemory));
describeTransport('GatedTransport that flaps, over gRPC', () => flapping(makeGrpcRig));

async function flapping(
  makeRig: (standstill: Standstill) => Promise<TransportRig>,
): Promise<TransportRig> {
  const standstill = new Standstill(systemClock);
  const rig = await makeRig(standstill);
  const timer = setInterval(() => {
    if (standstill.isStill) standstill.goOn();
    else standstill.stop();
  }, FLAP_MS);
  return {
    ...rig,
    dispose: async () => {
      clearInterval(timer);
      standstill.goOn();
      await rig.dispose();
    },
  };
}

/** The node that stands still, and the others. */
interface Sides {
  readonly node: TransportRig;
  readonly others: TransportRig;
}

const SIDES: readonly [string, (standstill: Standstill) => Promise<Sides>][] = [
  [
    'in memory',
    async (standstill) => {
      const network = new MemoryNetwork({ clock: systemClock, log: silentLog });
      return {
        node: makeMemoryRig({ network, standstill }),
        others: makeMemoryRig({ network }),
      };
    },
  ],
  [
    'over gRPC',
    async (standstill) => ({
      node: await makeGrpcRig(standstill),
      others: await makeGrpcRig(),
    }),
  ],
];

/** One stream between the node and another. */
interface Connection {
  readonly standstill: Standstill;
  readonly own: Recorder;
  readonly other: Recorder;
  /** Of the side that was dialled. */
  readonly listener: Listener;
}

const open: { standstill: Standstill; sides: Sides }[] = [];
afterEach(async () => {
  for (const { standstill, sides } of open.splice(0)) {
    standstill.goOn();
    await sides.node.dispose();
    await sides.others.dispose();
  }
});

async function rigged(makeSides: (standstill: Standstill) => Promise<Sides>) {
  const standstill = new Standstill(systemClock);
  const sides = await makeSides(standstill);
  open.push({ standstill, sides });
  return { standstill, ...sides };
}

async function connected(
  makeSides: (standstill: Standstill) => Promise<Sides>,
  dialledBy: 'the node' | 'another',
): Promise<Connection> {
  const { standstill, node, others } = await rigged(makeSides);
  const [dialling, listening] = dialledBy === 'the node' ? [node, others] : [others, node];
  const address = await dialling.freeAddress();
  const takers: Recorder[] = [];
  const listener = await listening.listen(address, (_service, stream) => {
    const taker = new Recorder(stream);
    takers.push(taker);
    return taker.handlers;
  });
  const near = new Recorder();
  near.stream = dialling.transport().dial(address, 'link', near.handlers);
  await waitUntil(() => takers.length === 1, { deadlineMs: DEADLINE_MS, what: 'the stream' });
  const far = takers[0] ?? near;
  const [own, other] = dialledBy === 'the node' ? [near, far] : [far, near];
  return { standstill, own, other, listener };
}

function firstBytes(recorder: Recorder): (number | undefined)[] {
  return recorder.frames.map((frame) => frame[0]);
}

for (const [where, makeSides] of SIDES) {
  describe.each(['the node', 'another'] as const)(
    `a stream ${where} that %s dialled`,
    (dialledBy) => {
      const connect = () => connected(makeSides, dialledBy);

      it('hands nothing in while the node stands still, and all of it, in order, when it goes on', async () => {
        const { standstill, own, other } = await connect();
        standstill.stop();
        for (const index of range(64)) other.stream.send(numbered(index, MIB / 8));
        await turns(100);
        expect(own.frames).toEqual([]);
        // 8 MiB were sent; windows and socket buffers take a few.
        expect(other.stream.bufferedBytes).toBeGreaterThan(2 * MIB);
        standstill.goOn();
        await own.frameCount(64);
        for (const [index, frame] of own.frames.entries()) {
          expect(areEqual(frame, numbered(index, MIB / 8))).toBe(true);
        }
      });

      it('holds what the node sends while it stands still, and counts it', async () => {
        const { standstill, own, other } = await connect();
        standstill.stop();
        for (const index of range(10)) own.stream.send(numbered(index, 100));
        await turns(50);
        expect(other.frames).toEqual([]);
        expect(own.stream.bufferedBytes).toBe(1_000);
        expect(own.drainedCount).toBe(0);
        standstill.goOn();
        await other.frameCount(10);
        expect(firstBytes(other)).toEqual(range(10));
        await waitUntil(() => own.drainedCount > 0, { deadlineMs: DEADLINE_MS, what: 'drained' });
        expect(own.stream.bufferedBytes).toBe(0);
      });

      it('tells the node of its end once, after the frames, when the node goes on', async () => {
        const { standstill, own, other } = await connect();
        standstill.stop();
        for (const index of range(10)) other.stream.send(numbered(index, 100));
        other.stream.close();
        await turns(50);
        expect([own.frames, own.closed]).toEqual([[], []]);
        standstill.goOn();
        expect((await own.isClosed()).kind).toBe('ended');
        expect(firstBytes(own)).toEqual(range(10));
        expect((await other.isClosed()).kind).toBe('ended');
        expect([own.closed.length, own.isLate]).toEqual([1, false]);
      });

      it('that breaks meanwhile is closed once, when the node goes on', async () => {
        const { standstill, own, listener } = await connect();
        standstill.stop();
        const killing = listener.kill();
        await turns(50);
        expect(own.closed).toEqual([]);
        standstill.goOn();
        await own.isClosed();
        await killing;
        own.stream.send(numbered(0, 10));
        standstill.stop();
        own.stream.send(numbered(1, 10));
        standstill.goOn();
        await turns(20);
        expect([own.closed.length, own.isLate, own.stream.bufferedBytes]).toEqual([1, false, 0]);
      });

      it('that the node had paused stays paused when it goes on, until it resumes', async () => {
        const { standstill, own, other } = await connect();
        own.stream.pause();
        standstill.stop();
        other.stream.send(numbered(7, 100));
        standstill.goOn();
        await turns(30);
        expect(own.frames).toEqual([]);
        standstill.stop();
        own.stream.resume();
        await turns(30);
        expect(own.frames).toEqual([]);
        standstill.goOn();
        await own.frameCount(1);
      });

      it('that the node closes while it stands still ends when it goes on', async () => {
        const { standstill, own, other } = await connect();
        standstill.stop();
        own.stream.send(numbered(3, 100));
        own.stream.close();
        own.stream.send(numbered(4, 100));
        await turns(50);
        expect([other.frames, other.closed]).toEqual([[], []]);
        standstill.goOn();
        expect((await own.isClosed()).kind).toBe('ended');
        expect((await other.isClosed()).kind).toBe('ended');
        expect(firstBytes(other)).toEqual([3]);
      });
    },
  );

  describe(`GatedTransport ${where}`, () => {
    it('dials when the node goes on, and sends what was sent until then', async () => {
      const { standstill, node, others } = await rigged(makeSides);
      const address = await others.freeAddress();
      const takers: Recorder[] = [];
      await others.listen(address, (_service, stream) => {
        const taker = new Recorder(stream);
        takers.push(taker);
        return taker.handlers;
      });
      const own = new Recorder();
      standstill.stop();
      own.stream = node.transport().dial(address, 'link', own.handlers);
      own.stream.send(numbered(5, 100));
      await turns(50);
      expect(takers).toEqual([]);
      expect(own.stream.bufferedBytes).toBe(100);
      standstill.goOn();
      await waitUntil(() => takers[0]?.frames.length === 1, {
        deadlineMs: DEADLINE_MS,
        what: 'the frame',
      });
      expect(own.closed).toEqual([]);
    });

    it('that is closed while the node stands still is closed when it goes on', async () => {
      const { standstill, node, others } = await rigged(makeSides);
      const address = await others.freeAddress();
      const far = new Recorder();
      await others.listen(address, (_service, stream) => far.take(stream));
      const own = new Recorder();
      const transport = node.transport();
      own.stream = transport.dial(address, 'link', own.handlers);
      own.stream.send(numbered(0, 10));
      await far.frameCount(1);
      standstill.stop();
      let isClosed = false;
      const closing = transport.close().then(() => {
        isClosed = true;
      });
      await turns(50);
      expect([isClosed, own.closed, far.closed]).toEqual([false, [], []]);
      standstill.goOn();
      await closing;
      expect(own.closed.map(({ kind }) => kind)).toEqual(['ended']);
      expect((await far.isClosed()).kind).toBe('ended');
    });
  });
}
