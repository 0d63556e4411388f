/** `coterie get KEY`: shows the value of a key, or all of its siblings. */
import { Command } from 'commander';
import type { GetResult } from '../client/types.ts';
import { CoterieError } from '../core/errors.ts';
import { wholeNumberIn } from './arguments.ts';
import { addDataOptions, connectOptions, type DataFlags, readOptions } from './data-options.ts';
import { EXIT_KEY_NOT_FOUND } from './error-report.ts';
import type { CliContext } from './ports.ts';
import { getJson, jsonLine, type KeyName } from './result-json.ts';
import { getText, notFoundText } from './result-text.ts';
import { traceText } from './trace-text.ts';

interface GetFlags extends DataFlags {
  readonly raw?: boolean;
  readonly sibling?: number;
}

export function getCommand(context: CliContext): Command {
  const command = new Command('get')
    .description('show the value of a key; exits 1 when there is none')
    .argument('<key>')
    .option('--raw', 'write the bytes of the value and nothing else')
    .option(
      '--sibling <index>',
      'with --raw: which one of several siblings, from 0',
      wholeNumberIn({ min: 0, max: 65_535 }),
    );
  return addDataOptions(command, 'read').action((key: string, flags: GetFlags) =>
    get(context, key, flags),
  );
}

async function get(context: CliContext, key: string, flags: GetFlags): Promise<void> {
  const { terminal, ports } = context;
  const options = readOptions(flags);
  if (flags.raw === true && flags.json === true) throw usage('Give either --raw or --json');
  if (flags.sibling !== undefined && flags.raw !== true) throw usage('--sibling needs --raw');
  await using client = await ports.connect(connectOptions(flags, context));
  const result = await client.get(key, options);
  const name = { bucket: flags.bucket, key };
  if (!result.found) context.exitCode = EXIT_KEY_NOT_FOUND;
  if (flags.json === true) return terminal.write(jsonLine(getJson(name, result)));
  const trace = result.trace === undefined ? '' : traceText(result.trace, terminal);
  if (!result.found) return terminal.writeError(notFoundText(name, result) + trace);
  if (flags.raw === true) {
    await terminal.write(pickSibling(name, result, flags.sibling));
    return terminal.writeError(trace);
  }
  await terminal.write(getText(name, result, terminal) + trace);
}

/** Errors: SIBLINGS when there are several and none is picked, INVALID_ARGUMENT when there is no
 *  such one. */
export function pickSibling(
  name: KeyName,
  { siblings }: Pick<GetResult, 'siblings'>,
  index: number | undefined,
): Uint8Array {
  if (index === undefined && siblings.length > 1) {
    throw new CoterieError(
      'SIBLINGS',
      `${name.key} has ${siblings.length} siblings, not one value`,
      {
        details: { bucket: name.bucket, key: name.key, count: siblings.length },
      },
    );
  }
  const sibling = siblings[index ?? 0];
  if (sibling === undefined) {
    throw usage(`--sibling is ${index}; ${name.key} has ${siblings.length}, counted from 0`);
  }
  return sibling.value;
}

function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}
