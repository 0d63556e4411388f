import { expect } from 'vitest';
/** One link on a scripted far side: what calls come to, and how it dials. */
import { Deadlines } from '../../../src/core/deadlines.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import type { FrameStream } from '../../../src/env/transport.ts';
import type { PeerCall, PeerResult } from '../../../src/node/contracts.ts';
import type { OutboundLinkOptions } from '../../../src/node/link/outbound-link.ts';
import { OutboundLink } from '../../../src/node/link/outbound-link.ts';
import { MemoryNetwork } from '../../../src/platform/memory/memory-transport.ts';
import type { Hello, LinkReply } from '../../../src/wire/generated/coterie/v1/peer.ts';
import { LinkReplyFrame, LinkRequestFrame } from '../../../src/wire/generated/coterie/v1/peer.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { seededRandom, silentLog } from '../../client/scripted-node.ts';

export const HELLO: Hello = {
  protocol: 1,
  clusterId: new Uint8Array(16),
  name: 'far',
  address: 'far:1',
  partitions: 8,
  layoutVersion: 1,
  layoutHash: new Uint8Array(32),
  storeId: new Uint8Array(16),
  run: 1,
  runIds: [new Uint8Array(16)],
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
export const ACK: PeerResult = { $case: 'replicate', replicate: { durable: true, changed: true } };

/** The member that is dialled. */
export class FarSide {
  greets = true;
  readonly frames: LinkRequestFrame[] = [];
  stream: FrameStream | undefined;

  accept(stream: FrameStream) {
    this.stream = stream;
    return {
      frame: (bytes: Uint8Array) => {
        const frame = LinkRequestFrame.decode(bytes);
        this.frames.push(frame);
        if (frame.hello !== undefined && this.greets) this.send([], HELLO);
      },
      closed: () => {},
    };
  }

  get ids(): number[] {
    return this.frames.flatMap(({ requests }) => requests.map(({ id }) => id));
  }

  send(answers: Answer[], hello?: Hello, commitSeq = 0): void {
    const replies = answers.map((answer) => ({ tookUs: 0, ...answer }));
    this.stream?.send(LinkReplyFrame.encode({ hello, commitSeq, replies }).finish());
  }
}

type Answer = Omit<LinkReply, 'tookUs'> & Partial<Pick<LinkReply, 'tookUs'>>;

export class Rig {
  readonly clock = new ManualClock();
  readonly deadlines = new Deadlines(this.clock);
  readonly network = new MemoryNetwork({ clock: this.clock, log: silentLog });
  readonly far = new FarSide();
  readonly phases: string[] = [];
  readonly commits: string[] = [];
  first: { $case: 'adopt'; adopt: { layout: Uint8Array } } | undefined;
  readonly link: OutboundLink;
  dialCount = 0;
  heardCount = 0;
  refusedCount = 0;
  /** Where the member is said to be. */
  address = 'far:1';
  #unlisten = (): void => {};

  constructor(options: Partial<OutboundLinkOptions> = {}) {
    const { clock, deadlines } = this;
    this.link = new OutboundLink(
      { clock, deadlines, random: seededRandom(), transport: this.network.transport() },
      {
        hello: () => {
          this.dialCount += 1;
          return HELLO;
        },
        stamp: () => ({
          clusterId: HELLO.clusterId,
          layoutHash: HELLO.layoutHash,
          commitSeq: 41,
        }),
        greeted: async (hello) => {
          if (hello.refused !== undefined) throw new CoterieError('CONFLICT', 'refused');
          return this.first;
        },
        heard: () => {
          this.heardCount += 1;
        },
        nobodyThere: () => {
          this.refusedCount += 1;
        },
        committed: (runId, commitSeq) => this.commits.push(`${runId} ${commitSeq}`),
        loadChanged: () => {},
        phaseChanged: (phase) => this.phases.push(phase),
      },
      {
        address: () => this.address,
        service: 'link',
        requestsMax: 4,
        bytesMax: 1_000,
        frameBytes: 200,
        handshakeTimeoutMs: 2_000,
        redialMinMs: 50,
        redialMaxMs: 1_000,
        ...options,
      },
    );
  }

  listen(address = 'far:1'): void {
    this.#unlisten = this.network.listen(address, (_, stream) => this.far.accept(stream));
  }

  hangUp(): void {
    this.#unlisten();
    this.network.cut('far:1');
  }

  async connect(): Promise<this> {
    this.listen();
    this.link.start();
    await this.clock.settle();
    expect(this.link.phase).toBe('connected');
    return this;
  }

  call(timeoutMs = 1_000, bytes = 10, timed: PeerCall['timed'] = () => {}): Outcome {
    const outcome: Outcome = { count: 0 };
    const call: PeerCall = {
      operation: { $case: 'read', read: { bucket: 'b', key: new Uint8Array(1), digestAbove: 0 } },
      epochs: { current: 1, minimum: 1, read: 1 },
      deadlineMs: this.clock.monotonicMs() + timeoutMs,
      bytes,
      timed,
      done: (result) => {
        outcome.count += 1;
        if (result instanceof CoterieError) outcome.error = result;
        else outcome.result = result;
      },
    };
    this.link.call(call);
    return outcome;
  }
}

export interface Outcome {
  count: number;
  result?: PeerResult;
  error?: CoterieError;
}
