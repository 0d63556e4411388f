/** Goals on the command line: how long something may take, how fresh reads must be. */
import { InvalidArgumentError } from 'commander';
import type { FreshGoal } from '../core/pbs/advice.ts';

const MS_MAX = 1e9;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s)?$/;
const FRESH = /^(\d+(?:\.\d+)?)%@(.+)$/;

/** `5ms`, `0.5ms`, `2s`, `5` (milliseconds). */
export function parseDuration(text: string): number {
  const ms = durationOf(text);
  if (ms === undefined) throw new InvalidArgumentError('It must be a time such as 5ms or 0.2s.');
  return ms;
}

/** `99.9%@10ms`; may be given several times. */
export function collectFresh(text: string, before: readonly FreshGoal[] = []): FreshGoal[] {
  const [, percent, time] = FRESH.exec(text) ?? [];
  // Not divided by 100: 99.9 would come to a little more than 0.999.
  const share = Number(`${percent}e-2`);
  const afterMs = durationOf(time ?? '');
  if (afterMs === undefined || !(share > 0 && share <= 1)) {
    throw new InvalidArgumentError('It must be a share and a time after the write: 99.9%@10ms.');
  }
  return [...before, { share, afterMs }];
}

function durationOf(text: string): number | undefined {
  const [, number, unit] = DURATION.exec(text) ?? [];
  const ms = Number(number) * (unit === 's' ? 1_000 : 1);
  return ms >= 0 && ms <= MS_MAX ? ms : undefined;
}
