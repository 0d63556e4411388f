/** What do the metrics of a node tell: how full were its queues, which rare paths did it take?
 *  Counters and high marks go on over all processes of a node; what a process shows of its present
 *  begins anew with each.
 *  Invariant: it only listens.
 *  Not here: judging (checkers/bounds.ts). */
import type { MetricName, Metrics } from '../../env/metrics.ts';
import type { Watermark } from '../history.ts';
import type { BoundedGauge } from './node-settings.ts';

const COMMON = new Set(['ok']);

export class NodeMeter implements Metrics {
  readonly #node: string;
  readonly #bounds: Readonly<Record<BoundedGauge, number>>;
  readonly #counters = new Map<string, number>();
  readonly #largest = new Map<BoundedGauge, number>();
  readonly #linked = new Set<string>();
  #unreadableKeys = 0;

  constructor(node: string, bounds: Readonly<Record<BoundedGauge, number>>) {
    this.#node = node;
    this.#bounds = bounds;
  }

  /** A new process has taken over. */
  begin(): void {
    this.#linked.clear();
    this.#unreadableKeys = 0;
  }

  add(name: MetricName, labels: Readonly<Record<string, string>>, amount = 1): void {
    if (name === 'coterie_requests_total') {
      const outcome = labels['outcome'] ?? '';
      if (!COMMON.has(outcome)) this.count(`request ${outcome}`, amount);
      return;
    }
    const mode = labels['mode'] ?? labels['outcome'] ?? labels['reason'];
    this.count(mode === undefined ? shortName(name) : `${shortName(name)} ${mode}`, amount);
  }

  set(name: MetricName, labels: Readonly<Record<string, string>>, value: number): void {
    switch (name) {
      case 'coterie_link_state':
        if (value === 1) this.#linked.add(labels['member'] ?? '');
        else this.#linked.delete(labels['member'] ?? '');
        return;
      case 'coterie_unreadable_keys':
        this.#unreadableKeys = value;
        return;
      case 'coterie_requests_in_flight':
      case 'coterie_storage_queue_bytes':
      case 'coterie_link_in_flight':
      case 'coterie_sessions':
      case 'coterie_hints':
        if (value > (this.#largest.get(name) ?? -1)) this.#largest.set(name, value);
        return;
      default:
    }
  }

  observe(): void {}

  count(what: string, amount = 1): void {
    this.#counters.set(what, (this.#counters.get(what) ?? 0) + amount);
  }

  /** By name, in the order in which they were first seen. */
  get counters(): ReadonlyMap<string, number> {
    return this.#counters;
  }

  /** Members to which the present process has a link. */
  get linked(): ReadonlySet<string> {
    return this.#linked;
  }

  /** As the present process counts them. */
  get unreadableKeys(): number {
    return this.#unreadableKeys;
  }

  get watermarks(): Watermark[] {
    return [...this.#largest].map(([gauge, largest]) => ({
      what: gauge,
      node: this.#node,
      largest,
      bound: this.#bounds[gauge],
    }));
  }
}

function shortName(metric: string): string {
  return metric.replace(/^coterie_/, '').replace(/_total$/, '');
}
