/** Tables that talk over a mailbox in virtual time: messages take 1 to 40 ms and may be lost. The
 *  detector is the simplest there is (so many seconds without evidence: DOWN), so that tables have
 *  accusations to spread; the real one has its own tests. */
import {
  GossipExchange,
  type GossipMessage,
  type Heard,
} from '../../../src/core/membership/gossip-exchange.ts';
import { GossipRounds } from '../../../src/core/membership/gossip-rounds.ts';
import type { GossipDigest } from '../../../src/core/membership/member-digest.ts';
import type { MemberFinding } from '../../../src/core/membership/member-finding.ts';
import type { MemberRecord } from '../../../src/core/membership/member-record.ts';
import { MemberTable } from '../../../src/core/membership/member-table.ts';
import { NewsQueue } from '../../../src/core/membership/news-queue.ts';
import { EventHeap } from '../../../src/sim/kernel/event-heap.ts';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';
import { decodeGossipFrame, encodeGossipFrame } from '../../../src/wire/gossip-codec.ts';

const STEP_MS = 5;
const WALL_MS = 1_790_000_000_000;
const SILENCE_MS = 20_000;

export interface ClusterOptions {
  readonly size: number;
  readonly seed: number;
  /** Part of all messages that is lost, 0..1. */
  readonly loss?: number;
  /** All rounds begin at the same moments: nobody tells on in a round what an opening taught it. */
  readonly isAligned?: boolean;
  /** Are news told between rounds. */
  readonly flushes?: boolean;
  /** Through bytes, which are counted. */
  readonly encodes?: boolean;
  readonly detects?: boolean;
  /** Everybody knows everybody from the start. */
  readonly knows?: boolean;
  readonly heartbeat?: number;
}

export interface ClusterNode {
  readonly index: number;
  readonly address: string;
  table: MemberTable;
  news: NewsQueue;
  exchange: GossipExchange;
  readonly rounds: GossipRounds;
  /** Digests that were opened with and not answered yet, by exchange. */
  opened: Map<number, GossipDigest>;
  evidence: Map<string, number>;
  findings: MemberFinding[];
  /** Raised by every start and stop: what belongs to an earlier one is dropped. */
  life: number;
  isUp: boolean;
}

export interface Packet {
  readonly from: number;
  readonly to: number;
  readonly exchange: number;
  readonly message: GossipMessage;
}

export function recordOf(index: number, change: Partial<MemberRecord> = {}): MemberRecord {
  const first = ((index * 37) % 256).toString(16).padStart(2, '0');
  const id = first + index.toString(16).padStart(30, '0');
  return {
    id,
    name: `node-${index}.example.net:7400`,
    clusterId: 'c1'.repeat(16),
    generation: WALL_MS,
    version: 1,
    incarnation: 0,
    address: `10.0.${index >> 8}.${index & 255}:7400`,
    zone: `zone-${index % 3}`,
    datacentre: 'dc-1',
    weight: 100,
    status: 'UP',
    nodeIndex: index,
    layoutVersion: 1,
    layoutHash: 'ab'.repeat(32),
    protocol: 1,
    clockOffsetMs: 0,
    diskPercent: 10,
    ...change,
  };
}

