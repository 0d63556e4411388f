/** What every Transport must do (src/env/transport.ts), run over each adapter. */
import { afterEach, describe, expect, test } from 'vitest';
import type {
  FrameStream,
  StreamAcceptor,
  StreamClosed,
  StreamHandlers,
  StreamService,
  Transport,
} from '../../src/env/transport.ts';
import { waitUntil } from '../support/wait-until.ts';

/** A network of one adapter, made afresh for each test. */
export interface TransportRig {
  /** Where nobody listens yet, and `listen` may be called later. */
  freeAddress(): Promise<string>;
  /** Takes streams at an address that `freeAddress` gave. */
  listen(address: string, acceptor: StreamAcceptor): Promise<Listener>;
  transport(): Transport;
  dispose(): Promise<void>;
}

export interface Listener {
  /** Dies at once: open streams break. */
  kill(): Promise<void>;
}

const DEADLINE_MS = 10_000;
const MIB = 1_024 * 1_024;

export function describeTransport(name: string, makeRig: () => Promise<TransportRig>): void {
  describe(`${name} as a Transport`, () => {
    const open: TransportRig[] = [];
    const rigged = async (): Promise<TransportRig> => {
      const rig = await makeRig();
      open.push(rig);
      return rig;
    };
    afterEach(async () => {
      for (const rig of open.splice(0)) await rig.dispose();
    });

    describeFrames(rigged);
    describeOpening(rigged);
    describeEnding(rigged);
    describeBackPressure(rigged);
  });
}

function describeFrames(rigged: () => Promise<TransportRig>): void {
  test('frames arrive whole and in order in both directions, sent before the stream was open or after', async () => {
    const { near, far, accepted } = await connected(await rigged(), { sendEarly: 50 });
    for (let index = 50; index < 200; index++) near.stream.send(numbered(index, index * 37));
    for (let index = 0; index < 200; index++) accepted.send(numbered(index, 7_000 - index));
    await far.frameCount(200);
    await near.frameCount(200);
    for (const index of range(200)) {
      expect(areEqual(far.frames[index]!, numbered(index, index * 37))).toBe(true);
      expect(areEqual(near.frames[index]!, numbered(index, 7_000 - index))).toBe(true);
    }
  });

  test('frames of 0 bytes and of 20 MiB arrive as they were sent', async () => {
    const { near, far, accepted } = await connected(await rigged());
    const large = numbered(1, 20 * MIB);
    for (const frame of [numbered(0, 0), large, numbered(2, 0)]) {
      near.stream.send(frame);
      accepted.send(frame);
    }
    await far.frameCount(3);
    await near.frameCount(3);
    for (const frames of [far.frames, near.frames]) {
      expect(frames.map((frame) => frame.byteLength)).toEqual([0, 20 * MIB, 0]);
      expect(areEqual(frames[1]!, large)).toBe(true);
    }
  });

  test('the two services of an address are told apart, and streams to one do not mix', async () => {
    const rig = await rigged();
    const address = await rig.freeAddress();
    const seen: { service: StreamService; far: Recorder }[] = [];
    await rig.listen(address, (service, stream) => {
      const far = new Recorder(stream);
      seen.push({ service, far });
      return far.handlers;
    });
    const transport = rig.transport();
    for (const [index, service] of (['link', 'session', 'session'] as const).entries()) {
      const near = new Recorder();
      near.stream = transport.dial(address, service, near.handlers);
      near.stream.send(numbered(index, 10));
    }
    await until(() => seen.filter(({ far }) => far.frames.length === 1).length === 3, 'frames');
    expect(seen.map(({ service }) => service).sort()).toEqual(['link', 'session', 'session']);
    expect(new Set(seen.map(({ far }) => far.frames[0]?.[0]))).toEqual(new Set([0, 1, 2]));
  });
}

