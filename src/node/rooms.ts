/** What exists only while a node runs: its rooms, each made with what it needs of the others.
 *  Invariant: rooms know each other by the types of contracts.ts alone; this is the one place that
 *  knows which class stands behind which.
 *  Not here: when they start and stop (node.ts), what they do. */
import { bytesToHex } from '../core/bytes.ts';
import type { Deadlines } from '../core/deadlines.ts';
import type { CoterieError } from '../core/errors.ts';
import type { MemberRecord } from '../core/membership/member-record.ts';
import type { OpenedStore } from '../core/membership/standing.ts';
import { LegCounts } from '../core/pbs/leg-counts.ts';
import { HybridLogicalClock } from '../core/version/hlc.ts';
import type { RecordCodec } from '../core/version/record-codec.ts';
import type { DataState, MemberEvent, Place } from './contracts.ts';
import { Coordinator, type CoordinatorOptions } from './coordinator/coordinator.ts';
import { DiskGauge } from './disk-gauge.ts';
import { Gossip } from './gossip/gossip.ts';
import { Handoff } from './handoff/handoff.ts';
import { Links } from './link/links.ts';
import { type MemberIdentity, saveGeneration } from './node-identity.ts';
import type { NodeEnvironment, NodeOptions } from './node-options.ts';
import { RecordAccess } from './repair/record-access.ts';
import { RepairAnswers } from './repair/repair-answers.ts';
import { makeRepairRooms, type RepairRooms } from './repair-rooms.ts';
import { BulkRequests } from './replica/bulk-requests.ts';
import { LinkRequests } from './replica/link-requests.ts';
import { ByteBudget } from './replica/receive-budget.ts';
import { Replica } from './replica/replica.ts';
import { MemberNotes } from './session/member-notes.ts';
import { StandingKeeper } from './standing/standing-keeper.ts';
import type { OpeningState } from './storage/opening.ts';
import type { RecordStore } from './storage/record-store.ts';

export interface Rooms extends RepairRooms {
  readonly name: string;
  readonly opening: OpeningState;
  readonly standing: StandingKeeper;
  readonly gossip: Gossip;
  readonly disk: DiskGauge;
  readonly links: Links;
  readonly handoff: Handoff;
  readonly coordinator: Coordinator;
  readonly legs: LegCounts;
  readonly notes: MemberNotes;
  readonly hlc: HybridLogicalClock;
}

/** How this run of the node began. */
export interface RoomsStart {
  readonly name: string;
  readonly address: string;
  readonly opening: OpeningState;
  readonly member: MemberIdentity;
}

/** What the node is to its rooms. */
export interface RoomsNode {
  readonly env: NodeEnvironment & { readonly deadlines: Deadlines };
  readonly options: NodeOptions;
  readonly codec: RecordCodec;
  readonly store: RecordStore;
  readonly view: {
    place(): Place | undefined;
    state(): DataState;
    reason(): string;
    isRunning(): boolean;
    mayServe(partition: number): boolean;
    isVerified(partition: number): boolean;
  };
  adopt(layout: Uint8Array): Promise<void>;
  servingChanged(): void;
  told(event: MemberEvent): void;
  mustStop(reason: CoterieError): void;
}

/** Of the protocol between nodes. */
const PROTOCOL_VERSION = 1;

