import { expect, it } from 'vitest';
import { Latencies } from '../../src/bench/latencies.ts';
import type { RunReport } from '../../src/bench/run-report.ts';
import { STANDARD_SET, standardTable } from '../../src/bench/standard-set.ts';

function report(throughput: number, readMs: number, errors: RunReport['errors'] = {}): RunReport {
  const read = new Latencies();
  for (let count = 0; count < 10; count += 1) read.add(readMs);
  const none = new Latencies().summary();
  return {
    throughput,
    read: read.summary(),
    write: none,
    errors,
    cpuSecondsPer1000: { client: 0.02, nodes: null },
  } as RunReport;
}

it('shows the median of the repetitions between the lowest and the highest', () => {
  const reports = [report(900, 2), report(12_000, 4), report(1_000, 3, { OVERLOADED: 7 })];
  const lines = standardTable(new Map([['c', reports]])).split('\n');
  expect(lines[2]).toBe(
    '| YCSB C | 1,000 (900 to 12,000) | 3.00 (2.00 to 4.00) | 3.00 (2.00 to 4.00) |  |  | ' +
      '20.0 (20.0 to 20.0) |  | 7 |',
  );
  expect(lines).toHaveLength(4);
  for (const line of lines.slice(0, 3)) expect(line.match(/\|/g)).toHaveLength(10);
});

it('shows one run as it is, and leaves out what was not run', () => {
  const table = standardTable(new Map([['put', [report(55.25, 150)]]]));
  expect(table).toContain('| puts of new keys | 55.3 | 150 | 150 |');
  expect(table.split('\n')).toHaveLength(4);
});

it('has a name of its own for each load', () => {
  expect(new Set(STANDARD_SET.map(({ name }) => name)).size).toBe(STANDARD_SET.length);
});
