/** Rows of text: a table on a terminal, tab-separated lines for programs. */
import CliTable from 'cli-table3';
import type { Terminal } from './terminal.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export type Look = Pick<Terminal, 'isTerminal' | 'colors'>;

export function renderTable(table: Table, look: Look): string {
  if (!look.isTerminal) {
    return [table.head, ...table.rows].map((row) => `${row.join('\t')}\n`).join('');
  }
  const drawn = new CliTable({
    head: table.head.map((text) => look.colors.bold(text)),
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of table.rows) drawn.push([...row]);
  return `${drawn.toString()}\n`;
}
