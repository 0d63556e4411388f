/** Nodes that do what a test tells them, behind the transport port: they speak the frames of the
 *  session stream with the generated codecs and know nothing of a database. */
import type { CoterieError } from '../../src/core/errors.ts';
import { encodeLayout, firstLayout, type Layout } from '../../src/core/ring/layout.ts';
import type { Log } from '../../src/env/log.ts';
import type { Random } from '../../src/env/random.ts';
import type { FrameStream, StreamHandlers, Transport } from '../../src/env/transport.ts';
import { errorToWire } from '../../src/wire/error-codec.ts';
import type {
  GetReply,
  PutReply,
  SessionHello,
  SessionHelloReply,
  SessionReply,
  SessionRequest,
} from '../../src/wire/generated/coterie/v1/kv.ts';
import { SessionReplyFrame, SessionRequestFrame } from '../../src/wire/generated/coterie/v1/kv.ts';
import type { ManualClock } from './manual-clock.ts';

export type Answer = NonNullable<SessionReply['result']>;
/** `undefined`: no answer, until the test gives one. */
export type Script = (request: SessionRequest, node: ScriptedNode) => Answer | undefined;

export const CLUSTER_ID: Uint8Array = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
const EMPTY = new Uint8Array(0);
/** How long a node says that it had a request. */
export const TOOK_US = 1_250;

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Small and seeded: every run is the same. */
export function seededRandom(seed = 1): Random {
  let state = seed >>> 0;
  const float = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    float,
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(float() * 256)),
  };
}

export function ok(value = 'v'): Answer {
  const get: GetReply = {
    found: true,
    siblings: [{ value: new TextEncoder().encode(value), dot: '0.1.2', writtenAtMs: 5 }],
    context: Uint8Array.of(1, 2, 3),
    quorum: { level: 'quorum', required: 2, received: 2, nodes: ['n1', 'n2'], standIns: undefined },
    trace: undefined,
  };
  return { $case: 'get', get };
}

export function stored(): Answer {
  const put: PutReply = {
    context: Uint8Array.of(9),
    siblings: 1,
    quorum: {
      level: 'quorum',
      required: 2,
      received: 3,
      nodes: ['n1', 'n2', 'n3'],
      standIns: undefined,
    },
    trace: undefined,
    durable: 2,
    dot: '1.2.3',
  };
  return { $case: 'put', put };
}

export function refusal(error: CoterieError): Answer {
  return { $case: 'error', error: errorToWire(error) };
}

/** Answers gets and puts. */
export const serve: Script = (request, node) => {
  switch (request.operation?.$case) {
    case 'get':
      return ok(node.address);
    case 'put':
      return stored();
    case 'layout':
      return { $case: 'layout', layout: { layout: node.hello.layout } };
    default:
      return undefined;
  }
};

export class ScriptedNode {
  readonly address: string;
  /** `silent`: takes the dial and never answers anything. */
  state: 'up' | 'refusing' | 'silent' = 'up';
  script: Script = serve;
  hello: SessionHelloReply;
  dials = 0;
  readonly hellos: SessionHello[] = [];
  /** Every frame with requests that arrived, in order. */
  readonly frames: SessionRequest[][] = [];
  readonly streams = new Set<ScriptedStream>();
  /** What new streams say is waiting for the network. */
  bufferedBytes = 0;

  constructor(address: string, hello: Partial<SessionHelloReply>) {
    this.address = address;
    this.hello = {
      protocol: 1,
      clusterId: CLUSTER_ID,
      node: '',
      layout: EMPTY,
      refused: undefined,
      inFlightMax: 1_024,
      ...hello,
    };
  }

  get requests(): SessionRequest[] {
    return this.frames.flat();
  }

  /** Requests of one kind that arrived. */
  of(kind: string): SessionRequest[] {
    return this.requests.filter((request) => request.operation?.$case === kind);
  }

  /** Answers requests that the script left open, in one frame. */
  answer(...replies: readonly { readonly id: number; readonly result: Answer }[]): void {
    for (const stream of this.streams)
      stream.deliver({ replies: replies.map((reply) => ({ ...reply, tookUs: TOOK_US })) });
  }

  announce(layoutHash: Uint8Array): void {
    for (const stream of this.streams) stream.deliver({ layoutHash });
  }

