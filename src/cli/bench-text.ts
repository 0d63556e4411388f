/** The result of a benchmark for people. */
import type { LatencySummary } from '../bench/latencies.ts';
import type { RunConfig, RunReport } from '../bench/run-report.ts';
import { whole } from './counted.ts';
import { type Look, renderTable } from './table.ts';

export function runText(report: RunReport, terminal: Look): string {
  const { elapsedSeconds, operations, throughput, errors, cpuSecondsPer1000 } = report;
  const kinds = [
    ['read', report.read],
    ['write', report.write],
    ['read-modify-write', report.rmw],
  ] as const;
  const latencies = renderTable(
    {
      head: ['', 'count', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms'],
      rows: kinds
        .filter(([, { count }]) => count > 0)
        .map(([name, summary]) => [name, ...latencyCells(summary)]),
    },
    terminal,
  );
  const failed = Object.entries(errors).map(([code, count]) => `${code} ${whole(count)}`);
  const notes = [
    report.isInterrupted ? 'It was interrupted: the figures are of what was done until then.' : '',
    report.unstarted > 0
      ? `${whole(report.unstarted)} operations were due and never begun: it cannot keep this rate.`
      : '',
    report.notFound > 0 ? `${whole(report.notFound)} reads found no value.` : '',
    report.siblingReads > 0 ? `${whole(report.siblingReads)} reads found siblings.` : '',
  ];
  return [
    `${settingText(report)}\n`,
    `${elapsedSeconds.toFixed(1)} s, ${whole(operations)} operations, ${whole(throughput)} /s\n`,
    latencies,
    `errors: ${failed.length === 0 ? 'none' : failed.join(', ')}\n`,
    `processor seconds per 1,000 operations: client ${seconds(cpuSecondsPer1000.client)}, ` +
      `nodes ${seconds(cpuSecondsPer1000.nodes)}\n`,
    ...notes.filter((note) => note !== '').map((note) => `${note}\n`),
  ].join('');
}

function settingText({ workload, config, cluster }: RunReport): string {
  const { kind, nodes, replicas } = cluster;
  const copies = replicas === null ? '' : `, ${replicas} ${replicas === 1 ? 'copy' : 'copies'}`;
  const clients = config.clients === 1 ? '1 client' : `${config.clients} clients`;
  return (
    `workload ${workload}, ${config.distribution}, ${whole(config.keys)} keys of ` +
    `${config.valueBytes} bytes; ${nodes} ${kind} node${nodes === 1 ? '' : 's'}${copies}; ` +
    `read ${levelText(config.read)}, write ${levelText(config.write)}; ` +
    `${paceText(config)}, ${clients}`
  );
}

function levelText(level: Readonly<Record<string, unknown>>): string {
  const { consistency, ...numbers } = level;
  const words = Object.entries(numbers).map(([name, value]) => `${name}=${value}`);
  return [...(consistency === undefined ? [] : [String(consistency)]), ...words].join(' ');
}

function paceText({ pace }: RunConfig): string {
  return pace.kind === 'closed'
    ? `${pace.inFlight} in flight`
    : `${whole(pace.perSecond)} /s whether answered or not`;
}

function latencyCells({ count, p50Ms, p99Ms, p999Ms, maxMs }: LatencySummary): string[] {
  return [whole(count), ...[p50Ms, p99Ms, p999Ms, maxMs].map((ms) => ms?.toFixed(2) ?? '')];
}

function seconds(value: number | null): string {
  return value === null ? 'unknown' : value.toFixed(3);
}
