/** `coterie status`: how one node is, and how it sees the others. */
import { Command } from 'commander';
import { bytesToHex } from '../core/bytes.ts';
import type { StatusReply } from '../wire/generated/coterie/v1/admin.ts';
import { nodeOption, timeoutOption } from './data-options.ts';
import { type AdminFlags, firstAnswer } from './first-answer.ts';
import type { CliContext } from './ports.ts';
import { jsonLine } from './result-json.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export function statusCommand(context: CliContext): Command {
  return new Command('status')
    .description('show how a node is and how it sees the others')
    .addOption(nodeOption())
    .addOption(timeoutOption('default: 5s'))
    .option('--json', 'print one JSON object')
    .action((flags: AdminFlags) => status(context, flags));
}

async function status(context: CliContext, flags: AdminFlags): Promise<void> {
  const { terminal } = context;
  const reply = await firstAnswer(context, flags, (admin) => admin.status({}));
  const shown = flags.json === true ? jsonLine(statusJson(reply)) : statusText(reply, terminal);
  await terminal.write(shown);
}

export function statusJson(reply: StatusReply) {
  const { diskFreeBytes, diskTotalBytes, clusterId, layoutHash, members, ...rest } = reply;
  return {
    ...rest,
    clusterId: bytesToHex(clusterId),
    layoutHash: bytesToHex(layoutHash),
    disk: { freeBytes: diskFreeBytes, totalBytes: diskTotalBytes },
    members,
  };
}

type Look = Pick<Terminal, 'isTerminal' | 'colors'>;

export function statusText(reply: StatusReply, look: Look): string {
  const { green, red, yellow } = look.colors;
  const colorOf = { SERVING: green, FAILED: red }[reply.state] ?? yellow;
  const reason = reply.reason === '' ? '' : ` (${reply.reason})`;
  const { clusterId, layoutVersion, partitions, replicas } = reply;
  const sizes = `${partitions} partitions, ${replicas} replicas`;
  const up = `up ${duration(reply.uptimeSeconds)}`;
  const cluster =
    clusterId.length === 0
      ? 'none yet: run `coterie cluster init`'
      : `${bytesToHex(clusterId)}, layout ${layoutVersion}, ${sizes}`;
  const lines = [
    `node     ${reply.node} at ${reply.address}, coterie ${reply.version}, ${up}`,
    `state    ${colorOf(reply.state)}${reason}`,
    `cluster  ${cluster}`,
    `storage  ${storageText(reply)}`,
  ];
  const rows = reply.members.map((member) => [
    member.name,
    member.address,
    member.zone,
    member.datacentre,
    String(member.weight),
    String(member.replicas),
    member.detail === '' ? member.link : `${member.link}: ${member.detail}`,
    String(member.inFlight),
  ]);
  const head = ['node', 'address', 'zone', 'datacentre', 'weight', 'replicas', 'link', 'in flight'];
  const members = rows.length === 0 ? '' : `\n${renderTable({ head, rows }, look)}`;
  return `${lines.join('\n')}\n${members}`;
}

function storageText(reply: StatusReply): string {
  const { engine, keys, run, diskFreeBytes, diskTotalBytes, unreadableKeys } = reply;
  const parts = [engine, `${keys} keys`, `run ${run}`];
  if (diskTotalBytes > 0) {
    parts.push(`${gibibytes(diskFreeBytes)} of ${gibibytes(diskTotalBytes)} GiB free`);
  }
  if (unreadableKeys > 0) parts.push(`${unreadableKeys} unreadable keys`);
  return parts.join(', ');
}

function gibibytes(bytes: number): string {
  return (bytes / 1_024 ** 3).toFixed(1);
}

/** Two largest units: `3 d 4 h`, `12 s`. */
export function duration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let left = Math.floor(seconds);
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.length === 0 ? '0 s' : parts.slice(0, 2).join(' ');
}
