/** The set of runs that the figures in docs/performance.md come from, and the table they make.
 *  Not here: running them (cli/bench-standard.ts). */
import type { RunReport } from './run-report.ts';

export interface StandardLoad {
  /** Of the row, and of its files. */
  readonly name: string;
  readonly about: string;
  /** Of `coterie bench run`. */
  readonly flags: readonly string[];
}

const CORE: readonly StandardLoad[] = ['a', 'b', 'c', 'd', 'f'].map((letter) => ({
  name: letter,
  about: `YCSB ${letter.toUpperCase()}`,
  flags: ['--workload', letter],
}));

export const STANDARD_SET: readonly StandardLoad[] = [
  ...CORE,
  { name: 'put', about: 'puts of new keys', flags: ['--mix', 'insert=1'] },
  {
    name: 'a-one',
    about: 'YCSB A, read and write at one',
    flags: ['--workload', 'a', '--read-level', 'one', '--write-level', 'one'],
  },
  {
    name: 'a-4k',
    about: 'YCSB A, values of 4 KiB',
    flags: ['--workload', 'a', '--value-bytes', '4096'],
  },
  {
    name: 'a-rate',
    about: 'YCSB A, 1,000 /s whether answered or not',
    flags: ['--workload', 'a', '--rate', '1000'],
  },
  {
    name: 'a-alone',
    about: 'YCSB A, one request at a time',
    flags: ['--workload', 'a', '--in-flight', '1'],
  },
];

const HEAD = [
  'load',
  'operations/s',
  'read p50 ms',
  'read p99 ms',
  'write p50 ms',
  'write p99 ms',
  'client CPU us/op',
  'nodes CPU us/op',
  'errors',
];

/** Markdown: for each load the median of its repetitions, with the lowest and the highest. */
export function standardTable(results: ReadonlyMap<string, readonly RunReport[]>): string {
  const rows = STANDARD_SET.flatMap(({ name, about }) => {
    const reports = results.get(name) ?? [];
    return reports.length === 0 ? [] : [[about, ...cellsOf(reports)]];
  });
  const lines = [HEAD, HEAD.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function cellsOf(reports: readonly RunReport[]): string[] {
  const us = (per1000: number | null): number | null => (per1000 === null ? null : per1000 * 1_000);
  const errors = reports.flatMap((report) => Object.values(report.errors));
  return [
    spread(reports.map(({ throughput }) => throughput)),
    spread(reports.map(({ read }) => read.p50Ms)),
    spread(reports.map(({ read }) => read.p99Ms)),
    spread(reports.map(({ write }) => write.p50Ms)),
    spread(reports.map(({ write }) => write.p99Ms)),
    spread(reports.map(({ cpuSecondsPer1000 }) => us(cpuSecondsPer1000.client))),
    spread(reports.map(({ cpuSecondsPer1000 }) => us(cpuSecondsPer1000.nodes))),
    String(errors.reduce((sum, count) => sum + count, 0)),
  ];
}

/** `median (lowest to highest)`; empty when there is nothing. */
function spread(values: readonly (number | null)[]): string {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  const [lowest] = sorted;
  const highest = sorted.at(-1);
  if (median === undefined || lowest === undefined || highest === undefined) return '';
  if (sorted.length === 1) return figure(median);
  return `${figure(median)} (${figure(lowest)} to ${figure(highest)})`;
}

function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 10 ? 1 : 2);
}
