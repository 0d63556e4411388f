/** Links and coordinators of some nodes on the memory network, with copies that only count what is
 *  asked of them: what is thought of the members is as the test says it. */

import { crc32 } from 'node:zlib';
import { Deadlines } from '../../../src/core/deadlines.ts';
import { assert, CoterieError } from '../../../src/core/errors.ts';
import type { OpenedStore } from '../../../src/core/membership/standing.ts';
import { LegCounts } from '../../../src/core/pbs/leg-counts.ts';
import { encodeLayout, firstLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';
import { EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import { createRecordCodec, type RecordCodec } from '../../../src/core/version/record-codec.ts';
import type { FrameStream, StreamClosed, StreamService } from '../../../src/env/transport.ts';
import type { Fallback, Hints, LocalReplica, Place } from '../../../src/node/contracts.ts';
import { Coordinator } from '../../../src/node/coordinator/coordinator.ts';
import { READ_DEFAULTS } from '../../../src/node/coordinator/read-options.ts';
import { Links } from '../../../src/node/link/links.ts';
import { LinkRequests } from '../../../src/node/replica/link-requests.ts';
import { MemoryNetwork } from '../../../src/platform/memory/memory-transport.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { seededRandom, silentLog } from '../../client/scripted-node.ts';
import { FakeMembers } from '../fake-members.ts';
import { settled } from '../node-clock.ts';
import { Notes } from '../notes.ts';

const checksum = (bytes: Uint8Array, previous?: number): number => crc32(bytes, previous);

const NO_HINTS: Hints = { missed: () => undefined };

/** Counts, and holds what it is given, the same under every key. */
class CountingReplica implements LocalReplica {
  record: Uint8Array | undefined;
  reads = 0;
  merges = 0;
  mints = 0;
  /** Never answers. */
  isSilent = false;

  mint(...[, , done]: Parameters<LocalReplica['mint']>): void {
    this.mints += 1;
    const dot = { nodeIndex: 0, epoch: 1, seq: this.mints };
    const bytes = Uint8Array.of(1);
    done({ bytes, dot, replyContext: EMPTY_CONTEXT, siblings: 1, isDurable: true });
  }

  merge(...[, , , done]: Parameters<LocalReplica['merge']>): void {
    this.merges += 1;
    if (!this.isSilent) done({ isDurable: true, isChanged: true });
  }

  read(...[, done]: Parameters<LocalReplica['read']>): void {
    this.reads += 1;
    if (!this.isSilent) done({ bytes: this.record, isVerified: true });
  }

  async recalls(): Promise<boolean> {
    return false;
  }
}

const NO_FALLBACK: Fallback = {
  keep: (...[, , , done]) => done(new CoterieError('STALE_LAYOUT', 'Nothing is kept here')),
  mint: (...[, , done]) => done(new CoterieError('STALE_LAYOUT', 'Nothing is kept here')),
};

export interface MemberSpec {
  readonly name: string;
  readonly zone: string;
  readonly datacentre: string;
}

export class MemberNode {
  readonly replica = new CountingReplica();
  readonly members = new FakeMembers();
  readonly legs = new LegCounts();
  readonly links: Links;
  readonly coordinator: Coordinator;

  constructor(rig: MemberRig, name: string) {
    const { clock, network, ring, codec } = rig;
    const role = ring.roleByName(name);
    if (role === undefined) throw new Error(`no member ${name}`);
    const { nodeIndex, datacentre, address } = role;
    const place: Place = { ring, nodeIndex, datacentre };
    const env = {
      clock,
      deadlines: new Deadlines(clock),
      random: seededRandom(nodeIndex + 1),
      transport: network.transport(),
      log: silentLog,
      metrics: new Notes(),
      checksum,
    };
    const { replica, members } = this;
    const server = new LinkRequests({
      replica,
      fallback: NO_FALLBACK,
      codec,
      repair: { serve: () => assert(false, 'nothing is repaired here') },
      deadlines: env.deadlines,
      place: () => place,
      forwarded: (request) => this.coordinator.forwarded(request),
      adopt: async () => {},
      commitSeq: () => 0,
    });
    this.links = new Links(
      env,
      {
        memory: {
          remembered: () => undefined,
          peerGreeted: async () => {},
          peerReach: () => {},
          peerCommitted: () => {},
          isTrusted: () => true,
        },
        gossip: members,
        server,
        bulkServer: server,
        speaker: () => ({ name, address, opened: openedAt(nodeIndex), place }),
      },
      { peerRequestsMax: 100, peerBytesMax: 1_000_000 },
    );
    this.coordinator = new Coordinator(
      {
        ...{ ...env, peers: this.links, replica, codec, legs: this.legs },
        ...{ hints: NO_HINTS, fallback: NO_FALLBACK },
      },
      {
        place: () => place,
        isRunning: () => true,
        reason: () => '',
        mayServe: () => true,
      },
      {
        timeoutMs: 2_000,
        timeoutMaxMs: 10_000,
        requestsMax: 1_000,
        bytesMax: 10_000_000,
        replaceAfterMs: 500,
        replicaWriteTimeoutMs: 1_000,
        tuning: { ...READ_DEFAULTS, lookShare: 0 },
      },
    );
    this.links.join(place, rig.layoutBytes);
  }
}

function openedAt(nodeIndex: number): OpenedStore {
  const storeId = nodeIndex.toString(16).padStart(32, '0');
  const runs = [{ id: storeId, commitSeq: 0 }];
  const found = { storeId, run: 1, runs, previousRun: 0, ceiling: 0 };
  return { ...found, madeGood: [], isRebuilding: false, statement: 0 };
}

export class MemberRig implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly network = new MemoryNetwork({ clock: this.clock, log: silentLog });
  readonly ring: Ring;
  readonly layoutBytes: Uint8Array;
  readonly codec: RecordCodec;
  readonly #nodes: Map<string, MemberNode>;
  readonly #unlisten = new Map<string, () => void>();
  readonly #streams = new Map<FrameStream, StreamService>();

  constructor(
    specs: readonly MemberSpec[],
    replicas: number,
    codec: RecordCodec = createRecordCodec(checksum),
  ) {
    this.codec = codec;
    const layout = firstLayout({
      clusterId: new Uint8Array(16).fill(3),
      partitions: 8,
      replicas,
      members: specs.map((spec) => ({ ...spec, address: `${spec.name}:1`, weight: 1 })),
    });
    this.layoutBytes = encodeLayout(layout);
    this.ring = new Ring(layout, layoutHash(this.layoutBytes));
    this.#nodes = new Map(specs.map(({ name }) => [name, new MemberNode(this, name)]));
    for (const { name } of specs) this.listen(name, `${name}:1`);
  }

  listen(name: string, address: string): void {
    const { links } = this.node(name);
    const unlisten = this.network.listen(address, (service, stream) => {
      const handlers = service === 'bulk' ? links.acceptBulk(stream) : links.accept(stream);
      this.#streams.set(stream, service);
      const closed = (reason: StreamClosed): void => {
        this.#streams.delete(stream);
        handlers.closed(reason);
      };
      return { ...handlers, closed };
    });
    this.#unlisten.set(name, unlisten);
  }

  /** Open streams of this kind. */
  streams(service: StreamService): number {
    return [...this.#streams.values()].filter((opened) => opened === service).length;
  }

  breakStreams(service: StreamService): void {
    for (const [stream, opened] of [...this.#streams]) if (opened === service) stream.close();
  }

  /** Nobody listens at the node's first address any more, and its connections break. */
  hangUp(name: string): void {
    this.#unlisten.get(name)?.();
    this.network.cut(`${name}:1`);
  }

  /** A new node under the name, at its first address. */
  restart(name: string): void {
    this.#nodes.set(name, new MemberNode(this, name));
    this.listen(name, `${name}:1`);
  }

  node(name: string): MemberNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  indexOf(name: string): number {
    return this.ring.roleByName(name)?.nodeIndex ?? -1;
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return settled(this.clock, promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { links } of this.#nodes.values()) links.stop();
    await this.clock.settle();
  }
}

/** n1, n2, n3, ...: each a zone and a replica of everything, linked. */
export async function startMembers(count = 3, codec?: RecordCodec): Promise<MemberRig> {
  const specs = Array.from({ length: count }, (_, index) => {
    return { name: `n${index + 1}`, zone: `z${index + 1}`, datacentre: 'dc' };
  });
  const rig = new MemberRig(specs, count, codec);
  await rig.clock.advance(200);
  return rig;
}
