/** The command line as a whole: which commands there are, and what becomes of their errors and
 *  exit codes. */
import { Command, CommanderError } from 'commander';
import { adviseCommand } from './advise.ts';
import { benchCommand } from './bench.ts';
import { clusterCommand } from './cluster-init.ts';
import { configCommand } from './config-print.ts';
import { deleteCommand } from './delete.ts';
import { devCommand } from './dev.ts';
import { exitCodeOf, reportError, toCoterieError } from './error-report.ts';
import { getCommand } from './get.ts';
import type { CliContext } from './ports.ts';
import { putCommand } from './put.ts';
import { repairCommand } from './repair.ts';
import { ringCommand } from './ring.ts';
import { simCommand } from './sim.ts';
import { startCommand } from './start.ts';
import { statusCommand } from './status.ts';

const EXIT_USAGE = 2;

const HELP_AFTER = `
Exit codes: 0 done; 1 the answer is no: not found (get), no setting meets the goals (advise), a
figure differs (bench compare), a promise was broken (sim); 2 usage; 3 unavailable or timed out;
4 state; 5 storage; 6 protocol; 7 nothing could be judged (bench compare); 70 bug; 130 Ctrl-C.
Nodes are --node HOST:PORT, else COTERIE_NODES, else 127.0.0.1:7400.
`;

/** Runs one command line (without interpreter and script); its exit code. Never rejects. */
export async function runCli(
  argv: readonly string[],
  world: Omit<CliContext, 'argv' | 'exitCode'>,
): Promise<number> {
  const context: CliContext = { ...world, argv, exitCode: 0 };
  // Commander writes in the middle of parsing and does not wait; what it writes is kept and
  // written here.
  const help: string[] = [];
  try {
    await buildProgram(context, help).parseAsync(argv, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      await context.terminal.write(help.join(''));
      return 0;
    }
    if (error instanceof CommanderError && error.code === 'commander.help') {
      await context.terminal.writeError(help.join(''));
      return EXIT_USAGE;
    }
    const failure = toCoterieError(error);
    await reportError(failure, context.terminal, wantsJson(argv), argv[0]);
    return exitCodeOf(failure);
  }
}

function buildProgram(context: CliContext, help: string[]): Command {
  const program = new Command('coterie')
    .description('A leaderless, replicated key-value database')
    .version(context.version)
    .addHelpText('after', HELP_AFTER);
  const groups = [
    putCommand(context),
    getCommand(context),
    deleteCommand(context),
    statusCommand(context),
    ringCommand(context),
    repairCommand(context),
    devCommand(context),
    startCommand(context),
    clusterCommand(context),
    configCommand(context),
    simCommand(context),
    benchCommand(context),
    adviseCommand(context),
  ];
  for (const command of groups) program.addCommand(command);
  // Subcommands that are added ready-made do not inherit these.
  for (const command of [program, ...groups, ...groups.flatMap((group) => group.commands)]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => help.push(text),
      writeErr: (text) => help.push(text),
      outputError: () => undefined,
    });
  }
  return program;
}

/** Even when parsing failed: scripts that asked for JSON get it. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}
