/** The metrics port over prom-client, made from the one table of metrics, in a registry of its own:
 *  several nodes in one process do not mix. Children (one metric with one set of label values) are
 *  made once and found again by a map per label, so that a hot path builds no strings. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { assert } from '../../core/errors.ts';
import { METRICS, type MetricName, type MetricSpec, type Metrics } from '../../env/metrics.ts';

/** Most label values that one metric remembers; what is beyond is counted under OTHER. */
const BRANCHES_MAX = 1_000;
const OTHER = 'other';

type Labels = Readonly<Record<string, string>>;
/** Takes the amount, the new value or the observation, as the kind of the metric has it. */
type Child = (value: number) => void;
/** Reached by the values of the labels up to here. */
interface Branch {
  readonly next: Map<string, Branch>;
  child?: Child;
}

export class PromMetrics implements Metrics {
  /** What GET /metrics shows. */
  readonly registry: Registry = new Registry();
  readonly #families = new Map<string, Family>();

  constructor() {
    for (const [name, spec] of Object.entries<MetricSpec>(METRICS)) {
      this.#families.set(name, new Family(name, spec, this.registry));
    }
  }

  add(name: MetricName, labels: Labels, amount = 1): void {
    this.#child(name, 'counter', labels)(amount);
  }

  set(name: MetricName, labels: Labels, value: number): void {
    this.#child(name, 'gauge', labels)(value);
  }

  observe(name: MetricName, labels: Labels, value: number): void {
    this.#child(name, 'histogram', labels)(value);
  }

  #child(name: MetricName, kind: MetricSpec['kind'], labels: Labels): Child {
    const family = this.#families.get(name);
    assert(family !== undefined, `${name} is not in the table of metrics`);
    assert(family.kind === kind, `${name} is a ${family.kind}, not a ${kind}`);
    return family.child(labels);
  }
}

/** One metric with all of its children. */
class Family {
  readonly kind: MetricSpec['kind'];
  readonly #labelNames: readonly string[];
  readonly #make: (labels: Labels) => Child;
  readonly #root: Branch = { next: new Map() };
  #branchCount = 0;
  #other: Child | undefined;

  constructor(name: string, spec: MetricSpec, registry: Registry) {
    this.kind = spec.kind;
    this.#labelNames = spec.labels;
    this.#make = childMaker(name, spec, registry);
  }

  child(labels: Labels): Child {
    let branch = this.#root;
    for (const labelName of this.#labelNames) {
      const value = labels[labelName] ?? '';
      let next = branch.next.get(value);
      if (next === undefined) {
        if (this.#branchCount === BRANCHES_MAX) return this.#otherChild();
        this.#branchCount += 1;
        next = { next: new Map() };
        branch.next.set(value, next);
      }
      branch = next;
    }
    branch.child ??= this.#make(labels);
    return branch.child;
  }

  #otherChild(): Child {
    this.#other ??= this.#make(
      Object.fromEntries(this.#labelNames.map((labelName) => [labelName, OTHER])),
    );
    return this.#other;
  }
}

function handOver(waiting: readonly (() => void)[]): void {
  for (const hand of waiting) hand();
}

/** Counters and gauges are kept here and handed to prom-client when somebody looks: it hashes the
 *  labels at every change. */
function childMaker(name: string, spec: MetricSpec, registry: Registry): (labels: Labels) => Child {
  const shape = { name, help: spec.help, labelNames: [...spec.labels], registers: [registry] };
  const waiting: (() => void)[] = [];
  switch (spec.kind) {
    case 'counter': {
      const counter = new Counter({ ...shape, collect: () => handOver(waiting) });
      return (labels) => {
        const child = counter.labels(labels);
        let total = 0;
        waiting.push(() => {
          if (total > 0) child.inc(total);
          total = 0;
        });
        return (amount) => {
          total += amount;
        };
      };
    }
    case 'gauge': {
      const gauge = new Gauge({ ...shape, collect: () => handOver(waiting) });
      return (labels) => {
        const child = gauge.labels(labels);
        let last = 0;
        waiting.push(() => child.set(last));
        return (value) => {
          last = value;
        };
      };
    }
    case 'histogram': {
      const histogram = new Histogram({ ...shape, buckets: [...(spec.buckets ?? [])] });
      return (labels) => {
        const child = histogram.labels(labels);
        return (value) => child.observe(value);
      };
    }
  }
}
