/** The clock of this machine. */
// The global of this name is read through a getter at every use.
import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from '../../env/clock.ts';

/** setTimeout takes a larger delay for 1 ms; 24.8 days is for ever here. */
const DELAY_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs: number, callback: () => void): Timer {
    const handle = setTimeout(callback, Math.min(Math.max(delayMs, 0), DELAY_MS_MAX));
    return { cancel: () => clearTimeout(handle) };
  },
  defer(callback: () => void): void {
    setImmediate(callback);
  },
};