function describeOpening(rigged: () => Promise<TransportRig>): void {
  test('a dial where nobody listens is refused, after dial has returned', async () => {
    const rig = await rigged();
    const near = new Recorder();
    let hasReturned = false;
    near.onClosed = () => expect(hasReturned).toBe(true);
    near.stream = rig.transport().dial(await rig.freeAddress(), 'link', near.handlers);
    near.stream.send(numbered(0, 10));
    hasReturned = true;
    expect((await near.isClosed()).kind).toBe('refused');
    expect(near.stream.bufferedBytes).toBe(0);
  });

  test('once somebody listens, the next dial after a refusal succeeds at once', async () => {
    const rig = await rigged();
    const address = await rig.freeAddress();
    const transport = rig.transport();
    for (let attempt = 0; attempt < 3; attempt++) {
      const refused = new Recorder();
      refused.stream = transport.dial(address, 'link', refused.handlers);
      expect((await refused.isClosed()).kind).toBe('refused');
    }
    const far = new Recorder();
    await rig.listen(address, (_service, stream) => far.take(stream));
    const near = new Recorder();
    near.stream = transport.dial(address, 'link', near.handlers);
    near.stream.send(numbered(0, 10));
    await far.frameCount(1);
    expect(near.closed).toEqual([]);
  });

  test('a stream that the listener does not take is refused and delivers nothing', async () => {
    const rig = await rigged();
    const address = await rig.freeAddress();
    await rig.listen(address, () => {
      throw new Error('not today');
    });
    const near = new Recorder();
    near.stream = rig.transport().dial(address, 'session', near.handlers);
    near.stream.send(numbered(0, 10));
    const reason = await near.isClosed();
    expect(reason.kind).toBe('refused');
    expect(reason.message).toContain('not today');
  });
}

function describeEnding(rigged: () => Promise<TransportRig>): void {
  test('close delivers what was sent, then both sides are ended, once', async () => {
    const { near, far } = await connected(await rigged());
    near.stream.send(numbered(0, 3 * MIB));
    near.stream.send(numbered(1, 10));
    near.stream.close();
    near.stream.close();
    near.stream.send(numbered(2, 10));
    expect((await near.isClosed()).kind).toBe('ended');
    expect((await far.isClosed()).kind).toBe('ended');
    expect(far.frames.map((frame) => frame.byteLength)).toEqual([3 * MIB, 10]);
    near.stream.close();
    expect([near.closed.length, far.closed.length]).toEqual([1, 1]);
  });

  test('the accepting side ends a stream in the same way', async () => {
    const { near, far, accepted } = await connected(await rigged());
    accepted.send(numbered(0, MIB));
    accepted.close();
    expect((await near.isClosed()).kind).toBe('ended');
    expect((await far.isClosed()).kind).toBe('ended');
    expect(near.frames.map((frame) => frame.byteLength)).toEqual([MIB]);
  });

  test('a listener that dies closes the streams of both sides exactly once, and nothing comes after', async () => {
    const { near, far, accepted, listener } = await connected(await rigged());
    accepted.send(numbered(0, 10));
    await near.frameCount(1);
    await listener.kill();
    expect(['broken', 'ended']).toContain((await near.isClosed()).kind);
    await far.isClosed();
    const seen = [near.frames.length, far.frames.length];
    for (const stream of [near.stream, accepted]) {
      stream.send(numbered(9, 10));
      stream.close();
      stream.resume();
    }
    await turns(20);
    expect([near.closed.length, far.closed.length]).toEqual([1, 1]);
    expect([near.frames.length, far.frames.length]).toEqual(seen);
    expect([near.isLate, far.isLate]).toEqual([false, false]);
  });

  test('a handler that throws breaks its own stream and no other', async () => {
    const rig = await rigged();
    const { near, far, address, transport } = await connected(rig);
    far.onFrame = () => {
      throw new Error('bad frame');
    };
    const other = new Recorder();
    other.stream = transport.dial(address, 'session', other.handlers);
    near.stream.send(numbered(0, 10));
    expect((await near.isClosed()).kind).toBe('broken');
    expect((await far.isClosed()).kind).toBe('broken');
    await turns(20);
    expect(other.closed).toEqual([]);
  });

  test('closing the transport ends its streams, is idempotent, and refuses later dials', async () => {
    const rig = await rigged();
    const { near, far, address, transport } = await connected(rig);
    near.stream.send(numbered(0, 10));
    await Promise.all([transport.close(), transport.close()]);
    expect(near.closed.map(({ kind }) => kind)).toEqual(['ended']);
    expect((await far.isClosed()).kind).toBe('ended');
    expect(far.frames.length).toBe(1);
    const late = new Recorder();
    late.stream = transport.dial(address, 'link', late.handlers);
    expect((await late.isClosed()).kind).toBe('refused');
  });
}