export function makeRooms(start: RoomsStart, node: RoomsNode): Rooms {
  const { env, options, codec, store, view } = node;
  const { name, address, opening } = start;
  const { clock } = env;
  const reading = () => ({ wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() });
  const standing = new StandingKeeper(env, store, openedOf(start), {
    changed: (next) => {
      env.log.info('standing', { state: next.state, reason: next.reason });
      if (next.state === 'RECOVERING') repair.forgetProofs();
      links.introduce();
      repair.rebuild.begin();
      node.servingChanged();
    },
    peerLost: (nodeIndex) => repair.forgetProofs(nodeIndex),
  });
  const hlc = new HybridLogicalClock({ ceiling: opening.ceiling, reading: reading() });
  const gossip = new Gossip(
    env,
    {
      own: ownRecord(start, options),
      saveGeneration: (generation) => saveGeneration(store, { ...start.member, generation }),
      told: node.told,
      clockConfirmed: () => {
        if (hlc.isJumped) hlc.agree(reading());
      },
      mustStop: node.mustStop,
    },
    { seeds: options.seeds, detector: options.detector },
  );
  const disk = new DiskGauge(env, (diskPercent) => gossip.updateOwn({ diskPercent }));
  const replica = new Replica({ ...env, store, codec, hlc }, view, {
    requestTableEntriesMax: options.requestTableEntriesMax,
  });
  const access = new RecordAccess(store, replica, view.place);
  const repairParts = { store, access, gate: replica, place: view.place };
  const server = new LinkRequests({
    replica,
    codec,
    repair: new RepairAnswers({ ...env, ...repairParts }),
    fallback: { keep: (...kept) => handoff.fallback.keep(...kept) },
    deadlines: env.deadlines,
    place: view.place,
    forwarded: (request) => coordinator.forwarded(request),
    adopt: (layout) => node.adopt(layout),
    commitSeq: () => store.newsSeq,
  });
  const budget = new ByteBudget(env, options.receiveBytesPerSecondMax);
  const links = new Links(
    env,
    {
      memory: standing,
      gossip,
      server,
      bulkServer: new BulkRequests(server, budget, env.deadlines),
      speaker: () => ({ name, address, opened: standing.opened, place: view.place() }),
    },
    { peerRequestsMax: options.peerRequestsMax, peerBytesMax: options.peerBytesMax },
  );
  const handoff = new Handoff(
    { ...env, store, codec, hlc, replica, peers: links, place: view.place, state: view.state },
    options.handoff,
  );
  const legs = new LegCounts();
  const coordinator = new Coordinator(
    { ...env, peers: links, replica, codec, legs, hints: handoff, fallback: handoff.fallback },
    view,
    coordinatorOptions(options),
  );
  const repair = makeRepairRooms(
    {
      env,
      ...repairParts,
      peers: links,
      budget,
      handoff,
      recovery: standing,
      isBusy: () => coordinator.isBusy,
      tickAbove: (tick) => {
        hlc.raise(tick);
        return hlc.issue(reading());
      },
    },
    options,
  );
  const notes = new MemberNotes(env.deadlines, gossip, view.place);
  const made = { name, opening, standing, gossip, disk, links };
  return { ...made, ...repair, handoff, coordinator, legs, notes, hlc };
}

function coordinatorOptions(options: NodeOptions): CoordinatorOptions {
  return {
    timeoutMs: options.timeoutMs,
    timeoutMaxMs: options.timeoutMaxMs,
    requestsMax: options.requestsMax,
    bytesMax: options.requestBytesMax,
    replaceAfterMs: options.replicaReadTimeoutMs,
    replicaWriteTimeoutMs: options.replicaWriteTimeoutMs,
    tuning: options.reads,
  };
}

function openedOf({ opening }: RoomsStart): OpenedStore {
  const { storeId, run, runs, previousRun, ceiling } = opening;
  return {
    storeId: bytesToHex(storeId),
    run,
    runs,
    previousRun,
    ceiling,
    madeGood: [],
    isRebuilding: false,
    statement: 0,
  };
}

/** As it is before the node has its place in a layout. */
function ownRecord({ name, address, member }: RoomsStart, options: NodeOptions): MemberRecord {
  const { zone, datacentre, weight } = options;
  return {
    id: member.id,
    name,
    clusterId: '',
    generation: member.generation,
    version: 0,
    incarnation: 0,
    address,
    zone,
    datacentre,
    weight,
    status: 'UP',
    layoutVersion: 0,
    layoutHash: '',
    protocol: PROTOCOL_VERSION,
    clockOffsetMs: 0,
    diskPercent: 0,
  };
}
