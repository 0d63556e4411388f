/** `coterie put KEY VALUE`: stores one value. */
import { createReadStream } from 'node:fs';
import { Command } from 'commander';
import type { PutOptions } from '../client/types.ts';
import { CoterieError } from '../core/errors.ts';
import { VALUE_BYTES_MAX } from '../core/limits.ts';
import { addDataOptions, connectOptions, type DataFlags, writeOptions } from './data-options.ts';
import type { CliContext } from './ports.ts';
import { jsonLine, putJson } from './result-json.ts';
import { putText } from './result-text.ts';
import { traceText } from './trace-text.ts';

interface PutFlags extends DataFlags {
  readonly file?: string;
  readonly overwrite?: boolean;
}

const EXAMPLES = `
Examples:
  coterie put cart:42 '{"sku":1}' --consistency quorum
  coterie put cart:42 - < cart.json
  coterie put cart:42 --file cart.json --context TOKEN   replace what a get showed
  coterie put balance -- -5                              a value that begins with a dash
`;

export function putCommand(context: CliContext): Command {
  const command = new Command('put')
    .description('store a value')
    .argument('<key>')
    .argument('[value]', '- takes the bytes of standard input')
    .option('--file <path>', 'take the bytes of a file')
    .option('--overwrite', 'replace whatever the minting replica has, without looking');
  return addDataOptions(command, 'write')
    .addHelpText('after', EXAMPLES)
    .action((key: string, value: string | undefined, flags: PutFlags) =>
      put(context, key, value, flags),
    );
}

async function put(
  context: CliContext,
  key: string,
  argument: string | undefined,
  flags: PutFlags,
): Promise<void> {
  const { terminal, ports } = context;
  const isOverwrite = flags.overwrite === true;
  if (isOverwrite && flags.context !== undefined) {
    throw usage('Give either --overwrite or --context, not both');
  }
  const options: PutOptions = {
    ...writeOptions(flags),
    ...(isOverwrite ? { overwrite: true } : {}),
  };
  const value = await readValue(context, argument, flags.file);
  const name = { bucket: flags.bucket, key };
  await using client = await ports.connect(connectOptions(flags, context));
  const result = await client.put(key, value, options);
  if (flags.json === true) return terminal.write(jsonLine(putJson(name, result, isOverwrite)));
  await terminal.write(putText(name, result, terminal, isOverwrite));
  if (result.trace !== undefined) await terminal.write(traceText(result.trace, terminal));
}

async function readValue(
  context: CliContext,
  argument: string | undefined,
  file: string | undefined,
): Promise<string | Uint8Array> {
  if (file !== undefined) {
    if (argument !== undefined) throw usage('Give either a value or --file, not both');
    return readFile(file);
  }
  if (argument === undefined) throw usage('Give a value, - for standard input, or --file PATH');
  return argument === '-' ? readBytes(context.terminal.input, 'standard input') : argument;
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    return await readBytes(createReadStream(path), path);
  } catch (error) {
    if (error instanceof CoterieError || !(error instanceof Error)) throw error;
    throw new CoterieError('INVALID_ARGUMENT', `--file cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}

/** Stops at the limit, so that an endless input costs no memory. */
async function readBytes(input: AsyncIterable<Uint8Array>, origin: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    length += chunk.length;
    if (length > VALUE_BYTES_MAX) {
      throw new CoterieError(
        'VALUE_TOO_LARGE',
        `The value from ${origin} has more than ${VALUE_BYTES_MAX} bytes, which is the limit`,
        { details: { limit: VALUE_BYTES_MAX } },
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}
