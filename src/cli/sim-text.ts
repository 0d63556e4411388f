/** What a simulation came to, for people. */
import type { CampaignReport, RunSummary } from '../sim/campaign.ts';
import { whole } from './counted.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export function progressLine(done: readonly RunSummary[], runs: number): string {
  const failed = done.filter(({ violations }) => violations.length > 0).length;
  const operations = done.reduce((sum, run) => sum + run.operations, 0);
  return `${done.length} of ${runs} runs, ${whole(operations)} operations, ${failed} failed`;
}

export function reportText(report: CampaignReport, terminal: Terminal): string {
  const { realSeconds, virtualSeconds, violations, acknowledged } = report;
  const speed = realSeconds === 0 ? 0 : virtualSeconds / realSeconds;
  const rows: [string, string][] = [
    ['runs', `${whole(report.runs)} from seed ${report.firstSeed}`],
    ['operations', whole(report.operations)],
    ['acknowledged', `${whole(acknowledged)} (${share(acknowledged, report.operations)})`],
    ['faults injected', listed(report.faults) || 'none'],
    ['frames delivered', whole(report.messages)],
    ['virtual time', `${whole(virtualSeconds)} s in ${realSeconds.toFixed(1)} s`],
    ['virtual per real time', `${whole(speed)} times`],
    ['operations per real second', perSecond(report.operations, realSeconds)],
    ['rare paths', listed(report.sometimes) || 'none'],
    ['checks passed', listed(report.checksPassed) || 'none'],
    ['not enabled yet', waiting(report) || 'none'],
    ['trace hash', report.traceHash],
    ['violations', String(violations.length)],
  ];
  const table = renderTable({ head: [], rows }, terminal);
  const broken = violations.map(
    ({ seed, check, message, replay }) =>
      `seed ${seed} breaks ${check}: ${message}\n  repeat it: ${replay}\n`,
  );
  return `${table}${broken.join('')}`;
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${whole(count)}`)
    .join(', ');
}

function waiting({ notEnabled }: CampaignReport): string {
  return notEnabled.map(({ name, needs }) => `${name} (needs ${needs.join(', ')})`).join(', ');
}

function perSecond(count: number, seconds: number): string {
  return seconds === 0 ? '-' : whole(count / seconds);
}

function share(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(1)} %`;
}
