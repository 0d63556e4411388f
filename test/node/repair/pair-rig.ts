/** Two replicas of every partition, without anything around them: storage, copies and exchanges of
 *  two nodes, and between them the messages of the bulk lane, encoded and counted. Time is moved by
 *  the test. */
import { crc32 } from 'node:zlib';
import { Deadlines } from '../../../src/core/deadlines.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import { encodeLayout, firstLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';
import { HybridLogicalClock } from '../../../src/core/version/hlc.ts';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import type { Store } from '../../../src/env/store.ts';
import type {
  Done,
  ExchangeOptions,
  ExchangeResult,
  Merged,
  PeerCall,
  PeerResult,
  Peers,
  Place,
} from '../../../src/node/contracts.ts';
import { ExchangeService } from '../../../src/node/repair/exchanges.ts';
import { RecordAccess } from '../../../src/node/repair/record-access.ts';
import { RepairAnswers } from '../../../src/node/repair/repair-answers.ts';
import { BulkRequests } from '../../../src/node/replica/bulk-requests.ts';
import type { LinkRequests } from '../../../src/node/replica/link-requests.ts';
import { ByteBudget } from '../../../src/node/replica/receive-budget.ts';
import { Replica } from '../../../src/node/replica/replica.ts';
import { makeRecordKey, type RecordKey } from '../../../src/node/storage/record-key.ts';
import { RecordStore } from '../../../src/node/storage/record-store.ts';
import {
  STORAGE_DEFAULTS,
  type StorageOptions,
} from '../../../src/node/storage/storage-options.ts';
import { recordRange } from '../../../src/node/storage/table-keys.ts';
import { MemoryDisk } from '../../../src/platform/memory/memory-disk.ts';
import { MemoryStore } from '../../../src/platform/memory/memory-store.ts';
import { errorFromWire, errorToWire } from '../../../src/wire/error-codec.ts';
import {
  LinkReplyFrame,
  type LinkRequest,
  LinkRequestFrame,
} from '../../../src/wire/generated/coterie/v1/peer.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { seededRandom } from '../../client/scripted-node.ts';
import { NodeClock, settled } from '../node-clock.ts';
import { Notes } from '../notes.ts';

const checksum = (bytes: Uint8Array, previous?: number): number => crc32(bytes, previous);
export const codec = createRecordCodec(checksum);
const GIB = 2 ** 30;

export interface PairSpec {
  /** 4. */
  readonly partitions?: number;
  /** How long a message takes, ms; 0. */
  readonly latencyMs?: number;
  readonly storage?: Partial<StorageOptions>;
  /** 16 MiB. */
  readonly receiveBytesPerSecondMax?: number;
  /** Of each node; the memory engine by default. */
  readonly store?: (nodeIndex: number, clock: ManualClock) => Store;
}

/** Bytes and messages from both sides. */
export interface Wire {
  bytes: number;
  messages: number;
  /** By operation. */
  readonly asked: string[];
}

interface NodeSpec {
  readonly store: Store;
  readonly storage: Partial<StorageOptions>;
  readonly receiveBytesPerSecondMax: number;
}

export class PairNode {
  readonly notes = new Notes();
  readonly engine: Store;
  readonly records: RecordStore;
  readonly replica: Replica;
  readonly exchanges: ExchangeService;
  readonly #bulk: BulkRequests;
  readonly #pair: Pair;
  readonly nodeIndex: number;
  state: 'SERVING' | 'RECOVERING' = 'SERVING';
  isBusy = false;