  /** Says how members are, or how and where. */
  tell(states: Readonly<Record<string, string | readonly [state: string, address: string]>>): void {
    const members = Object.entries(states).map(([name, said]) => {
      const [state, address] = typeof said === 'string' ? [said, `${name}:1`] : said;
      return { name, state, address };
    });
    for (const stream of this.streams) stream.deliver({ members });
  }

  /** Says that it is about to stop. */
  leave(): void {
    for (const stream of this.streams) stream.deliver({ leaving: true });
  }

  /** Stops: what is open was not taken, and nobody listens any more. */
  stop(): void {
    this.state = 'refusing';
    for (const stream of [...this.streams]) {
      stream.deliver({ last: true });
      stream.end('ended', 'stopped by the test');
    }
  }

  /** Breaks every connection to the node. */
  cut(): void {
    for (const stream of [...this.streams]) stream.end('broken', 'cut by the test');
  }
}

export class ScriptedStream implements FrameStream {
  readonly remote: string;
  readonly #node: ScriptedNode;
  readonly #clock: ManualClock;
  readonly handlers: StreamHandlers;
  #isOver = false;

  constructor(node: ScriptedNode, clock: ManualClock, handlers: StreamHandlers) {
    this.remote = node.address;
    this.#node = node;
    this.#clock = clock;
    this.handlers = handlers;
  }

  get bufferedBytes(): number {
    return this.#node.bufferedBytes;
  }

  send(bytes: Uint8Array): void {
    this.#later(() => {
      if (this.#node.state !== 'up') return;
      const frame = SessionRequestFrame.decode(bytes);
      if (frame.hello !== undefined) {
        this.#node.hellos.push(frame.hello);
        this.deliver({ hello: this.#node.hello });
        if (this.#node.hello.refused !== undefined) this.end('ended', 'refused');
        return;
      }
      this.#node.frames.push(frame.requests);
      const replies = frame.requests.flatMap((request) => {
        const result = this.#node.script(request, this.#node);
        return result === undefined ? [] : [{ id: request.id, result, tookUs: TOOK_US }];
      });
      if (replies.length > 0) this.deliver({ replies });
    });
  }

  deliver(frame: Partial<SessionReplyFrame>): void {
    const whole = {
      hello: undefined,
      replies: [],
      layoutHash: EMPTY,
      members: [],
      leaving: false,
      last: false,
      ...frame,
    };
    this.raw(SessionReplyFrame.encode(whole).finish());
  }

  raw(bytes: Uint8Array): void {
    this.#later(() => this.handlers.frame(bytes));
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    this.end('ended', 'closed');
  }

  end(kind: 'ended' | 'refused' | 'broken', message: string): void {
    this.#later(() => {
      this.#isOver = true;
      this.#node.streams.delete(this);
      this.handlers.closed({ kind, message });
    });
  }

  #later(callback: () => void): void {
    this.#clock.defer(() => {
      if (!this.#isOver) callback();
    });
  }
}

export class ScriptedNetwork implements Transport {
  readonly nodes = new Map<string, ScriptedNode>();
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  add(address: string, hello: Partial<SessionHelloReply> = {}): ScriptedNode {
    const node = new ScriptedNode(address, hello);
    this.nodes.set(address, node);
    return node;
  }

  /** `count` nodes at n1:1, n2:1, ... that know one layout of all of them. */
  addCluster(count: number, replicas = Math.min(3, count)): ScriptedNode[] {
    const encoded = encodeLayout(layoutOf(count, replicas));
    return Array.from({ length: count }, (_, index) => {
      return this.add(`n${index + 1}:1`, { node: `n${index + 1}`, layout: encoded });
    });
  }

  dial(address: string, _service: string, handlers: StreamHandlers): FrameStream {
    const node = this.nodes.get(address) ?? new ScriptedNode(address, {});
    const isThere = this.nodes.has(address) && node.state !== 'refusing';
    const stream = new ScriptedStream(node, this.#clock, handlers);
    node.dials += 1;
    if (isThere) node.streams.add(stream);
    else stream.end('refused', 'nobody listens');
    return stream;
  }

  async close(): Promise<void> {
    for (const node of this.nodes.values()) for (const stream of node.streams) stream.close();
  }
}

export function layoutOf(count: number, replicas: number): Layout {
  return firstLayout({
    clusterId: CLUSTER_ID,
    partitions: 16,
    replicas,
    members: Array.from({ length: count }, (_, index) => ({
      name: `n${index + 1}`,
      address: `n${index + 1}:1`,
      zone: `z${index + 1}`,
      datacentre: 'dc1',
      weight: 1,
    })),
  });
}
