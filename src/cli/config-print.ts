/** `coterie config print`: what a node would run with, and where each value came from. */
import { Command } from 'commander';
import type { CliContext } from './ports.ts';
import { jsonLine } from './result-json.ts';
import { addNodeOptions, loadNodeConfig, type NodeFlags } from './start.ts';

interface PrintFlags {
  readonly json?: boolean;
}

export function configCommand(context: CliContext): Command {
  const print = addNodeOptions(new Command('print'))
    .description('print the configuration that `coterie start` would use with the same options')
    .option('--json', 'print one JSON object')
    .action((flags: NodeFlags & PrintFlags) => configPrint(context, flags));
  return new Command('config').description('look at the configuration').addCommand(print);
}

async function configPrint(context: CliContext, flags: NodeFlags & PrintFlags): Promise<void> {
  const loaded = await loadNodeConfig(flags, context);
  const { printConfig } = await import('../config/describe.ts');
  const { config, sources } = loaded;
  const shown =
    flags.json === true
      ? jsonLine({ config, sources: Object.fromEntries(sources) })
      : printConfig(loaded);
  await context.terminal.write(shown);
}
