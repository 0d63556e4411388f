/** How far a benchmark is, on one line of a terminal that is written over; nothing elsewhere. */
import type { LoadProgress } from '../bench/load-run.ts';
import type { RunConfig } from '../bench/run-report.ts';
import type { Timer } from '../env/clock.ts';
import type { ClientProcesses } from './bench-clients.ts';
import type { CliContext } from './ports.ts';

const EVERY_MS = 500;
const CLEAR_LINE = '\r\u001b[K';

/** Begins; returns what ends it and clears the line. */
export function showProgress(
  { terminal, clock }: Pick<CliContext, 'terminal' | 'clock'>,
  clients: ClientProcesses,
  config: Pick<RunConfig, 'keys'>,
): () => Promise<void> {
  if (!terminal.isErrorTerminal) return async () => {};
  const latest = new Map<number, LoadProgress>();
  let before = { phase: '', operations: 0, atMs: clock.monotonicMs() };
  let timer: Timer | undefined;
  let isOver = false;
  const tick = (): void => {
    clients.askProgress();
    if (latest.size > 0) {
      const whole = mergeProgress([...latest.values()]);
      const nowMs = clock.monotonicMs();
      const isSame = whole.phase === before.phase;
      const done = whole.operations - (isSame ? before.operations : 0);
      const perSecond = (done * 1_000) / Math.max(1, nowMs - before.atMs);
      before = { phase: whole.phase, operations: whole.operations, atMs: nowMs };
      void terminal.writeError(CLEAR_LINE + progressText(whole, perSecond, config.keys));
    }
    timer = clock.setTimer(EVERY_MS, tick);
  };
  clients.onProgress((client, progress) => latest.set(client, progress));
  timer = clock.setTimer(EVERY_MS, tick);
  return async () => {
    if (isOver) return;
    isOver = true;
    timer?.cancel();
    await terminal.writeError(CLEAR_LINE);
  };
}

/** Of all clients: the phase of the first, the sums, and the worst p99. */
export function mergeProgress(each: readonly LoadProgress[]): LoadProgress {
  const worst = Math.max(...each.map(({ p99Ms }) => p99Ms ?? -1));
  return {
    phase: each[0]?.phase ?? 'load',
    operations: each.reduce((sum, { operations }) => sum + operations, 0),
    errors: each.reduce((sum, { errors }) => sum + errors, 0),
    p99Ms: worst < 0 ? null : worst,
  };
}

export function progressText(progress: LoadProgress, perSecond: number, keys: number): string {
  const { phase, operations, errors, p99Ms } = progress;
  const rate = `${Math.round(perSecond).toLocaleString('en-US')} /s`;
  if (phase === 'load') return `load: ${operations} of ${keys} keys, ${rate}`;
  const p99 = p99Ms === null ? '' : `, p99 ${p99Ms.toFixed(1)} ms`;
  return `${phase}: ${rate}${p99}, ${errors} error${errors === 1 ? '' : 's'}`;
}
