/** What a simulation came to, for people. */
import type { CampaignReport, RunSummary } from '../sim/campaign.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export function progressLine(done: readonly RunSummary[], runs: number): string {
  const failed = done.filter(({ violations }) => violations.length > 0).length;
  const operations = done.reduce((sum, run) => sum + run.operations, 0);
  return `${done.length} of ${runs} runs, ${operations} operations, ${failed} failed`;
}

export function reportText(report: CampaignReport, terminal: Terminal): string {
  const { realSeconds, virtualSeconds, violations } = report;
  const speed = realSeconds === 0 ? 0 : virtualSeconds / realSeconds;
  const rows: [string, string][] = [
    ['runs', `${report.runs} from seed ${report.firstSeed}`],
    ['operations', String(report.operations)],
    ['acknowledged', `${report.acknowledged} (${share(report.acknowledged, report.operations)})`],
    ['faults injected', listed(report.faults) || 'none'],
    ['frames delivered', String(report.messages)],
    ['virtual time', `${virtualSeconds.toFixed(0)} s in ${realSeconds.toFixed(1)} s`],
    ['virtual per real time', `${speed.toFixed(0)} times`],
    ['operations per real second', perSecond(report.operations, realSeconds)],
    ['rare paths', listed(report.sometimes) || 'none'],
    ['checks passed', listed(report.checksPassed) || 'none'],
    ['not enabled yet', waiting(report) || 'none'],
    ['trace hash', report.traceHash],
    ['violations', String(violations.length)],
  ];
  const table = renderTable({ head: ['what', 'how much'], rows }, terminal);
  const broken = violations.map(
    ({ seed, check, message, replay }) =>
      `seed ${seed} breaks ${check}: ${message}\n  repeat it: ${replay}\n`,
  );
  return `${table}${broken.join('')}`;
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function waiting({ notEnabled }: CampaignReport): string {
  return notEnabled.map(({ name, needs }) => `${name} (needs ${needs.join(', ')})`).join(', ');
}

function perSecond(count: number, seconds: number): string {
  return seconds === 0 ? '-' : (count / seconds).toFixed(0);
}

function share(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(1)} %`;
}