export class GossipCluster {
  readonly nodes: ClusterNode[] = [];
  readonly random: RandomStream;
  /** Bytes sent by all nodes together. */
  bytes = 0;
  /** The largest message. */
  bytesMax = 0;
  messages = 0;
  nowMs = 0;
  /** Whether a message gets from one to the other. */
  reaches: (from: number, to: number) => boolean = () => true;
  /** Sees every packet that is sent. */
  onSend: (packet: Packet) => void = () => {};
  readonly #options: ClusterOptions;
  /** In milliseconds. */
  readonly #events = new EventHeap();
  #sequence = 0;
  readonly #indexes = new Map<string, number>();
  #exchanges = 0;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.random = new RandomStream(options.seed, 'gossip');
    for (let index = 0; index < options.size; index += 1) {
      const { address } = recordOf(index);
      this.#indexes.set(address, index);
      const rounds = new GossipRounds(() => this.random.float());
      this.nodes.push({ index, address, rounds, ...fresh(recordOf(index)), life: 0, isUp: true });
    }
    if (options.knows === true) this.#introduceAll();
    for (const node of this.nodes) this.#start(node);
  }

  run(forMs: number, isDone: () => boolean = () => false): void {
    const end = this.nowMs + forMs;
    while (!isDone()) {
      const next = this.#events.first;
      if (next === undefined || next.timeUs > end) break;
      this.nowMs = next.timeUs;
      while (this.#events.first?.timeUs === this.nowMs) this.#events.pop()?.run?.();
    }
    if (!isDone()) this.nowMs = end;
  }

  /** kill -9 and a new start, with nothing in memory. */
  restart(index: number): void {
    const node = this.nodes[index]!;
    const generation = Math.max(WALL_MS + this.nowMs, node.table.own.generation + 1);
    Object.assign(node, fresh(recordOf(index, { generation })));
    node.life += 1;
    node.isUp = true;
    this.#start(node);
  }

  stop(index: number): void {
    const node = this.nodes[index]!;
    node.life += 1;
    node.isUp = false;
  }

  /** Also to one that has been started again since it was sent: packets do not know that. */
  deliver(packet: Packet): void {
    const node = this.nodes[packet.to]!;
    if (!node.isUp) return;
    const heard = this.#hear(node, packet);
    if (heard === undefined) return;
    this.#note(node, heard);
    if (heard.answer !== undefined) {
      this.#send({ ...packet, from: packet.to, to: packet.from, message: heard.answer });
    }
  }

  /** What a node thinks of everybody, heartbeats apart, as one text. */
  view(index: number): string {
    const { table } = this.nodes[index]!;
    return Array.from({ length: 64 }, (_, bucket) => table.bucketHash(bucket)).join(' ');
  }

  areEqual(): boolean {
    const first = this.view(0);
    return this.nodes.every(({ index }) => this.view(index) === first);
  }

  /** Nobody is accused by anybody's table, and everybody knows everybody. */
  isWell(): boolean {
    const { size } = this.#options;
    return this.nodes.every(({ table }) => {
      return (
        table.size === size && this.nodes.every((o) => table.accusedOf(o.table.ownId) === undefined)
      );
    });
  }

  #introduceAll(): void {
    const { heartbeat = 0 } = this.#options;
    const entries = this.nodes.map(({ table }) => {
      const entry = table.entry(table.ownId)!;
      return { ...entry, heartbeat };
    });
    for (const { table } of this.nodes) {
      table.raiseHeartbeat(table.ownId, table.own.generation, heartbeat);
      table.receive(entries, WALL_MS);
    }
  }

  #start(node: ClusterNode): void {
    const { life } = node;
    const { isAligned = false } = this.#options;
    const round = (): void => {
      if (node.life !== life) return;
      this.#round(node);
      this.#at(isAligned ? 1_000 : node.rounds.pauseMs(), round);
    };
    const flush = (): void => {
      if (node.life !== life) return;
      this.#flush(node);
      this.#at(200, flush);
    };
    this.#at(isAligned ? 1_000 : this.random.below(1_000), round);
    if (this.#options.flushes !== false) this.#at(this.random.below(200), flush);
  }

  #round(node: ClusterNode): void {
    node.table.beat();
    if (this.#options.detects === true) this.#detect(node);
    node.opened.clear();
    const digest = node.exchange.digest();
    for (const address of node.rounds.nextPeers(this.#candidates(node))) {
      this.#exchanges += 1;
      node.opened.set(this.#exchanges, digest);
      const message = node.exchange.open(digest);
      this.#send({
        from: node.index,
        to: this.#indexOf(address),
        exchange: this.#exchanges,
        message,
      });
    }
  }

  #flush(node: ClusterNode): void {
    if (node.news.size === 0) return;
    for (const address of node.rounds.newsPeers(this.#candidates(node))) {
      const message = node.exchange.push();
      if (message === undefined) return;
      this.#send({ from: node.index, to: this.#indexOf(address), exchange: 0, message });
    }
  }

  #candidates(node: ClusterNode) {
    const live: string[] = [];
    const down: string[] = [];
    for (const { id, record } of node.table.entries()) {
      if (record === undefined || record.status === 'LEFT') continue;
      (node.table.accusedOf(id) === 'DOWN' ? down : live).push(record.address);
    }
    return { own: node.address, live, down, seeds: [recordOf(0).address, recordOf(1).address] };
  }

  #detect(node: ClusterNode): void {
    for (const { id, record, generation, incarnation } of node.table.entries()) {
      if (id === node.table.ownId || record === undefined) continue;
      const last = node.evidence.get(id) ?? this.nowMs;
      node.evidence.set(id, last);
      if (this.nowMs - last < SILENCE_MS || node.table.accusedOf(id) === 'DOWN') continue;
      if (node.table.accuse({ about: id, generation, incarnation, state: 'DOWN' }))
        node.news.add(id);
    }
  }

  #hear(node: ClusterNode, { exchange, message }: Packet): Heard | undefined {
    const wallMs = WALL_MS + this.nowMs;
    if (message.kind === 'open') return node.exchange.hearOpen(message, wallMs);
    if (message.kind === 'delta') return node.exchange.hearDelta(message, wallMs);
    const digest = node.opened.get(exchange);
    return digest === undefined ? undefined : node.exchange.hearReply(digest, message, wallMs);
  }

  #note(node: ClusterNode, heard: Heard): void {
    for (const id of heard.advanced) node.evidence.set(id, this.nowMs);
    node.findings.push(...heard.findings);
    if (!heard.isAccused) return;
    const refutation = node.table.refute();
    if (refutation.kind === 'generation') node.table.startGeneration(refutation.above + 1);
    node.news.add(node.table.ownId);
  }

  #send(packet: Packet): void {
    const { loss = 0, encodes = false } = this.#options;
    const { from, to, exchange } = packet;
    this.messages += 1;
    let sent = packet;
    if (encodes) {
      const bytes = encodeGossipFrame({ exchange, wallMs: WALL_MS, content: packet.message });
      this.bytes += bytes.length;
      this.bytesMax = Math.max(this.bytesMax, bytes.length);
      const { content } = decodeGossipFrame(bytes);
      sent = { ...packet, message: content as GossipMessage };
    }
    this.onSend(sent);
    if (this.random.chance(loss) || !this.reaches(from, to)) return;
    this.#at(1 + this.random.below(40), () => this.deliver(sent));
  }

  #indexOf(address: string): number {
    return this.#indexes.get(address) ?? 0;
  }

  #at(delayMs: number, event: () => void): void {
    const steps = Math.max(1, Math.ceil(delayMs / STEP_MS));
    this.#sequence += 1;
    this.#events.push({
      timeUs: this.nowMs + steps * STEP_MS,
      priority: 0,
      sequence: this.#sequence,
      source: '',
      run: event,
    });
  }
}

function fresh(record: MemberRecord) {
  const table = new MemberTable(record);
  const news = new NewsQueue();
  news.add(record.id);
  return {
    table,
    news,
    exchange: new GossipExchange(table, news),
    opened: new Map<number, GossipDigest>(),
    evidence: new Map<string, number>(),
    findings: [],
  };
}
