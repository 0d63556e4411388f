/** Rows of text: a table on a terminal, tab-separated lines for programs.
 *  Invariant: no line is wider than the terminal, whose own wrapping would take a row apart. Long
 *  texts are wrapped in their column; when that is not enough the columns are spread over several
 *  tables, each of which begins with those that say what a row is of. */
import { stripVTControlCharacters } from 'node:util';
import CliTable from 'cli-table3';
import type { Terminal } from './terminal.ts';

export interface Table {
  /** Empty where each row names itself. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** So many first columns say what a row is of; default: 1. */
  readonly keys?: number;
}

export type Look = Pick<Terminal, 'isTerminal' | 'colors' | 'columns'>;

/** Of a terminal that does not tell. */
const COLUMNS = 100;
/** Of a terminal that is too narrow for anything. */
const COLUMNS_MIN = 40;
/** A column is not made narrower than this so that all fit side by side. */
const WRAPPED_MIN = 30;
const GAP = 2;

export function renderTable(table: Table, look: Look): string {
  const { head, rows, keys = 1 } = table;
  if (!look.isTerminal) {
    const all = head.length === 0 ? rows : [head, ...rows];
    return all.map((row) => `${row.join('\t')}\n`).join('');
  }
  const columns = Math.max(COLUMNS_MIN, look.columns ?? COLUMNS);
  const natural = naturalWidths(table);
  const narrow = narrowed(natural, columns);
  const isEnough = totalOf(narrow) <= columns;
  const parts = spread(isEnough ? narrow : natural, keys, columns);
  return parts.map((part) => drawn(table, part, look)).join('\n');
}

/** A column and how wide it may be. */
interface Column {
  readonly at: number;
  readonly width: number;
}

function naturalWidths({ head, rows }: Table): number[] {
  const count = Math.max(head.length, ...rows.map((row) => row.length));
  return Array.from({ length: count }, (_, at) =>
    Math.max(0, ...[head, ...rows].map((row) => visibleLength(row[at] ?? ''))),
  );
}

/** The widest ones give way, as far as they can. */
function narrowed(natural: readonly number[], columns: number): number[] {
  const widths = [...natural];
  let excess = totalOf(widths) - columns;
  while (excess > 0) {
    const widest = Math.max(...widths);
    const at = widths.indexOf(widest);
    const next = Math.max(0, ...widths.filter((width) => width < widest));
    const width = Math.max(WRAPPED_MIN, next, widest - excess);
    if (width >= widest) break;
    excess -= widest - width;
    widths[at] = width;
  }
  return widths;
}

/** As many tables as it takes. */
function spread(widths: readonly number[], keys: number, columns: number): Column[][] {
  const all = widths.map((width, at) => ({ at, width: Math.min(width, columns) }));
  const first = all.slice(0, keys);
  const room = columns - sum(first.map(({ width }) => width + GAP));
  const parts: Column[][] = [];
  let part: Column[] = [];
  let left = room;
  for (const { at, width: wanted } of all.slice(keys)) {
    const width = Math.min(wanted, Math.max(1, room));
    if (part.length > 0 && width > left) {
      parts.push([...first, ...part]);
      part = [];
      left = room;
    }
    part.push({ at, width });
    left -= width + GAP;
  }
  return [...parts, [...first, ...part]];
}

function drawn({ head, rows }: Table, part: readonly Column[], { colors }: Look): string {
  const cells = (row: readonly string[], color = (text: string) => text): string[] =>
    part.map(({ at, width }) =>
      wrapped(row[at] ?? '', width)
        .map(color)
        .join('\n'),
    );
  const table = new CliTable({
    head: head.length === 0 ? [] : cells(head, colors.bold),
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
      middle: ' '.repeat(GAP),
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push(cells(row));
  return `${table.toString()}\n`;
}

/** Between parts of a list if that leaves no short line, else between words, else anywhere. What is
 *  coloured is short, and stays as it is. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width && !rest.includes('\u001b')) {
    const head = rest.slice(0, width + 1);
    const part = Math.max(head.lastIndexOf(', '), head.lastIndexOf('; ')) + 1;
    const word = head.lastIndexOf(' ');
    const end = part > width / 3 ? part : word > 0 ? word : width;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}

function totalOf(widths: readonly number[]): number {
  return sum(widths) + GAP * Math.max(0, widths.length - 1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
