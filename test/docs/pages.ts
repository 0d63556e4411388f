/** The pages of docs/ that are made from tables in the source. `npm run docs` writes them. */
import { exitCodeOf } from '../../src/cli/error-report.ts';
import { CoterieError, ERROR_CODES, type ErrorCode } from '../../src/core/errors.ts';
import { METRICS, type MetricSpec } from '../../src/env/metrics.ts';
import { grpcStatusOf } from '../../src/wire/error-codec.ts';

/** Names of google.rpc.Code, by number. */
const STATUS_NAMES: Readonly<Record<number, string>> = {
  1: 'CANCELLED',
  3: 'INVALID_ARGUMENT',
  4: 'DEADLINE_EXCEEDED',
  8: 'RESOURCE_EXHAUSTED',
  9: 'FAILED_PRECONDITION',
  10: 'ABORTED',
  13: 'INTERNAL',
  14: 'UNAVAILABLE',
  15: 'DATA_LOSS',
};

export function errorsPage(): string {
  const lines = [
    '# Errors',
    '',
    'Made from `src/core/errors.ts` by `npm run docs`; a test compares the two.',
    '',
    'Every failure is a `CoterieError` with a stable `code`. Two facts say what a program may do:',
    '',
    '- `retryable`: the same request, with the same request id, may be sent again as it is.',
    '- `applied`: `no` means that no replica will ever show the write; `unknown` means that ' +
      'one may,',
    '  now or later. An error may carry a better answer than the one its code has here: a ' +
      'coordinator',
    '  that knows that nothing was sent says `no` where the code alone would say `unknown`.',
    '',
    'The message is for people and may change; it contains the numbers and what to do. ' +
      '`details` holds',
    'the same numbers for programs. A failed unary call carries all of it in the trailer',
    '`coterie-error-bin`; the command line prints it and exits with the code of the family.',
    '',
    '| code | family | exit | gRPC status | retryable | applied | meaning |',
    '|---|---|---|---|---|---|---|',
  ];
  for (const [code, spec] of Object.entries(ERROR_CODES)) {
    const status = grpcStatusOf(code as ErrorCode);
    const cells = [
      `\`${code}\``,
      spec.family,
      exitCodeOf(new CoterieError(code as ErrorCode, '')),
      `${STATUS_NAMES[status] ?? 'UNKNOWN'} (${status})`,
      spec.retryable ? 'yes' : 'no',
      spec.applied,
      spec.meaning,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  lines.push(
    '',
    'Exit 0 is success. Exit 1 is an answer and no error: of `get` that the key was not found, ' +
      'of `advise` that',
    'no setting meets the goals, of `bench compare` that a figure differs, of `sim` that a ' +
      'promise was broken.',
    'Exit 7 is of `bench compare`: neither report knows its noise, so nothing was judged. ' +
      'Exit 130 is Ctrl-C.',
  );
  return `${lines.join('\n')}\n`;
}

export function metricsPage(): string {
  const lines = [
    '# Metrics',
    '',
    'Made from `src/env/metrics.ts` by `npm run docs`; a test compares the two.',
    '',
    '`--metrics HOST:PORT` serves them as Prometheus text. No label carries a key, a bucket ' +
      'or anything',
    'else that a user can make without bound. Times are seconds.',
    '',
    '| metric | kind | labels | meaning | buckets |',
    '|---|---|---|---|---|',
  ];
  for (const [name, spec] of Object.entries<MetricSpec>(METRICS)) {
    const labels = spec.labels.map((label) => `\`${label}\``).join(', ');
    const buckets = spec.buckets?.join(', ') ?? '';
    lines.push(`| \`${name}\` | ${spec.kind} | ${labels} | ${spec.help} | ${buckets} |`);
  }
  return `${lines.join('\n')}\n`;
}
