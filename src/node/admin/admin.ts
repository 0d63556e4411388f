/** Administration of one node: status, layout, and the two steps that make fresh nodes one cluster.
 *  Invariants: a reservation binds a fresh node to one proposal for 30 s and is forgotten by a
 *  restart; a node adopts once, durably, and only a layout that names it; adopting the same layout
 *  again changes nothing, another is refused.
 *  Not here: making the layout (cli, core/ring/layout.ts), passing it on (node/link), what is said
 *  of each member (member-status.ts).
 *  Source: ARCHITECTURE 5.24. */
import { bytesEqual } from '../../core/bytes.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type { LegCounts } from '../../core/pbs/leg-counts.ts';
import type {
  AdoptReply,
  AdoptRequest,
  LayoutAnswer,
  LegsReply,
  RepairReply,
  RepairRequest,
  RepairStatusReply,
  ReserveReply,
  ReserveRequest,
  StatusReply,
} from '../../wire/generated/coterie/v1/admin.ts';
import { legsToWire } from '../../wire/legs-codec.ts';
import type { AdminService } from '../../wire/services.ts';
import type { KnownMember, Place, Repairs } from '../contracts.ts';
import { type LinkFacts, memberStatuses } from './member-status.ts';
import { repairStatus } from './repair-status.ts';

export interface NodeFacts {
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly datacentre: string;
  readonly weight: number;
  readonly version: string;
  readonly engine: string;
}

/** What administration asks of the node. */
export interface AdministeredNode {
  facts(): NodeFacts;
  place(): Place | undefined;
  layoutBytes(): Uint8Array;
  storeId(): Uint8Array;
  /** UNINITIALISED | UNVERIFIED | SERVING | RECOVERING | FAILED | STOPPING */
  state(): string;
  reason(): string;
  run(): number;
  commitSeq(): number;
  counts(): { readonly keys: number; readonly tombstones: number; readonly unreadable: number };
  diskSpace(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>;
  link(nodeIndex: number): LinkFacts | undefined;
  /** Of another member's storage; undefined: not known. */
  standingOf(nodeIndex: number): string | undefined;
  /** All that are known of, this one included. */
  members(): readonly KnownMember[];
  /** Unix time. */
  wallMs(): number;
  /** Errors: NOT_RUNNING. */
  repairs(): Repairs;
  /** Errors: NOT_RUNNING. */
  legs(): Pick<LegCounts, 'encode'>;
  /** Durably takes the layout; the links begin. */
  adopt(layout: Uint8Array): Promise<void>;
}

const RESERVED_MS = 30_000;
const PROPOSAL_ID_BYTES = 16;
const NO_BYTES = new Uint8Array(0);

interface Reservation {
  readonly proposalId: Uint8Array;
  readonly lapsesMs: number;
}

export class Admin implements AdminService {
  readonly #node: AdministeredNode;
  readonly #deadlines: Deadlines;
  readonly #startedMs: number;
  #reservation: Reservation | undefined;

  constructor(node: AdministeredNode, deadlines: Deadlines) {
    this.#node = node;
    this.#deadlines = deadlines;
    this.#startedMs = deadlines.nowMs();
  }

