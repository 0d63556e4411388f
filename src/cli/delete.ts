/** `coterie delete KEY`: deletes exactly what a read saw, its own or the one whose context is
 *  given. */
import { Command } from 'commander';
import type { DeleteOptions } from '../client/types.ts';
import { CoterieError } from '../core/errors.ts';
import { addDataOptions, connectOptions, type DataFlags, writeOptions } from './data-options.ts';
import type { CliContext } from './ports.ts';
import { deleteJson, jsonLine } from './result-json.ts';
import { deleteText } from './result-text.ts';
import { traceText } from './trace-text.ts';

interface DeleteFlags extends DataFlags {
  readonly blind?: boolean;
}

export function deleteCommand(context: CliContext): Command {
  const command = new Command('delete')
    .description('delete a key; without --context it is read first and what was seen is deleted')
    .argument('<key>')
    .option('--blind', 'skip that read and delete what the minting replica has');
  return addDataOptions(command, 'write').action((key: string, flags: DeleteFlags) =>
    deleteKey(context, key, flags),
  );
}

async function deleteKey(context: CliContext, key: string, flags: DeleteFlags): Promise<void> {
  const { terminal, ports } = context;
  const isBlind = flags.blind === true;
  if (isBlind && flags.context !== undefined) {
    throw new CoterieError('INVALID_ARGUMENT', 'Give either --blind or --context, not both');
  }
  const options: DeleteOptions = { ...writeOptions(flags), ...(isBlind ? { blind: true } : {}) };
  await using client = await ports.connect(connectOptions(flags, context));
  const result = await client.delete(key, options).catch((error: unknown) => {
    throw isBlind || flags.context !== undefined ? error : withReadNamed(error);
  });
  const name = { bucket: flags.bucket, key };
  if (flags.json === true) return terminal.write(jsonLine(deleteJson(name, result)));
  await terminal.write(deleteText(name, result, terminal));
  if (result.trace !== undefined) await terminal.write(traceText(result.trace, terminal));
}

/** The level in the message is then that of the read, which nobody gave: a weaker one
 *  alone is of no use. */
function withReadNamed(error: unknown): unknown {
  if (!(error instanceof CoterieError) || error.code !== 'NO_REPLICA') return error;
  const { retryable, applied } = error;
  const details = { ...error.details, readsFirst: true };
  const message = `${error.message} (without --context a delete reads first, at quorum at least)`;
  return new CoterieError(error.code, message, { retryable, applied, details, cause: error });
}
