/** Streams of gossip whose far side is the test. */
import { Deadlines } from '../../../src/core/deadlines.ts';
import type {
  FrameStream,
  StreamClosed,
  StreamHandlers,
  Transport,
} from '../../../src/env/transport.ts';
import {
  decodeGossipFrame,
  encodeGossipFrame,
  type GossipContent,
  type GossipFrame,
  type GossipPeer,
} from '../../../src/wire/gossip-codec.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { recordOf } from '../../core/membership/gossip-cluster.ts';

export function peerOf(index: number, changes: Partial<GossipPeer> = {}): GossipPeer {
  const { id, generation, address } = recordOf(index);
  return { protocol: 1, clusterId: '', id, generation, address, ...changes };
}

export class FakeStream implements FrameStream {
  readonly remote: string;
  readonly sent: GossipFrame[] = [];
  bufferedBytes = 0;
  isClosed = false;
  handlers: StreamHandlers | undefined;

  constructor(remote: string) {
    this.remote = remote;
  }

  /** Of what was sent. */
  get contents(): GossipContent[] {
    return this.sent.flatMap(({ content }) => (content === undefined ? [] : [content]));
  }

  send(bytes: Uint8Array): void {
    if (!this.isClosed) this.sent.push(decodeGossipFrame(bytes));
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    this.isClosed = true;
  }

  /** From the far side. */
  say(frame: Partial<GossipFrame>): void {
    this.handlers?.frame(encodeGossipFrame({ exchange: 0, wallMs: 0, ...frame }));
  }

  end(reason: Partial<StreamClosed> = {}): void {
    this.isClosed = true;
    this.handlers?.closed({ kind: 'broken', message: 'It broke', ...reason });
  }
}

export class FakeTransport implements Transport {
  readonly streams: FakeStream[] = [];

  dial(address: string, _service: string, handlers: StreamHandlers): FrameStream {
    const stream = new FakeStream(address);
    stream.handlers = handlers;
    this.streams.push(stream);
    return stream;
  }

  get dials(): string[] {
    return this.streams.map(({ remote }) => remote);
  }

  get open(): FakeStream[] {
    return this.streams.filter(({ isClosed }) => !isClosed);
  }

  /** The last stream to this address. */
  to(address: string): FakeStream {
    const stream = this.streams.findLast(({ remote }) => remote === address);
    if (stream === undefined) throw new Error(`nobody dialled ${address}`);
    return stream;
  }

  async close(): Promise<void> {}
}

export interface FakeWire {
  readonly clock: ManualClock;
  readonly deadlines: Deadlines;
  readonly transport: FakeTransport;
}

export function fakeWire(): FakeWire {
  const clock = new ManualClock();
  return { clock, deadlines: new Deadlines(clock), transport: new FakeTransport() };
}
