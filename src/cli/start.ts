/** `coterie start`: one node in this process, until SIGINT, SIGTERM or a failure of its storage, or
 *  the end of whoever started it, where that is wished. */
import { Command } from 'commander';
import type { LoadedConfig } from '../config/load.ts';
import type { StatusReply } from '../wire/generated/coterie/v1/admin.ts';
import type { CliContext } from './ports.ts';
import { serveUntilStopped } from './serve.ts';

/** `config`, and the attribute of each flag in NODE_FLAGS and of `--seed`. */
export type NodeFlags = Readonly<Record<string, string | readonly string[] | true | undefined>>;

interface NodeFlag {
  readonly flag: string;
  readonly value: string;
  readonly description: string;
}

const NODE_FLAGS: readonly NodeFlag[] = [
  { flag: '--id', value: 'name', description: 'name of the node; default: its address' },
  { flag: '--listen', value: 'host:port', description: 'where it serves' },
  { flag: '--advertise', value: 'host:port', description: 'what others dial; default: --listen' },
  { flag: '--data', value: 'dir', description: 'folder of its data' },
  { flag: '--zone', value: 'name', description: 'what fails together with it' },
  { flag: '--dc', value: 'name', description: 'datacentre' },
  { flag: '--weight', value: 'number', description: 'share of the data relative to others' },
  { flag: '--metrics', value: 'host:port', description: 'serve Prometheus text there' },
];

export function startCommand(context: CliContext): Command {
  return addNodeOptions(new Command('start'))
    .description('run one node; it serves data once `coterie cluster init` has made it a member')
    .option('--until-stdin-closes', 'end also when whoever started it has ended')
    .action((flags: NodeFlags) => start(context, flags));
}

export function addNodeOptions(command: Command): Command {
  command.option('--config <file>', 'YAML file; the environment and flags overrule it');
  command.option(
    '--seed <host:port>',
    'a node through which it finds the others; may be given several times',
    collect,
  );
  for (const { flag, value, description } of NODE_FLAGS) {
    command.option(`${flag} <${value}>`, description);
  }
  return command;
}

function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}

/** Errors: INVALID_CONFIG. */
export async function loadNodeConfig(
  flags: NodeFlags,
  { environment }: Pick<CliContext, 'environment'>,
): Promise<LoadedConfig> {
  // The schema library takes a third of the time of a `coterie get`, which has no use for it.
  const [{ CONFIG_KEYS }, { loadConfig }] = await Promise.all([
    import('../config/keys.ts'),
    import('../config/load.ts'),
  ]);
  const settings: Record<string, string> = {};
  for (const key of CONFIG_KEYS) {
    const value = key.flag === undefined ? undefined : flags[key.flag.slice(2)];
    if (value !== undefined) settings[key.name] = String(value);
  }
  const { config: file } = flags;
  const from = typeof file === 'string' ? { file } : {};
  return loadConfig({ environment, flags: settings, ...from });
}

/** The first line is for programs, the second for who starts a node for the first time. */
function greetingOf(
  address: string,
  { state, reason }: Pick<StatusReply, 'state' | 'reason'>,
): string {
  const ready = `ready ${address}\n`;
  if (state !== 'UNINITIALISED') return ready;
  return `${ready}In no cluster yet: ${reason} (see \`coterie status\`).\n`;
}

async function start(context: CliContext, flags: NodeFlags): Promise<void> {
  const { config } = await loadNodeConfig(flags, context);
  const { ports } = context;
  // Before the start, as in serve.ts.
  const ends = flags['untilStdinCloses'] === true ? ports.stdinEnd() : undefined;
  const begin = async () => {
    const node = await ports.startNode(config);
    return {
      greeting: greetingOf(node.address, await node.admin.status({})),
      failed: node.failed,
      stop: () => node.stop(),
    };
  };
  await serveUntilStopped(context, begin, ends);
}
