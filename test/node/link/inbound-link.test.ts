/** One link that was dialled by another: what is at work at a time, and how replies travel. */
import { expect, test } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import type { FrameStream } from '../../../src/env/transport.ts';
import type { Done, PeerResult } from '../../../src/node/contracts.ts';
import { InboundLink } from '../../../src/node/link/inbound-link.ts';
import { MemoryNetwork } from '../../../src/platform/memory/memory-transport.ts';
import type { Hello, LinkRequest } from '../../../src/wire/generated/coterie/v1/peer.ts';
import { LinkReplyFrame, LinkRequestFrame } from '../../../src/wire/generated/coterie/v1/peer.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { silentLog } from '../../client/scripted-node.ts';

const NO_BYTES = new Uint8Array(0);
const LOWEST = { float: () => 0, bytes: (length: number) => new Uint8Array(length) };
/** What the link calls itself when chance says nothing but 0. */
const LINK_ID = 1;
const RUN_ID = 'ab'.repeat(16);
const HELLO: Hello = {
  protocol: 1,
  clusterId: NO_BYTES,
  name: 'far',
  address: 'far:1',
  partitions: 8,
  layoutVersion: 1,
  layoutHash: NO_BYTES,
  storeId: NO_BYTES,
  run: 1,
  runIds: [new Uint8Array(16).fill(0xab)],
  runCommits: [0],
  previousRun: 0,
  ceiling: 0,
  commitSeq: 0,
  madeGood: [],
  rebuilding: false,
  statement: 0,
  refused: undefined,
  linkId: 0,
  remembered: undefined,
};

interface AtWork {
  readonly request: LinkRequest;
  readonly done: Done<PeerResult>;
}

function once(done: Done<PeerResult>): Done<PeerResult> {
  let isDone = false;
  return (result) => {
    if (!isDone) done(result);
    isDone = true;
  };
}

class Rig {
  readonly clock = new ManualClock();
  readonly atWork: AtWork[] = [];
  readonly frames: LinkReplyFrame[] = [];
  readonly commits: string[] = [];
  commitSeq = 7;
  /** The request that meets a bug. */
  bugId = 0;
  closedCount = 0;
  heardCount = 0;
  readonly dialler: FrameStream;
  readonly link: Promise<InboundLink>;

  constructor(requestsMax = 4) {
    const { clock } = this;
    const network = new MemoryNetwork({ clock, log: silentLog });
    this.link = new Promise((resolve) => {
      network.listen('near:1', (_, stream) => {
        const link = new InboundLink(
          { clock, deadlines: new Deadlines(clock), random: LOWEST },
          stream,
          {
            greet: async () => HELLO,
            checkStamp: () => {},
            serve: (request, done) => {
              if (request.id === this.bugId) throw new TypeError('x is undefined');
              this.atWork.push({ request, done: once(done) });
            },
            commitSeq: () => this.commitSeq,
            heard: () => {
              this.heardCount += 1;
            },
            committed: (runId, commitSeq) => this.commits.push(`${runId} ${commitSeq}`),
            closed: () => {
              this.closedCount += 1;
            },
          },
          { requestsMax, replyBytesMax: 1_000, frameBytes: 500 },
        );
        resolve(link);
        return link.streamHandlers;
      });
    });
    this.dialler = network.transport().dial('near:1', 'link', {
      frame: (bytes) => this.frames.push(LinkReplyFrame.decode(bytes)),
      closed: () => {},
    });
    this.send([], HELLO);
  }

  send(ids: readonly number[], hello?: Hello, commitSeq = 0, linkId = LINK_ID): void {
    const requests = ids.map((id) => ({
      id,
      timeoutMs: 1_000,
      peCur: 1,
      peMin: 1,
      peRead: 1,
      operation: undefined,
    }));
    const frame = { hello, clusterId: NO_BYTES, layoutHash: NO_BYTES, commitSeq, linkId, requests };
    this.dialler.send(LinkRequestFrame.encode(frame).finish());
  }

  get replies(): number[] {
    return this.frames.flatMap(({ replies }) => replies.map(({ id }) => id));
  }
}

const ADOPTED: PeerResult = { $case: 'adopted', adopted: {} };

function readOf(bytes: number): PeerResult {
  return {
    $case: 'read',
    read: { record: new Uint8Array(bytes), verified: true, digestHigh: 0, digestLow: 0 },
  };
}

