/** `coterie bench profile`: how long the legs of requests take on a cluster that is at work, as a
 *  profile that predictions are made from. It sends no requests of its own. */
import { Command } from 'commander';
import { legsBetween } from '../bench/legs-between.ts';
import { readNodeLegs } from '../client/node-legs.ts';
import { CoterieError } from '../core/errors.ts';
import { LegCounts } from '../core/pbs/leg-counts.ts';
import { encodeProfile } from '../core/pbs/profile-file.ts';
import { wholeNumberIn } from './arguments.ts';
import { withMembers } from './cluster-admin.ts';
import { nodeOption, timeoutOption } from './data-options.ts';
import type { AdminFlags } from './first-answer.ts';
import type { AdminConnection, CliContext } from './ports.ts';

interface ProfileFlags extends AdminFlags {
  readonly seconds?: number;
  readonly name: string;
}

interface Counted {
  readonly legs: LegCounts;
  /** Members. */
  readonly asked: number;
  /** Of these, in the same run from the first to the last look. */
  readonly answered: number;
}

const SECONDS_MAX = 3_600;
const NAME = 'measured';
const MS_PER_SECOND = 1_000;

export function benchProfileCommand(context: CliContext): Command {
  return new Command('profile')
    .description('print what the nodes have measured of their requests, for `bench predict`')
    .option(
      '--seconds <number>',
      'count from now on, for so long; default: all since each node started',
      wholeNumberIn({ min: 1, max: SECONDS_MAX }),
    )
    .option('--name <text>', 'of the profile', NAME)
    .addOption(nodeOption())
    .addOption(timeoutOption('default: 5s'))
    .action((flags: ProfileFlags) => showProfile(context, flags));
}

async function showProfile(context: CliContext, flags: ProfileFlags): Promise<void> {
  const { legs, answered, asked } = await withMembers(context, flags, (members) =>
    countedLegs(
      context,
      members.map(({ admin }) => admin),
      flags.seconds,
    ),
  );
  const profile = legs.profile(flags.name);
  if (profile === undefined) {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `No profile without both: counted${since(flags)} were ${countsText(legs)}`,
    );
  }
  const { terminal } = context;
  await terminal.write(`${JSON.stringify(encodeProfile(profile), undefined, 2)}\n`);
  await terminal.writeError(
    `Counted${since(flags)} at ${answered} of ${asked} members: ${countsText(legs)}\n`,
  );
}

function countsText(legs: LegCounts): string {
  const [writes, copies] = [legs.count('mint'), legs.count('copy')];
  const [own, others] = [legs.count('lookup'), legs.count('read')];
  const written = `writes ${writes}, copies ${copies}`;
  return `${written}, looks into own copies ${own}, reads of others ${others}`;
}

function since({ seconds }: ProfileFlags): string {
  return seconds === undefined ? ' since each node started' : ` in ${seconds} s`;
}

async function countedLegs(
  { clock }: CliContext,
  admins: readonly AdminConnection[],
  seconds: number | undefined,
): Promise<Counted> {
  const now = await readNodeLegs(admins);
  const asked = admins.length;
  if (seconds === undefined) {
    const legs = new LegCounts();
    for (const { counts } of now) legs.merge(counts);
    return { legs, asked, answered: now.length };
  }
  await new Promise<void>((resolve) => clock.setTimer(seconds * MS_PER_SECOND, resolve));
  const later = await readNodeLegs(admins);
  const both = later.filter(({ start }) => now.some((before) => before.start === start));
  return { legs: legsBetween(now, later), asked, answered: both.length };
}
