/** `coterie bench report`: the result of a benchmark as tables, and as one page with charts. */
import { Command } from 'commander';
import { chartCards } from '../bench/report/cards.ts';
import type { Measured } from '../bench/report/measured.ts';
import { figuresTable, shortTables } from '../bench/report/tables.ts';
import type { CliContext } from './ports.ts';
import { readReportFile, writePage } from './report-file.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

interface ReportFlags {
  readonly out?: string;
}

export function benchReportCommand(context: CliContext): Command {
  return new Command('report')
    .description('show what `bench run --json` or `bench quorum --json` printed')
    .argument('<file>', 'its JSON')
    .option('--out <file>', 'write a page with charts that needs nothing else')
    .action((file: string, flags: ReportFlags) => showReport(context, file, flags));
}

async function showReport({ terminal }: CliContext, file: string, { out }: ReportFlags) {
  const measured = await readReportFile(file);
  if (out === undefined) return terminal.write(measuredText(measured, terminal));
  await writePage(measured, out);
  await terminal.write(`${out}\n`);
}

/** For people on a terminal; with ranges, tab-separated, for programs. */
export function measuredText(measured: Measured, terminal: Terminal): string {
  const { title, notes, facts, settings } = measured;
  const { bold } = terminal.colors;
  const figures = terminal.isTerminal ? shortTables(settings) : [figuresTable(settings)];
  const cards = chartCards(settings).flatMap(({ title: name, table }) =>
    table === undefined
      ? []
      : [`\n${bold(table.caption ?? name)}\n${renderTable(table, terminal)}`],
  );
  return [
    `${bold(title)}\n`,
    ...notes.map((note) => `! ${note}\n`),
    ...figures.map((table) => `\n${renderTable(table, terminal)}`),
    ...cards,
    `\n${facts.map(([what, which]) => `${what}: ${which}\n`).join('')}`,
  ].join('');
}
