/** From the JSON of a benchmark to what is reported of it. */
import { CoterieError } from '../../core/errors.ts';
import { JsonFields } from './json-fields.ts';
import type { Measured } from './measured.ts';
import { measuredQuorum, QUORUM_FORMAT } from './read-quorum.ts';
import { measuredRun, RUN_FORMAT } from './read-run.ts';

const READERS: Readonly<Record<string, (fields: JsonFields) => Measured>> = {
  [QUORUM_FORMAT]: measuredQuorum,
  [RUN_FORMAT]: measuredRun,
};

/** Errors: INVALID_ARGUMENT. */
export function readReport(value: unknown): Measured {
  const fields = new JsonFields(value);
  const format = fields.text('format');
  const read = Object.hasOwn(READERS, format) ? READERS[format] : undefined;
  if (read === undefined) {
    const known = Object.keys(READERS).join(', ');
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `format is ${JSON.stringify(format)}; this version reads ${known}`,
    );
  }
  return read(fields);
}