  constructor(
    pair: Pair,
    nodeIndex: number,
    { store, storage, receiveBytesPerSecondMax }: NodeSpec,
    peers: Pick<Peers, 'callBulk'>,
  ) {
    this.#pair = pair;
    this.nodeIndex = nodeIndex;
    this.engine = store;
    const clock = new NodeClock(pair.clock);
    const env = {
      store: this.engine,
      clock,
      deadlines: new Deadlines(clock),
      random: seededRandom(nodeIndex + 1),
      log: this.notes,
      metrics: this.notes,
      checksum,
    };
    const reading = () => ({ wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() });
    const hlc = new HybridLogicalClock({ ceiling: 0, reading: reading() });
    this.records = new RecordStore(
      env,
      { codec, presentTick: () => hlc.issue(reading()) },
      { ...STORAGE_DEFAULTS, ...storage },
    );
    const place = (): Place => ({ ring: pair.ring, nodeIndex, datacentre: 'dc1' });
    const isServing = (): boolean => this.state === 'SERVING';
    const view = { place, reason: () => '', mayServe: isServing, isVerified: isServing };
    const copies = { ...env, store: this.records, codec, hlc };
    this.replica = new Replica(copies, view, { requestTableEntriesMax: 10 });
    const access = new RecordAccess(this.records, this.replica, place);
    const parts = { ...env, store: this.records, access, gate: this.replica, place };
    const budget = new ByteBudget(env, receiveBytesPerSecondMax);
    const answers = new RepairAnswers(parts);
    const server: Pick<LinkRequests, 'serve' | 'commitSeq'> = {
      serve: (request, done) => answers.serve(request, done),
      commitSeq: () => 0,
    };
    this.#bulk = new BulkRequests(server, budget, env.deadlines);
    this.exchanges = new ExchangeService({ ...parts, peers, budget, isBusy: () => this.isBusy });
  }

  async start(): Promise<void> {
    await this.records.start();
    const { layout, secrets } = this.#pair.ring;
    const { clusterKeyHigh, clusterKeyLow } = secrets;
    const { partitions } = layout;
    await this.records.usePartitioning({ partitions, clusterKeyHigh, clusterKeyLow });
  }

  /** As over the bulk lane: what a peer asks. */
  serve(request: LinkRequest, done: Done<PeerResult>): void {
    this.#bulk.serve(request, done);
  }

  /** Merges a record into this copy alone; durable when it settles. */
  merge(key: RecordKey, record: Uint8Array): Promise<Merged> {
    const { partition, epochs } = this.#pair.placeOf(key);
    const deadlineMs = Number.POSITIVE_INFINITY;
    return new Promise((resolve, reject) => {
      this.replica.merge({ key, partition, epochs, deadlineMs }, record, true, (merged) => {
        if (merged instanceof CoterieError) reject(merged);
        else resolve(merged);
      });
    });
  }

  /** All rows of records, by storage key in hexadecimal. */
  async rows(): Promise<Map<string, string>> {
    const rows = new Map<string, string>();
    await using iterator = this.engine.iterate(recordRange(0, 2 ** 32));
    for (;;) {
      const found = await iterator.next(1_000);
      if (found.length === 0) return rows;
      for (const { key, value } of found) rows.set(hexOf(key), hexOf(value));
    }
  }
}

