/** What does this node say of each node it knows of, in the cluster or not?
 *  Invariants: every member of the layout is there once and first, in the order of indexes; nodes
 *  that were found beside it follow, but none of another cluster; before init all are there.
 *  Not here: what is known, and how (node/gossip); how it is shown (cli). */
import { bytesToHex } from '../../core/bytes.ts';
import type { Role } from '../../core/ring/layout.ts';
import type { MemberStatus } from '../../wire/generated/coterie/v1/admin.ts';
import type { KnownMember, Place } from '../contracts.ts';

export interface LinkFacts {
  readonly phase: string;
  readonly detail: string;
  readonly inFlight: number;
}

/** What this node knows of the members beside gossip. */
export interface MemberFacts {
  /** Of this node itself. */
  state(): string;
  link(nodeIndex: number): LinkFacts | undefined;
  standingOf(nodeIndex: number): string | undefined;
}

/** `place`: undefined before init. `known`: of each name one. */
export function memberStatuses(
  place: Place | undefined,
  known: readonly KnownMember[],
  facts: MemberFacts,
): MemberStatus[] {
  if (place === undefined) return known.map(foundStatus);
  const { layout } = place.ring;
  const owned = place.ring.ownership();
  const clusterId = bytesToHex(layout.clusterId);
  const roles = [...layout.roles].sort((a, b) => a.nodeIndex - b.nodeIndex);
  const related = known.filter((member) => ['', clusterId].includes(member.clusterId));
  const members = new Set<KnownMember>();
  const statuses = roles.map((role) => {
    const member = memberOf(role, related);
    if (member !== undefined) members.add(member);
    const isSelf = role.nodeIndex === place.nodeIndex;
    const link = facts.link(role.nodeIndex);
    const standing = isSelf ? facts.state() : facts.standingOf(role.nodeIndex);
    return {
      ...heardStatus(member),
      index: role.nodeIndex,
      name: role.name,
      address: member?.address ?? role.address,
      zone: role.zone,
      datacentre: role.datacentre,
      weight: role.weight,
      link: isSelf ? 'self' : (link?.phase ?? 'closed'),
      detail: link?.detail ?? '',
      inFlight: link?.inFlight ?? 0,
      replicas: owned.get(role.nodeIndex) ?? 0,
      standing: standing ?? '',
      inLayout: true,
    };
  });
  const found = related.filter((member) => !members.has(member));
  return [...statuses, ...found.map(foundStatus)];
}

function memberOf(role: Role, known: readonly KnownMember[]): KnownMember | undefined {
  return (
    known.find(({ nodeIndex }) => nodeIndex === role.nodeIndex) ??
    known.find(({ name }) => name === role.name)
  );
}

function foundStatus(member: KnownMember): MemberStatus {
  return {
    ...heardStatus(member),
    index: 0,
    name: member.name,
    address: member.address,
    zone: member.zone,
    datacentre: member.datacentre,
    weight: member.weight,
    link: member.isSelf ? 'self' : 'closed',
    detail: '',
    inFlight: 0,
    replicas: 0,
    standing: '',
    inLayout: false,
  };
}

/** What gossip says of it; `undefined`: nothing yet. */
function heardStatus(member: KnownMember | undefined) {
  return {
    id: member?.id ?? '',
    state: member?.state ?? 'UNKNOWN',
    phi: member?.phi ?? 0,
    generation: member?.generation ?? 0,
    incarnation: member?.incarnation ?? 0,
    lastEvidenceMs: member?.evidenceAgeMs,
    clockOffsetMs: member?.clockOffsetMs,
    diskPercent: member?.diskPercent ?? 0,
    layoutVersion: member?.layoutVersion ?? 0,
  };
}
