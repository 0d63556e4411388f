/** What the other rooms see of the members: one per name, by place in the layout or as a list.
 *  Invariants: `refresh` tells the listeners once, and only when a state or an address is another
 *  one; what is asked per request is an array access.
 *  Not here: which of several ids stands for a name (namesakes.ts), who decides on states
 *  (core/membership/failure-detector.ts). */
import type { ClockOffsets } from '../../core/membership/clock-offset.ts';
import type { FailureDetector, MemberOpinion } from '../../core/membership/failure-detector.ts';
import type { GossipCandidates } from '../../core/membership/gossip-rounds.ts';
import type { MemberRecord } from '../../core/membership/member-record.ts';
import type { MemberTable } from '../../core/membership/member-table.ts';
import type { MemberState } from '../../core/membership/member-watch.ts';
import type { KnownMember } from '../contracts.ts';
import { type Claims, Namesakes } from './namesakes.ts';

export interface ViewSources {
  readonly table: MemberTable;
  readonly detector: FailureDetector;
  readonly offsets: ClockOffsets;
}

interface Seen {
  readonly id: string;
  readonly address: string;
  readonly state: MemberState;
}

export class MemberView {
  readonly #sources: ViewSources;
  readonly #listeners = new Set<() => void>();
  readonly #namesakes: Namesakes;
  #claims: Claims = { standing: new Map(), contenders: new Set() };
  #byIndex: (Seen | undefined)[] = [];
  #idByAddress = new Map<string, string>();
  /** What was seen at the last refresh, to find out cheaply that nothing is different. */
  #records: MemberRecord[] = [];
  #states: MemberState[] = [];
  #clusterId = '';
  #text = '';

  constructor(sources: ViewSources) {
    this.#sources = sources;
    this.#namesakes = new Namesakes(sources.table.ownId, (id) => this.stateOfId(id));
  }

  stateOf(nodeIndex: number): MemberState {
    return this.#byIndex[nodeIndex]?.state ?? 'UNKNOWN';
  }

  /** ALIVE for this node. */
  stateOfId(id: string): MemberState {
    const { table, detector } = this.#sources;
    return id === table.ownId ? 'ALIVE' : (detector.stateOf(id) ?? 'UNKNOWN');
  }

  addressOf(nodeIndex: number): string | undefined {
    return this.#byIndex[nodeIndex]?.address;
  }

  idOf(nodeIndex: number): string | undefined {
    return this.#byIndex[nodeIndex]?.id;
  }

  idAt(address: string): string | undefined {
    return this.#idByAddress.get(address);
  }

  /** Whether what is thought of the id matters here: it stands for its name, or may do so yet. */
  isJudged(id: string): boolean {
    const record = this.#sources.table.record(id);
    if (record === undefined) return false;
    if (record.status === 'LEFT' || this.#claims.contenders.has(id)) return true;
    return this.#claims.standing.get(record.name)?.id === id;
  }

  /** Its record, when it stands for a name. */
  standing(id: string): MemberRecord | undefined {
    const record = this.#sources.table.record(id);
    if (record === undefined) return undefined;
    return this.#claims.standing.get(record.name)?.id === id ? record : undefined;
  }

  /** Ids that live under the name of another one: who stands for it changes with their states. */
  get contenders(): ReadonlySet<string> {
    return this.#claims.contenders;
  }

  /** The record that stands for each name. Members that have left are not among them. */
  records(): Iterable<MemberRecord> {
    return this.#claims.standing.values();
  }

  /** Whom this node could speak with. */
  candidates(seeds: Iterable<string>): GossipCandidates {
    const { own } = this.#sources.table;
    const live: string[] = [];
    const down: string[] = [];
    for (const { id, address } of this.records()) {
      if (id !== own.id) (this.stateOfId(id) === 'DOWN' ? down : live).push(address);
    }
    return { own: own.address, live, down, seeds: [...seeds] };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To be called when records have come or changed, and while there are contenders: which record
   *  stands for which name. */
  index(): void {
    this.#claims = this.#namesakes.settle(this.#present());
  }

  /** To be called when states may have changed. */
  refresh(): void {
    if (this.#isAsSeen()) return;
    const { table } = this.#sources;
    this.#records = [...this.records()];
    this.#states = this.#records.map(({ id }) => this.stateOfId(id));
    this.#clusterId = table.own.clusterId;
    const byIndex: (Seen | undefined)[] = [];
    const idByAddress = new Map<string, string>();
    let text = '';
    for (const { id, name, address, nodeIndex, clusterId } of this.records()) {
      const state = this.stateOfId(id);
      if (id !== table.ownId) idByAddress.set(address, id);
      const isPlaced = nodeIndex !== undefined && clusterId === table.own.clusterId;
      if (isPlaced) byIndex[nodeIndex] = { id, address, state };
      text += `${name} ${address} ${state} ${isPlaced ? nodeIndex : '-'}\n`;
    }
    this.#byIndex = byIndex;
    this.#idByAddress = idByAddress;
    if (text === this.#text) return;
    this.#text = text;
    for (const listener of [...this.#listeners]) listener();
  }

  #isAsSeen(): boolean {
    let at = 0;
    for (const record of this.records()) {
      const isSame = this.#records[at] === record && this.#states[at] === this.stateOfId(record.id);
      if (!isSame) return false;
      at += 1;
    }
    return at === this.#records.length && this.#clusterId === this.#sources.table.own.clusterId;
  }

  list(nowMs: number): readonly KnownMember[] {
    const { table, detector, offsets } = this.#sources;
    const opinions = new Map(detector.opinions(nowMs).map((opinion) => [opinion.id, opinion]));
    const members = [...this.records()].map((record) =>
      knownOf(record, {
        isSelf: record.id === table.ownId,
        opinion: opinions.get(record.id),
        offsetMs: offsets.of(record.id),
      }),
    );
    return members.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  *#present(): Iterable<MemberRecord> {
    for (const { record } of this.#sources.table.entries()) {
      if (record !== undefined && record.status !== 'LEFT') yield record;
    }
  }
}

function knownOf(
  record: MemberRecord,
  seen: {
    readonly isSelf: boolean;
    readonly opinion: MemberOpinion | undefined;
    readonly offsetMs: number | undefined;
  },
): KnownMember {
  const { id, name, clusterId, nodeIndex, address, zone, datacentre, weight } = record;
  const { generation, incarnation, diskPercent, layoutVersion } = record;
  const { isSelf, opinion, offsetMs } = seen;
  const age = opinion?.evidenceAgeMs;
  return {
    id,
    name,
    isSelf,
    clusterId,
    ...(nodeIndex === undefined ? {} : { nodeIndex }),
    address,
    zone,
    datacentre,
    weight,
    state: isSelf ? 'ALIVE' : (opinion?.state ?? 'UNKNOWN'),
    phi: opinion?.phi ?? 0,
    generation,
    incarnation,
    ...(age === undefined ? {} : { evidenceAgeMs: age }),
    ...(offsetMs === undefined ? {} : { clockOffsetMs: offsetMs }),
    diskPercent,
    layoutVersion,
  };
}
