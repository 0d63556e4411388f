/** The trace of one request (`--explain`) as a table with a time line: whom the coordinator asked,
 *  who answered when and with what, and which answers counted toward the level. */
import type { RequestTrace, RequestTraceStep } from '../client/types.ts';
import { type Look, renderTable } from './table.ts';

const BAR_CELLS = 24;

export function traceText(trace: RequestTrace, terminal: Look): string {
  const { coordinator, minter, partition, layoutVersion, elapsedMs } = trace;
  const minted = minter === '' ? '' : `, minted by ${minter}`;
  const title =
    `coordinator ${coordinator}${minted}, partition ${partition} of layout ${layoutVersion}, ` +
    `${milliseconds(elapsedMs)} at the coordinator\n`;
  const head = ['node', 'action', 'sent', 'answered', 'counted', 'outcome'];
  if (terminal.isTerminal) head.push('time line');
  const rows = trace.steps.map((step) => stepRow(step, trace, terminal.isTerminal));
  return title + renderTable({ head, rows, keys: 2 }, terminal);
}

function stepRow(step: RequestTraceStep, trace: RequestTrace, withBar: boolean): string[] {
  const hasAnswered = step.answeredAtMs > 0;
  const row = [
    step.node,
    step.action,
    milliseconds(step.sentAtMs),
    hasAnswered ? milliseconds(step.answeredAtMs) : '-',
    step.counted ? 'yes' : 'no',
    step.outcome === '' && !hasAnswered ? 'no answer before the reply' : step.outcome,
  ];
  return withBar ? [...row, timeLine(step, trace.elapsedMs)] : row;
}

/** `  ====|` from sending to the answer; `  ....` when none came in time. */
export function timeLine(step: RequestTraceStep, elapsedMs: number): string {
  const cellOf = (ms: number): number =>
    Math.min(BAR_CELLS - 1, Math.max(0, Math.floor((ms / Math.max(elapsedMs, 0.001)) * BAR_CELLS)));
  const from = cellOf(step.sentAtMs);
  if (step.answeredAtMs === 0) return ' '.repeat(from) + '.'.repeat(BAR_CELLS - from);
  return `${' '.repeat(from)}${'='.repeat(Math.max(0, cellOf(step.answeredAtMs) - from))}|`;
}

export function milliseconds(ms: number): string {
  return `${ms >= 100 ? Math.round(ms) : Number(ms.toFixed(2))} ms`;
}
