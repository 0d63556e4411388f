/** `coterie bench compare`: two results of the same benchmark, figure by figure. */
import { Command } from 'commander';
import { type Comparison, compareReports, type Difference } from '../bench/report/compare.ts';
import { figureTitle, valueText } from '../bench/report/figure-text.ts';
import { FIGURES, type Figure, type FigureName } from '../bench/report/measured.ts';
import type { CliContext } from './ports.ts';
import { readReportFile } from './report-file.ts';
import { jsonLine } from './result-json.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

const EXIT_DIFFERS = 1;
/** Neither a yes nor a no: whoever waits for 0 must not take it for a yes. */
const EXIT_NOT_JUDGED = 7;
const SHOWN_DIFFERENCES = 20;
const NOT_JUDGED =
  'NOTHING WAS JUDGED: neither report says how far a second run may be from it, so look at the ' +
  'ratios. Measure both again: `bench run` of this version and `bench quorum` state their noise.';
const HEAD = ['setting', 'figure', 'a', 'b', 'b / a', 'verdict'];

export function benchCompareCommand(context: CliContext): Command {
  return new Command('compare')
    .description(
      'compare two reports; exit code 1 when a figure differs by more than their noise, 7 when ' +
        'neither knows any noise',
    )
    .argument('<a>', 'JSON of the earlier report')
    .argument('<b>', 'JSON of the later one')
    .option('--json', 'print one JSON object')
    .action((a: string, b: string, flags: { readonly json?: boolean }) =>
      showComparison(context, { a, b, isJson: flags.json === true }),
    );
}

interface Compared {
  readonly a: string;
  readonly b: string;
  readonly isJson: boolean;
}

async function showComparison(context: CliContext, { a, b, isJson }: Compared): Promise<void> {
  const comparison = compareReports(await readReportFile(a), await readReportFile(b));
  if (comparison.differ > 0) context.exitCode = EXIT_DIFFERS;
  else if (!comparison.isJudged) context.exitCode = EXIT_NOT_JUDGED;
  const { terminal } = context;
  await terminal.write(
    isJson
      ? jsonLine({ format: 'coterie-bench-compare/1', a, b, ...comparison })
      : comparisonText(comparison, terminal),
  );
}

function comparisonText(comparison: Comparison, terminal: Terminal): string {
  const { figures, agree, differ, unknown } = comparison;
  const { colors } = terminal;
  const rows = figures.map(({ setting, figure, a, b, ratio, verdict }) => [
    setting,
    figureTitle(figure),
    rangeText(figure, a),
    rangeText(figure, b),
    ratio === null ? '' : ratio.toFixed(ratio < 10 ? 3 : 1),
    verdict === 'differs' ? colors.yellow(`differs, ${betterText(figure, a, b)}`) : verdict,
  ]);
  const sums = [
    `${agree} ${agree === 1 ? 'agrees' : 'agree'}`,
    `${differ} ${differ === 1 ? 'differs' : 'differ'}`,
    ...(unknown === 0 ? [] : [`${unknown} cannot be judged, for neither report knows their noise`]),
  ];
  return [
    renderTable({ head: HEAD, rows, keys: 2 }, terminal),
    `\n${sums.join(', ')}.\n`,
    comparison.isJudged ? '' : `${colors.bold(colors.red(NOT_JUDGED))}\n`,
    differencesText(
      'Not asked for alike, so these are figures of different things',
      comparison.asked,
    ),
    differencesText('Measured elsewhere or with something else', comparison.surroundings),
    aloneText('a', comparison.onlyA),
    aloneText('b', comparison.onlyB),
  ].join('');
}

function rangeText(name: FigureName, { value, low, high }: Figure): string {
  const text = valueText(name, value);
  if (low === null || high === null) return text;
  return `${text} [${valueText(name, low)}..${valueText(name, high)}]`;
}

function betterText(figure: FigureName, a: Figure, b: Figure): string {
  const isHigher = b.value > a.value;
  return isHigher === (FIGURES[figure].better === 'higher') ? 'b is better' : 'b is worse';
}

function differencesText(title: string, differences: readonly Difference[]): string {
  if (differences.length === 0) return '';
  const lines = differences
    .slice(0, SHOWN_DIFFERENCES)
    .map(({ what, a, b }) => `  ${what}: ${a ?? 'nothing'} -> ${b ?? 'nothing'}\n`);
  const more = differences.length - lines.length;
  return `${title}:\n${lines.join('')}${more > 0 ? `  and ${more} more\n` : ''}`;
}

function aloneText(which: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `Only in ${which}: ${names.join('; ')}\n`;
}
