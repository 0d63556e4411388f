/** `coterie ring`: who owns how much, or where one key lives. */
import { Command } from 'commander';
import { CoterieError } from '../core/errors.ts';
import { DEFAULT_BUCKET } from '../core/limits.ts';
import { decodeLayout, layoutHash } from '../core/ring/layout.ts';
import { Ring } from '../core/ring/ring.ts';
import { checkBucket, nodeOption, timeoutOption } from './data-options.ts';
import { type AdminFlags, firstAnswer } from './first-answer.ts';
import type { CliContext } from './ports.ts';
import { jsonLine } from './result-json.ts';
import { keyText, ringText, viewKey, viewOwners, viewRing } from './ring-view.ts';

interface RingFlags extends AdminFlags {
  readonly key?: string;
  readonly bucket: string;
}

export function ringCommand(context: CliContext): Command {
  return new Command('ring')
    .description('show who owns which part of the data, or where one key lives')
    .option('--key <key>', 'show the nodes that hold this key')
    .option('-b, --bucket <name>', 'bucket of the key', DEFAULT_BUCKET)
    .addOption(nodeOption())
    .addOption(timeoutOption('default: 5s'))
    .option('--json', 'print one JSON object')
    .action((flags: RingFlags) => showRing(context, flags));
}

async function showRing(context: CliContext, flags: RingFlags): Promise<void> {
  const { terminal } = context;
  const { key, bucket } = flags;
  checkBucket(bucket);
  const { layout } = await firstAnswer(context, flags, (admin) => admin.layout({}));
  if (layout.length === 0) {
    throw new CoterieError(
      'NOT_INITIALISED',
      'The node belongs to no cluster yet: `coterie status` says why, and whether to run ' +
        '`coterie cluster init`',
    );
  }
  const ring = new Ring(decodeLayout(layout), layoutHash(layout));
  const view = viewRing(ring);
  if (flags.json === true) {
    const rest = key === undefined ? { owners: viewOwners(ring) } : viewKey(ring, bucket, key);
    return terminal.write(jsonLine({ ...view, ...rest }));
  }
  const shown =
    key === undefined ? ringText(view, terminal) : keyText(viewKey(ring, bucket, key), terminal);
  await terminal.write(shown);
}
