/** `coterie bench`: what settings cost and give, predicted and measured. Each subcommand has a file
 *  of its own. */
import { Command } from 'commander';
import { benchCompareCommand } from './bench-compare.ts';
import { predictCommand } from './bench-predict.ts';
import { benchProfileCommand } from './bench-profile.ts';
import { benchQuorumCommand } from './bench-quorum.ts';
import { benchReportCommand } from './bench-report.ts';
import { benchRunCommand } from './bench-run.ts';
import type { CliContext } from './ports.ts';

export function benchCommand(context: CliContext): Command {
  return new Command('bench')
    .description('predict, measure and compare what N, R and W cost and give')
    .addCommand(predictCommand(context))
    .addCommand(benchProfileCommand(context))
    .addCommand(benchRunCommand(context))
    .addCommand(benchQuorumCommand(context))
    .addCommand(benchReportCommand(context))
    .addCommand(benchCompareCommand(context));
}
