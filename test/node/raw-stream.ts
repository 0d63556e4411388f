/** A peer or client that says exactly what a test wants, frame by frame. */
import type { Ring } from '../../src/core/ring/ring.ts';
import type { FrameStream, StreamClosed, StreamService } from '../../src/env/transport.ts';
import type {
  SessionHelloReply,
  SessionReply,
  SessionRequest,
} from '../../src/wire/generated/coterie/v1/kv.ts';
import { SessionReplyFrame, SessionRequestFrame } from '../../src/wire/generated/coterie/v1/kv.ts';
import type { Hello, LinkReply, LinkRequest } from '../../src/wire/generated/coterie/v1/peer.ts';
import { LinkReplyFrame, LinkRequestFrame } from '../../src/wire/generated/coterie/v1/peer.ts';
import type { Cluster } from './rig.ts';

const NO_BYTES = new Uint8Array(0);
/** Layout versions, and what is left of the sender's time. */
const EPOCHS = { timeoutMs: 1_000, peCur: 1, peMin: 1, peRead: 1 };

class RawStream {
  readonly stream: FrameStream;
  closed: StreamClosed | undefined;

  constructor(cluster: Cluster, at: string, service: StreamService) {
    const transport = cluster.network.transportOf('raw');
    this.stream = transport.dial(cluster.node(at).address, service, {
      frame: (bytes) => this.take(bytes),
      closed: (reason) => {
        this.closed = reason;
      },
    });
  }

  sendBytes(bytes: Uint8Array): void {
    this.stream.send(bytes);
  }

  protected take(_bytes: Uint8Array): void {}
}

export class RawSession extends RawStream {
  hello: SessionHelloReply | undefined;
  readonly replies: SessionReply[] = [];
  readonly frames: SessionReplyFrame[] = [];

  constructor(cluster: Cluster, at: string) {
    super(cluster, at, 'session');
  }

  greet(hello: { protocol?: number; clusterId?: Uint8Array } = {}): void {
    this.send([], { protocol: 1, clusterId: NO_BYTES, ...hello });
  }

  send(
    requests: readonly SessionRequest[],
    hello?: { protocol: number; clusterId: Uint8Array },
  ): void {
    this.sendBytes(SessionRequestFrame.encode({ hello, requests: [...requests] }).finish());
  }

  reply(id: number): SessionReply['result'] {
    return this.replies.find((reply) => reply.id === id)?.result;
  }

  protected override take(bytes: Uint8Array): void {
    const frame = SessionReplyFrame.decode(bytes);
    this.frames.push(frame);
    this.hello ??= frame.hello;
    this.replies.push(...frame.replies);
  }
}

export class RawLink extends RawStream {
  hello: Hello | undefined;
  readonly replies: LinkReply[] = [];
  readonly #stamp: { clusterId: Uint8Array; layoutHash: Uint8Array };

  /** `ring`: the layout that the requests are stamped with, by default the cluster's. */
  constructor(
    cluster: Cluster,
    at: string,
    ring: Ring = cluster.ring,
    service: 'link' | 'bulk' = 'link',
  ) {
    super(cluster, at, service);
    const { layout, hash } = ring;
    this.#stamp = { clusterId: layout.clusterId, layoutHash: hash };
  }

  greet(hello: Hello, requests: readonly Pick<LinkRequest, 'id' | 'operation'>[] = []): void {
    const stamped = requests.map((request) => ({ ...EPOCHS, ...request }));
    this.#send({
      hello,
      clusterId: NO_BYTES,
      layoutHash: NO_BYTES,
      commitSeq: 0,
      linkId: 0,
      requests: stamped,
    });
  }

  send(
    requests: readonly Pick<LinkRequest, 'id' | 'operation'>[],
    stamp: { clusterId?: Uint8Array; layoutHash?: Uint8Array; linkId?: number } = {},
    epochs: Partial<typeof EPOCHS> = {},
  ): void {
    this.#send({
      hello: undefined,
      commitSeq: 0,
      linkId: this.hello?.linkId ?? 0,
      ...this.#stamp,
      ...stamp,
      requests: requests.map((request) => ({ ...EPOCHS, ...epochs, ...request })),
    });
  }

  reply(id: number): LinkReply['result'] {
    return this.replies.find((reply) => reply.id === id)?.result;
  }

  #send(frame: LinkRequestFrame): void {
    this.sendBytes(LinkRequestFrame.encode(frame).finish());
  }

  protected override take(bytes: Uint8Array): void {
    const frame = LinkReplyFrame.decode(bytes);
    this.hello ??= frame.hello;
    this.replies.push(...frame.replies);
  }
}

/** What member `from` said when it last dialled `to`, with changes. */
export function helloOf(
  cluster: Cluster,
  from: string,
  to: string,
  changes: Partial<Hello> = {},
): Hello {
  const hello = cluster.node(to).hellos.findLast(({ name }) => name === from);
  if (hello === undefined) throw new Error(`${from} never greeted ${to}`);
  return { ...hello, ...changes };
}

/** An error among the results. */
export function errorOf(
  result: SessionReply['result'] | LinkReply['result'],
): { code: string; appliedUnknown: boolean } | undefined {
  return result?.$case === 'error' ? result.error : undefined;
}