function describeBackPressure(rigged: () => Promise<TransportRig>): void {
  for (const direction of ['to the listener', 'to the dialling side'] as const) {
    test(`pause stops delivery and holds the sender back, resume lets all of it through (${direction})`, async () => {
      const { near, far, accepted } = await connected(await rigged());
      const isOut = direction === 'to the listener';
      const [sender, senderSide] = isOut ? [near.stream, near] : [accepted, far];
      const [receiver, receiverSide] = isOut ? [accepted, far] : [near.stream, near];
      receiver.pause();
      const frames = range(64).map((index) => numbered(index, MIB / 4));
      for (const frame of frames) sender.send(frame);
      await turns(200);
      const stuckBytes = sender.bufferedBytes;
      // 16 MiB were sent; windows and socket buffers take a few.
      expect(stuckBytes).toBeGreaterThan(8 * MIB);
      expect(receiverSide.frames.length).toBe(0);
      expect(senderSide.drainedCount).toBe(0);
      receiver.resume();
      await receiverSide.frameCount(64);
      await until(() => senderSide.drainedCount > 0, 'the drained callback');
      expect(sender.bufferedBytes).toBe(0);
      expect(receiverSide.frames.map((frame) => frame[0])).toEqual(range(64));
    });
  }

  test('a receiver that pauses inside a frame gets no further one until it resumes', async () => {
    const { near, far, accepted } = await connected(await rigged());
    far.onFrame = () => accepted.pause();
    for (let index = 0; index < 10; index++) near.stream.send(numbered(index, 100));
    for (let count = 1; count <= 10; count++) {
      await far.frameCount(count);
      await turns(10);
      expect(far.frames.length).toBe(count);
      accepted.resume();
    }
    expect(far.frames.map((frame) => frame[0])).toEqual(range(10));
  });
}

/** Notes everything that happens to one side of a stream. */
export class Recorder {
  readonly frames: Uint8Array[] = [];
  readonly closed: StreamClosed[] = [];
  drainedCount = 0;
  /** Something came after `closed`. */
  isLate = false;
  onFrame: () => void = () => {};
  onClosed: () => void = () => {};
  #stream: FrameStream | undefined;

  constructor(stream?: FrameStream) {
    this.#stream = stream;
  }

  get stream(): FrameStream {
    return this.#stream!;
  }

  set stream(stream: FrameStream) {
    this.#stream = stream;
  }

  readonly handlers: StreamHandlers = {
    frame: (bytes) => {
      this.isLate ||= this.closed.length > 0;
      this.frames.push(bytes);
      this.onFrame();
    },
    closed: (reason) => {
      this.closed.push(reason);
      this.onClosed();
    },
    drained: () => {
      this.isLate ||= this.closed.length > 0;
      this.drainedCount++;
    },
  };

  take(stream: FrameStream): StreamHandlers {
    this.#stream = stream;
    return this.handlers;
  }

  async frameCount(count: number): Promise<void> {
    await until(
      () => this.frames.length >= count,
      () => `${count} frames, have ${this.frames.length}; closed: ${JSON.stringify(this.closed)}`,
    );
  }

  async isClosed(): Promise<StreamClosed> {
    await until(() => this.closed.length > 0, 'the end of a stream');
    return this.closed[0]!;
  }
}

interface Connected {
  readonly near: Recorder;
  readonly far: Recorder;
  /** The stream of the far side. */
  readonly accepted: FrameStream;
  readonly listener: Listener;
  readonly address: string;
  readonly transport: Transport;
}

async function connected(
  rig: TransportRig,
  { sendEarly = 0 }: { sendEarly?: number } = {},
): Promise<Connected> {
  const address = await rig.freeAddress();
  const transport = rig.transport();
  const takers: Recorder[] = [];
  const listener = await rig.listen(address, (_service, stream) => {
    const taker = new Recorder(stream);
    takers.push(taker);
    return taker.handlers;
  });
  const near = new Recorder();
  near.stream = transport.dial(address, 'link', near.handlers);
  for (let index = 0; index < sendEarly; index++) near.stream.send(numbered(index, index * 37));
  await until(() => takers.length === 1, 'the stream to be taken');
  const far = takers[0]!;
  return { near, far, accepted: far.stream, listener, address, transport };
}

/** `bytes` long, first byte `index`, and every byte a function of both. */
export function numbered(index: number, bytes: number): Uint8Array {
  const frame = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 251) frame[at] = (at / 251) * 7 + index;
  return frame;
}

/** Bytes, whatever class carries them. */
export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function until(predicate: () => boolean, what: string | (() => string)): Promise<true> {
  return waitUntil(predicate, { deadlineMs: DEADLINE_MS, what, everyMs: 2 });
}

/** Lets so many turns of the event loop pass, IO included: long enough for what must not happen
 *  to show. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}
