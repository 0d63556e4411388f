/** `coterie repair`: puts exchanges first at every member, and waits until replicas are proved
 *  equal; or gives up what only a node that lost its data had. */
import { Command, Option } from 'commander';
import { type RepairProgress, repairCluster } from '../client/repair-cluster.ts';
import { PARTITIONS_MAX } from '../core/ring/token.ts';
import { wholeNumberIn } from './arguments.ts';
import { memberNamed, withMembers } from './cluster-admin.ts';
import { nodeOption, timeoutOption } from './data-options.ts';
import type { AdminFlags } from './first-answer.ts';
import type { CliContext } from './ports.ts';
import { progressText, repairJson, repairText } from './repair-view.ts';
import { jsonLine } from './result-json.ts';

interface RepairFlags extends AdminFlags {
  readonly partition?: number;
  readonly wait?: boolean;
  readonly acceptLoss?: string;
}

/** Of the whole wait. */
const WAIT_MS = 600_000;
const EXIT_UNAVAILABLE = 3;

export function repairCommand(context: CliContext): Command {
  const partition = wholeNumberIn({ min: 0, max: PARTITIONS_MAX - 1 });
  return new Command('repair')
    .description('compare replicas now, at every member, and make them equal')
    .addOption(nodeOption())
    .addOption(new Option('-p, --partition <number>', 'only this one').argParser(partition))
    .option('-w, --wait', 'until all that can be reached are proved equal, with a progress bar')
    .addOption(timeoutOption('of --wait; default: 600s'))
    .addOption(
      new Option(
        '--accept-loss <name>',
        'rebuild this member, or its unreadable keys, from whom it can reach; what they lack goes',
      ).conflicts(['partition', 'wait']),
    )
    .option('--json', 'print one JSON object')
    .action((flags: RepairFlags) => repair(context, flags));
}

async function repair(context: CliContext, flags: RepairFlags): Promise<void> {
  const { acceptLoss } = flags;
  if (acceptLoss !== undefined) return giveUp(context, flags, acceptLoss);
  const { node, json } = flags;
  const isBarShown = context.terminal.isTerminal && json !== true;
  const startedMs = context.clock.monotonicMs();
  const asked: AdminFlags = { ...(node && { node }) };
  const show = async (progress: RepairProgress): Promise<void> => {
    if (isBarShown && flags.wait === true) {
      await context.terminal.writeError(`\r\u001b[K${progressText(progress)}`);
    }
  };
  const progress = await withMembers(context, asked, (members) =>
    repairCluster(
      members,
      {
        partition: flags.partition,
        isAwaited: flags.wait === true,
        timeoutMs: flags.timeout ?? WAIT_MS,
        progress: show,
      },
      context.clock,
    ).finally(() => (isBarShown ? context.terminal.writeError('\r\u001b[K') : undefined)),
  );
  const elapsedMs = context.clock.monotonicMs() - startedMs;
  const isAwaited = flags.wait === true;
  await context.terminal.write(
    json === true ? jsonLine(repairJson(progress, elapsedMs)) : repairText(progress, isAwaited),
  );
  if (progress.silent.length > 0) context.exitCode = EXIT_UNAVAILABLE;
}

async function giveUp(context: CliContext, flags: RepairFlags, name: string): Promise<void> {
  const { pairs } = await withMembers(context, flags, (members) =>
    memberNamed(members, name).admin.repair({ partition: undefined, acceptLoss: true }),
  );
  await context.terminal.write(
    flags.json === true
      ? jsonLine({ accepted: name, pairs })
      : `the loss is accepted: ${name} is rebuilt from those it can reach, and serves then\n`,
  );
}