  async status(): Promise<StatusReply> {
    const node = this.#node;
    const facts = node.facts();
    const place = node.place();
    const { keys, tombstones, unreadable } = node.counts();
    const disk = await node.diskSpace();
    return {
      node: facts.name,
      address: facts.address,
      clusterId: place?.ring.layout.clusterId ?? NO_BYTES,
      layoutVersion: place?.ring.layout.version ?? 0,
      layoutHash: place?.ring.hash ?? NO_BYTES,
      partitions: place?.ring.layout.partitions ?? 0,
      replicas: place?.ring.layout.replicas ?? 0,
      state: node.state(),
      reason: node.reason(),
      members: memberStatuses(place, node.members(), node),
      run: node.run(),
      commitSeq: node.commitSeq(),
      keys,
      tombstones,
      diskFreeBytes: disk.freeBytes,
      diskTotalBytes: disk.totalBytes,
      version: facts.version,
      uptimeSeconds: (this.#deadlines.nowMs() - this.#startedMs) / 1_000,
      engine: facts.engine,
      unreadableKeys: unreadable,
    };
  }

  async layout(): Promise<LayoutAnswer> {
    return { layout: this.#node.layoutBytes() };
  }

  /** Errors: NOT_RUNNING. */
  async repairStatus(): Promise<RepairStatusReply> {
    const node = this.#node;
    const place = node.place();
    return repairStatus(node.repairs(), {
      node: node.facts().name,
      nowMs: this.#deadlines.nowMs(),
      wallMs: node.wallMs(),
      unreadableKeys: node.counts().unreadable,
      nameOf: (nodeIndex) => place?.ring.nameOf(nodeIndex) ?? `node ${nodeIndex}`,
    });
  }

  /** Errors: INVALID_ARGUMENT for a partition that does not exist, NOT_INITIALISED, NOT_RUNNING;
   *  CONFLICT when there is no loss to accept. */
  async repair({ partition, acceptLoss }: RepairRequest): Promise<RepairReply> {
    const place = this.#node.place();
    if (place === undefined) {
      throw new CoterieError('NOT_INITIALISED', 'This node belongs to no cluster yet');
    }
    const { partitions } = place.ring.layout;
    if (partition !== undefined && partition >= partitions) {
      throw new CoterieError(
        'INVALID_ARGUMENT',
        `There is no partition ${partition}; they are 0 to ${partitions - 1}`,
      );
    }
    const repairs = this.#node.repairs();
    const nowMs = this.#deadlines.nowMs();
    if (acceptLoss) await repairs.acceptLoss();
    return { nowMs, pairs: repairs.hurry(partition) };
  }

  /** Errors: NOT_RUNNING. */
  async legs(): Promise<LegsReply> {
    const node = this.#node;
    const counts = legsToWire(node.legs().encode());
    return { node: node.facts().name, storeId: node.storeId(), run: node.run(), ...counts };
  }

  async reserve(request: ReserveRequest): Promise<ReserveReply> {
    checkProposalId(request.proposalId);
    const place = this.#node.place();
    if (place === undefined) this.#reserve(request.proposalId);
    const facts = this.#node.facts();
    return {
      name: facts.name,
      address: facts.address,
      zone: facts.zone,
      datacentre: facts.datacentre,
      weight: facts.weight,
      storeId: this.#node.storeId(),
      layout: this.#node.layoutBytes(),
    };
  }

  async adopt(request: AdoptRequest): Promise<AdoptReply> {
    checkProposalId(request.proposalId);
    const reservation = this.#liveReservation();
    if (
      this.#node.place() === undefined &&
      reservation !== undefined &&
      !bytesEqual(reservation.proposalId, request.proposalId)
    ) {
      throw reservedElsewhere();
    }
    await this.#node.adopt(request.layout);
    this.#reservation = undefined;
    return {};
  }

  #reserve(proposalId: Uint8Array): void {
    const reservation = this.#liveReservation();
    if (reservation !== undefined && !bytesEqual(reservation.proposalId, proposalId)) {
      throw reservedElsewhere();
    }
    this.#reservation = { proposalId, lapsesMs: this.#deadlines.nowMs() + RESERVED_MS };
  }

  #liveReservation(): Reservation | undefined {
    const reservation = this.#reservation;
    if (reservation === undefined || reservation.lapsesMs <= this.#deadlines.nowMs()) {
      return undefined;
    }
    return reservation;
  }
}

function checkProposalId(proposalId: Uint8Array): void {
  if (proposalId.length === PROPOSAL_ID_BYTES) return;
  throw new CoterieError(
    'INVALID_ARGUMENT',
    `A proposal id has ${PROPOSAL_ID_BYTES} bytes, not ${proposalId.length}`,
  );
}

function reservedElsewhere(): CoterieError {
  return new CoterieError(
    'CONFLICT',
    'Another cluster init has reserved this node; wait 30 s and try again',
    { retryable: true },
  );
}
