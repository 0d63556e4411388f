/** `coterie status`: how one node is, and how it sees the others; once, or again and again. */
import { Command, InvalidArgumentError } from 'commander';
import type { StatusReply } from '../wire/generated/coterie/v1/admin.ts';
import { nodesOf, parseTimeout } from './arguments.ts';
import { nodeOption, timeoutOption } from './data-options.ts';
import { type AdminFlags, firstAnswer } from './first-answer.ts';
import type { CliContext } from './ports.ts';
import { jsonLine } from './result-json.ts';
import { statusJson, statusText } from './status-view.ts';
import { watchStatus } from './status-watch.ts';

interface StatusFlags extends AdminFlags {
  /** Milliseconds, or true without a value. */
  readonly watch?: number | true;
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
      'show it again after each interval: 500ms, 2s; default: 1s',
      parse,
    )
    .addOption(timeoutOption('default: 5s, with --watch 2s'))
    .option('--json', 'print one JSON object; with --watch one per interval')
    .action((flags: StatusFlags) => status(context, flags));
}

function parse(text: string): number {
  const intervalMs = parseTimeout(text);
  if (intervalMs >= WATCH_INTERVAL_MS_MIN) return intervalMs;
  throw new InvalidArgumentError(`It must be at least ${WATCH_INTERVAL_MS_MIN} ms.`);
}

async function status(context: CliContext, flags: StatusFlags): Promise<void> {
  const { terminal, environment } = context;
  const isJson = flags.json === true;
  const show = (reply: StatusReply): string =>
    isJson ? jsonLine(statusJson(reply)) : statusText(reply, terminal);
  if (flags.watch === undefined) {
    const reply = await firstAnswer(context, flags, (admin) => admin.status({}));
    return terminal.write(show(reply));
  }
  await watchStatus(context, {
    nodes: nodesOf(flags.node, environment),
    intervalMs: flags.watch === true ? WATCH_INTERVAL_MS : flags.watch,
    timeoutMs: flags.timeout ?? WATCH_TIMEOUT_MS,
    isJson,
    show,
  });
}