test('while more is at work than the bound no further frame is taken, and all are taken in the end', async () => {
  const rig = new Rig(4);
  for (let id = 1; id <= 20; id += 1) rig.send([id]);
  await rig.clock.settle();
  expect(rig.atWork).toHaveLength(5);
  for (let done = 0; done < 20; done += 1) {
    rig.atWork[done]?.done(ADOPTED);
    await rig.clock.settle();
    expect(rig.atWork.length).toBeLessThanOrEqual(done + 1 + 5);
  }
  expect(rig.replies).toHaveLength(20);
});

test('replies of one tick travel in one frame, with the commit of that moment', async () => {
  const rig = new Rig();
  rig.send([1, 2, 3]);
  await rig.clock.settle();
  rig.commitSeq = 8;
  for (const { done } of rig.atWork) done(ADOPTED);
  await rig.clock.settle();
  expect(rig.frames.at(-1)).toMatchObject({
    commitSeq: 8,
    replies: [{ id: 1 }, { id: 2 }, { id: 3 }],
  });
});

test('large replies are cut into frames', async () => {
  const rig = new Rig();
  rig.send([1, 2, 3]);
  await rig.clock.settle();
  for (const { done } of rig.atWork) done(readOf(400));
  await rig.clock.settle();
  expect(rig.frames.slice(1).map(({ replies }) => replies.length)).toEqual([1, 1, 1]);
});

test('a peer that takes no replies is not read from until it does', async () => {
  const rig = new Rig(100);
  await rig.clock.settle();
  rig.dialler.pause();
  for (let id = 1; id <= 10; id += 1) {
    rig.send([id]);
    await rig.clock.settle();
    rig.atWork.at(-1)?.done(readOf(70_000));
    await rig.clock.settle();
  }
  expect(rig.atWork.length).toBeLessThan(5);
  rig.dialler.resume();
  for (let round = 0; round < 10; round += 1) {
    await rig.clock.settle();
    for (const { done } of rig.atWork) done(readOf(70_000));
  }
  expect(rig.replies).toHaveLength(10);
});

test('what goes wrong with one request is told for that one, also when it is a bug', async () => {
  const rig = new Rig();
  rig.bugId = 2;
  rig.send([1, 2]);
  await rig.clock.settle();
  rig.atWork[0]?.done(new CoterieError('STORAGE_IO', 'disk', { applied: 'unknown' }));
  await rig.clock.settle();
  const replies = rig.frames.flatMap((frame) => frame.replies);
  expect(replies.sort((a, b) => a.id - b.id)).toMatchObject([
    { result: { error: { code: 'STORAGE_IO', appliedUnknown: true } } },
    { result: { error: { code: 'ASSERTION_FAILED', appliedUnknown: true } } },
  ]);
});

test('the commits that requests show are passed on, those of the greeting are not', async () => {
  const rig = new Rig();
  rig.send([], undefined, 12);
  await rig.clock.settle();
  expect(rig.commits).toEqual([`${RUN_ID} 12`]);
});

test('a link that is closed sends what is done, takes nothing more, and is over once', async () => {
  const rig = new Rig();
  rig.send([1, 2]);
  await rig.clock.settle();
  rig.atWork[0]?.done(ADOPTED);
  await Promise.resolve();
  const link = await rig.link;
  link.close();
  rig.send([3]);
  rig.atWork[1]?.done(ADOPTED);
  await rig.clock.settle();
  expect(rig.replies).toEqual([1]);
  expect(rig.atWork).toHaveLength(2);
  expect(rig.closedCount).toBe(1);
});

test('a frame that was made for another connection is refused with the whole stream', async () => {
  const rig = new Rig();
  rig.send([1]);
  await rig.clock.settle();
  rig.send([2], undefined, 12, LINK_ID + 1);
  rig.send([3]);
  await rig.clock.settle();
  expect(rig.atWork.map(({ request }) => request.id)).toEqual([1]);
  expect(rig.commits).toEqual([]);
  expect(rig.frames.at(-1)?.hello?.refused?.code).toBe('MALFORMED_MESSAGE');
  expect(rig.closedCount).toBe(1);
});

test('a reply says how long its request was here', async () => {
  const rig = new Rig();
  rig.send([1, 2]);
  await rig.clock.settle();
  rig.atWork[1]?.done(ADOPTED);
  await rig.clock.advance(25);
  rig.atWork[0]?.done(ADOPTED);
  await rig.clock.settle();
  const replies = rig.frames.flatMap((frame) => frame.replies);
  expect(replies.map(({ id, tookUs }) => [id, tookUs])).toEqual([
    // Less than a microsecond: 0 would say that it is not told.
    [2, 1],
    [1, 25_000],
  ]);
});
