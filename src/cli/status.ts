/** `coterie status`: how one node is, and how it sees the others; once, or again and again. */
import { Command } from 'commander';
import { repairStatuses } from '../client/repair-cluster.ts';
import { nodesOf, parseTime } from './arguments.ts';
import { withMembers, withMembersOf } from './cluster-admin.ts';
import { nodeOption, timeoutOption } from './data-options.ts';
import { type AdminFlags, firstAnswer } from './first-answer.ts';
import type { AdminConnection, CliContext } from './ports.ts';
import { repairStatusJson, repairStatusText } from './repair-view.ts';
import { jsonLine } from './result-json.ts';
import { statusJson, statusText } from './status-view.ts';
import { type WatchOptions, watchStatus } from './status-watch.ts';

interface StatusFlags extends AdminFlags {
  /** Milliseconds, or true without a value. */
  readonly watch?: number | true;
  readonly repair?: boolean;
}

const WATCH_INTERVAL_MS = 1_000;
const WATCH_INTERVAL_MS_MIN = 100;
/** Whoever watches wants to see soon that a node is silent. */
const WATCH_TIMEOUT_MS = 2_000;

export function statusCommand(context: CliContext): Command {
  return new Command('status')
    .description('show how a node is and how it sees the others')
    .addOption(nodeOption())
    .option(
      '--watch [interval]',
      'show it again after each interval, until Ctrl-C: 500ms, 2s; 1s when none is given',
      (text) => parseTime(text, WATCH_INTERVAL_MS_MIN),
    )
    .addOption(timeoutOption('default: 5s, with --watch 2s'))
    .option('--repair', 'what replicas lack and how it is repaired, at all members')
    .option('--json', 'print one JSON object; with --watch one per interval')
    .action((flags: StatusFlags) => status(context, flags));
}

async function status(context: CliContext, flags: StatusFlags): Promise<void> {
  const { terminal } = context;
  const isJson = flags.json === true;
  if (flags.repair === true) {
    return look(context, flags, {
      once: () => withMembers(context, flags, repairStatuses),
      ask: (admin) => withMembersOf(context, admin, repairStatuses),
      show: (members) =>
        isJson ? jsonLine(repairStatusJson(members)) : repairStatusText(members, terminal),
      origin: (node) => `as told by all members of the cluster of ${node}`,
    });
  }
  return look(context, flags, {
    once: () => firstAnswer(context, flags, (admin) => admin.status({})),
    ask: (admin) => admin.status({}),
    show: (reply) => (isJson ? jsonLine(statusJson(reply)) : statusText(reply, terminal)),
    origin: (node) => `as seen by ${node}`,
  });
}

interface View<Reply> extends Pick<WatchOptions<Reply>, 'origin'> {
  readonly once: () => Promise<Reply>;
  readonly ask: (admin: AdminConnection) => Promise<Reply>;
  readonly show: (reply: Reply) => string;
}

async function look<Reply>(
  context: CliContext,
  flags: StatusFlags,
  { once, ask, show, origin }: View<Reply>,
): Promise<void> {
  if (flags.watch === undefined) return context.terminal.write(show(await once()));
  await watchStatus(context, {
    nodes: nodesOf(flags.node, context.environment),
    intervalMs: flags.watch === true ? WATCH_INTERVAL_MS : flags.watch,
    timeoutMs: flags.timeout ?? WATCH_TIMEOUT_MS,
    isJson: flags.json === true,
    ask,
    show,
    origin,
  });
}