export class Pair implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly ring: Ring;
  readonly a: PairNode;
  readonly b: PairNode;
  readonly wire: Wire = { bytes: 0, messages: 0, asked: [] };
  /** Asked before each message of an exchange is sent; what it returns is the answer. */
  intercept: (call: PeerCall) => CoterieError | undefined = () => undefined;
  readonly #latencyMs: number;

  constructor(spec: PairSpec = {}) {
    const { partitions = 4, latencyMs = 0, storage = {} } = spec;
    const { receiveBytesPerSecondMax = 2 ** 24 } = spec;
    this.#latencyMs = latencyMs;
    const layout = firstLayout({
      clusterId: new Uint8Array(16).fill(3),
      partitions,
      replicas: 2,
      members: ['a', 'b'].map((name) => {
        const address = `${name}:7400`;
        return { name, address, zone: name, datacentre: 'dc1', weight: 1 };
      }),
    });
    this.ring = new Ring(layout, layoutHash(encodeLayout(layout)));
    const make = (nodeIndex: number): PairNode => {
      const { clock } = this;
      const disk = new MemoryDisk({ capacityBytes: 8 * GIB });
      const store = spec.store?.(nodeIndex, clock) ?? new MemoryStore({ clock }, { disk });
      const callBulk = (to: number, call: PeerCall): void => this.#send(to, call);
      return new PairNode(
        this,
        nodeIndex,
        { store, storage, receiveBytesPerSecondMax },
        { callBulk },
      );
    };
    this.a = make(0);
    this.b = make(1);
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return settled(this.clock, promise, 3_600_000);
  }

  async start(): Promise<this> {
    await this.run(Promise.all([this.a.start(), this.b.start()]));
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.a.exchanges.stop();
    this.b.exchanges.stop();
    await this.run(Promise.all([this.a.records.stop(), this.b.records.stop()]));
  }

  placeOf({ bucket, key }: RecordKey) {
    const { partition } = this.ring.partitionOfKey(bucket, key);
    return { partition, epochs: this.ring.epochsOf(partition) };
  }

  keyOf(name: string): RecordKey {
    const key = new TextEncoder().encode(name);
    const { token } = this.ring.partitionOfKey('default', key);
    return makeRecordKey(token, 'default', key);
  }

  /** An exchange of one partition, begun by `a`; it may be awaited only with `run`. */
  exchange(
    partition: number,
    options: ExchangeOptions = { mode: 'compare' },
    from: PairNode = this.a,
  ): Promise<ExchangeResult> {
    const peer = from === this.a ? this.b : this.a;
    return new Promise((resolve, reject) => {
      from.exchanges.run(partition, peer.nodeIndex, options, (result) => {
        if (result instanceof CoterieError) reject(result);
        else resolve(result);
      });
    });
  }

  /** One exchange of each partition, one after another. */
  async exchangeAll(options?: ExchangeOptions): Promise<ExchangeResult[]> {
    const results: ExchangeResult[] = [];
    for (let partition = 0; partition < this.ring.layout.partitions; partition += 1) {
      results.push(await this.exchange(partition, options));
    }
    return results;
  }

  #send(nodeIndex: number, call: PeerCall): void {
    const refusal = this.intercept(call);
    if (refusal !== undefined) {
      this.#later(() => call.done(refusal));
      return;
    }
    const { current, minimum, read } = call.epochs;
    const timeoutMs = Math.max(1, call.deadlineMs - this.clock.monotonicMs());
    const epochs = { peCur: current, peMin: minimum, peRead: read };
    const request = { id: 1, timeoutMs, ...epochs, operation: call.operation };
    const frame = LinkRequestFrame.encode({
      hello: undefined,
      clusterId: this.ring.layout.clusterId,
      layoutHash: this.ring.hash,
      requests: [request],
      commitSeq: 1,
      linkId: 1,
    }).finish();
    this.#count(frame, call.operation.$case);
    this.#later(() => {
      const [received] = LinkRequestFrame.decode(frame).requests;
      if (received === undefined) throw new Error('an empty frame');
      const node = nodeIndex === 0 ? this.a : this.b;
      node.serve(received, (answer) => this.#answer(answer, call));
    });
  }

  #answer(answer: PeerResult | CoterieError, call: PeerCall): void {
    const result: PeerResult =
      answer instanceof CoterieError ? { $case: 'error', error: errorToWire(answer) } : answer;
    const frame = LinkReplyFrame.encode({
      hello: undefined,
      commitSeq: 0,
      replies: [{ id: 1, result, tookUs: 0 }],
    }).finish();
    this.#count(frame, '');
    this.#later(() => {
      const back = LinkReplyFrame.decode(frame).replies[0]?.result;
      if (back === undefined) throw new Error('an empty frame');
      call.done(back.$case === 'error' ? errorFromWire(back.error) : back);
    });
  }

  #count(frame: Uint8Array, operation: string): void {
    this.wire.bytes += frame.length;
    this.wire.messages += 1;
    if (operation !== '') this.wire.asked.push(operation);
  }

  #later(callback: () => void): void {
    if (this.#latencyMs === 0) this.clock.defer(callback);
    else this.clock.setTimer(this.#latencyMs, callback);
  }
}

/** A record with one event, of this millisecond, and one value. */
export function recordOf(atMs: number, value: string | Uint8Array = `v${atMs}`, nodeIndex = 0) {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  const dot = { nodeIndex, epoch: 1, seq: atMs * 4_096 };
  const meta = new Uint8Array(0);
  const sibling = { dot, isTombstone: false, contentHash: crc32(bytes), meta, value: bytes };
  return codec.encode({ vector: [dot], dots: [], siblings: [sibling] });
}

/** Puts records into the copies of these nodes, a few thousand at a time. */
export async function load(
  pair: Pair,
  nodes: readonly PairNode[],
  records: Iterable<readonly [RecordKey, Uint8Array]>,
): Promise<void> {
  let group: Promise<Merged>[] = [];
  let bytes = 0;
  for (const [key, record] of records) {
    for (const node of nodes) group.push(node.merge(key, record));
    bytes += record.length;
    if (group.length < 4_000 && bytes < 2 ** 21) continue;
    await pair.run(Promise.all(group));
    group = [];
    bytes = 0;
  }
  await pair.run(Promise.all(group));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
