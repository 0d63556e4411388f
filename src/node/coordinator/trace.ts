/** What `--explain` shows: which replicas were asked, who answered when and with what. There is one
 *  only when somebody asked for it: callers write `trace?.sent(...)`, so that no argument of it is
 *  computed for nobody. */
import type { Trace, TraceStep } from '../../wire/generated/coterie/v1/kv.ts';

export interface Recorder {
  /** Notes that something was sent; the number names the step. */
  sent(node: string, action: TraceStep['action']): number;
  answered(step: number, outcome: string, isCounted: boolean): void;
  /** The replica answered with a digest in place of its record. */
  digest(step: number, isCounted: boolean): void;
  /** What was told of the step before counts after all. */
  counted(step: number): void;
  minter(node: string): void;
  finish(): Trace | undefined;
}

export function recordTrace(
  nowMs: () => number,
  place: {
    readonly coordinator: string;
    readonly partition: number;
    readonly layoutVersion: number;
  },
): Recorder {
  const startedMs = nowMs();
  const steps: TraceStep[] = [];
  let minterName = '';
  const answered = (step: number, outcome: string, isCounted: boolean): void => {
    const entry = steps[step];
    if (entry === undefined) return;
    entry.answeredAtMs = nowMs() - startedMs;
    entry.outcome = outcome;
    entry.counted = isCounted;
  };
  return {
    sent: (node, action) => {
      const sentAtMs = nowMs() - startedMs;
      return (
        steps.push({ node, action, sentAtMs, answeredAtMs: 0, outcome: '', counted: false }) - 1
      );
    },
    answered,
    digest: (step, isCounted) => {
      const entry = steps[step];
      if (entry !== undefined) entry.action = 'digest';
      answered(step, isCounted ? 'the same record' : 'a record that is not known', isCounted);
    },
    counted: (step) => {
      const entry = steps[step];
      if (entry === undefined) return;
      entry.outcome = 'the same record';
      entry.counted = true;
    },
    minter: (node) => {
      minterName = node;
    },
    finish: () => ({
      coordinator: place.coordinator,
      minter: minterName,
      partition: place.partition,
      layoutVersion: place.layoutVersion,
      // Copies: replies that come later must not change a trace that is on its way out.
      steps: steps.map((step) => ({ ...step })),
      elapsedMs: nowMs() - startedMs,
    }),
  };
}
