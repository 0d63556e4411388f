/** What `coterie status` shows, made from the answer of one node alone. Pure. */
import { bytesToHex } from '../core/bytes.ts';
import type { MemberStatus, StatusReply } from '../wire/generated/coterie/v1/admin.ts';
import { counted } from './counted.ts';
import { duration, shortTime } from './duration.ts';
import { type Look, renderTable } from './table.ts';

/** What is not known is absent. */
export function statusJson(reply: StatusReply) {
  const { layoutVersion, layoutHash, partitions, replicas } = reply;
  return {
    cluster: bytesToHex(reply.clusterId),
    layout: { version: layoutVersion, hash: bytesToHex(layoutHash), partitions, replicas },
    node: {
      name: reply.node,
      address: reply.address,
      state: reply.state,
      reason: reply.reason,
      run: reply.run,
      commitSeq: reply.commitSeq,
      keys: reply.keys,
      tombstones: reply.tombstones,
      unreadableKeys: reply.unreadableKeys,
      engine: reply.engine,
      disk: { freeBytes: reply.diskFreeBytes, totalBytes: reply.diskTotalBytes },
      version: reply.version,
      uptimeSeconds: Math.round(reply.uptimeSeconds),
    },
    nodes: reply.members.map(memberJson),
  };
}

function memberJson(member: MemberStatus) {
  const { name, index, id, phi, lastEvidenceMs, clockOffsetMs, inLayout, standing, ...rest } =
    member;
  return {
    id: name,
    ...(id === '' ? {} : { memberId: id }),
    ...(inLayout ? { index } : {}),
    inLayout,
    ...(standing === '' ? {} : { standing }),
    ...rest,
    phi: Math.round(phi * 100) / 100,
    ...(lastEvidenceMs === undefined ? {} : { lastEvidenceMs: Math.round(lastEvidenceMs) }),
    ...(clockOffsetMs === undefined ? {} : { clockOffsetMs: wholeMs(clockOffsetMs) }),
  };
}

const FOUND_HEAD = [
  'node',
  'address',
  'zone',
  'state',
  'phi',
  'heard',
  'generation',
  'clock',
  'disk',
  'layout',
];
const MEMBER_HEAD = [...FOUND_HEAD, 'in flight', 'standing', 'link'];

export function statusText(reply: StatusReply, look: Look): string {
  const members = reply.members.filter(({ inLayout }) => inLayout);
  const found = reply.members.filter(({ inLayout }) => !inLayout);
  const sections = [`${nodeLines(reply, look).join('\n')}\n`];
  if (members.length > 0) {
    const rows = members.map((member) => [
      ...memberCells(member, look),
      String(member.inFlight),
      member.standing === '' ? '-' : colorOfStanding(member.standing, look)(member.standing),
      member.detail === '' ? member.link : `${member.link}: ${member.detail}`,
    ]);
    sections.push(renderTable({ head: MEMBER_HEAD, rows }, look));
  }
  if (found.length > 0) {
    const rows = found.map((member) => memberCells(member, look));
    sections.push(
      `${foundTitle(members, found)}\n${renderTable({ head: FOUND_HEAD, rows }, look)}`,
    );
  }
  return sections.join('\n');
}

/** Before this node has a layout others can have one already. */
function foundTitle(members: readonly MemberStatus[], found: readonly MemberStatus[]): string {
  if (members.length > 0) return 'Found, not in this cluster:';
  const isCluster = found.some(({ layoutVersion }) => layoutVersion > 0);
  return isCluster ? 'Found, a cluster where there is a layout:' : 'Found, not yet a cluster:';
}

function nodeLines(reply: StatusReply, look: Look): string[] {
  const colorOf = colorOfStanding(reply.state, look);
  const reason = reply.reason === '' ? '' : ` (${reply.reason})`;
  const { clusterId, layoutVersion, partitions, replicas } = reply;
  const sizes = `${counted(partitions, 'partition')}, ${counted(replicas, 'replica')}`;
  const up = `up ${duration(reply.uptimeSeconds)}`;
  const cluster =
    clusterId.length === 0
      ? 'none yet'
      : `${bytesToHex(clusterId)}, layout ${layoutVersion}, ${sizes}`;
  const lines = [
    `node     ${reply.node} at ${reply.address}, coterie ${reply.version}, ${up}`,
    `state    ${colorOf(reply.state)}${reason}`,
    `cluster  ${cluster}`,
    `storage  ${storageText(reply)}`,
  ];
  const members = reply.members.filter(({ inLayout }) => inLayout);
  if (members.length > 0) lines.push(`members  ${standingsText(members, look)}`);
  return lines;
}

/** `3: 1 SERVING, 2 RECOVERING`. */
function standingsText(members: readonly MemberStatus[], look: Look): string {
  const counts = new Map<string, number>();
  for (const { standing } of members) counts.set(standing, (counts.get(standing) ?? 0) + 1);
  const parts = [...counts].map(([standing, count]) => {
    const text = `${count} ${standing === '' ? 'not known' : standing}`;
    return colorOfStanding(standing, look)(text);
  });
  return `${members.length}: ${parts.join(', ')}`;
}

function memberCells(member: MemberStatus, look: Look): string[] {
  const isSelf = member.link === 'self';
  const isHeard = member.id !== '';
  const known = (text: string): string => (isHeard ? text : '-');
  return [
    member.name,
    member.address,
    member.zone,
    colorOfState(member.state, look)(member.state),
    isSelf ? '-' : known(member.phi.toFixed(1)),
    member.lastEvidenceMs === undefined ? '-' : shortTime(member.lastEvidenceMs),
    known(shortGeneration(member.generation)),
    member.clockOffsetMs === undefined ? '-' : offsetText(member.clockOffsetMs),
    known(`${member.diskPercent} %`),
    member.layoutVersion === 0 ? '-' : String(member.layoutVersion),
  ];
}

function colorOfState(state: string, { colors }: Look): (text: string) => string {
  const { green, red, dim, yellow } = colors;
  return { ALIVE: green, DOWN: red, LEFT: dim }[state] ?? yellow;
}

function colorOfStanding(standing: string, { colors }: Look): (text: string) => string {
  const { green, red, yellow } = colors;
  return { SERVING: green, FAILED: red }[standing] ?? yellow;
}

const GENERATION_DIGITS = 6;

/** Generations are times of starts: the last digits tell two starts apart. */
function shortGeneration(generation: number): string {
  const digits = String(generation);
  return digits.length <= GENERATION_DIGITS ? digits : `..${digits.slice(-GENERATION_DIGITS)}`;
}

function offsetText(offsetMs: number): string {
  const ms = wholeMs(offsetMs);
  return `${ms < 0 ? '-' : '+'}${shortTime(Math.abs(ms))}`;
}

/** Never -0, which would be shown with its sign. */
function wholeMs(ms: number): number {
  return Math.round(ms) || 0;
}

function storageText(reply: StatusReply): string {
  const { engine, keys, tombstones, run, diskFreeBytes, diskTotalBytes, unreadableKeys } = reply;
  const parts = [engine, counted(keys, 'key'), `run ${run}`];
  if (tombstones > 0) parts[1] += ` (${counted(tombstones, 'tombstone')})`;
  if (diskTotalBytes > 0) {
    parts.push(`${gibibytes(diskFreeBytes)} of ${gibibytes(diskTotalBytes)} GiB free`);
  }
  if (unreadableKeys > 0) parts.push(counted(unreadableKeys, 'unreadable key'));
  return parts.join(', ');
}

function gibibytes(bytes: number): string {
  return (bytes / 1_024 ** 3).toFixed(1);
}
