/** Metrics that nobody reads. */
import type { Metrics } from '../../env/metrics.ts';

export const nullMetrics: Metrics = {
  add() {},
  set() {},
  observe() {},
};
