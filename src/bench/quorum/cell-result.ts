/** What was measured of one setting, gathered slice by slice over all client processes.
 *  Not here: predictions and noise, which need all settings (quorum-report.ts). */
import { LegCounts } from '../../core/pbs/leg-counts.ts';
import type { FaultKind } from '../cluster.ts';
import { type ErrorCounts, Outcomes } from '../outcomes.ts';
import { SPEED_FIGURES } from '../speed-figures.ts';
import type { MeasuredSlice } from '../worker-protocol.ts';
import { FreshnessCounts } from './freshness-counts.ts';
import type { Counted } from './noise.ts';
import type { QuorumSetting } from './setting.ts';

export const FIGURES = [...SPEED_FIGURES, 'clientSeconds', 'nodeSeconds'] as const;
export type FigureName = (typeof FIGURES)[number];
/** What is not known, or was not asked for, is absent. */
export type Figures = Readonly<Partial<Record<FigureName, number>>>;

/** `freshAtOnce`: fresh reads and reads of the first bin of freshness; absent: there were none. */
export type SliceFigures = Figures & { readonly freshAtOnce?: Counted };

export interface FaultSpan {
  readonly kind: FaultKind;
  readonly node: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

export interface Availability {
  readonly sliceSeconds: number;
  /** [succeeded, failed]. */
  readonly slices: readonly (readonly [number, number])[];
  /** Of each slice; null where nothing succeeded. */
  readonly p99Ms: readonly (number | null)[];
  readonly fault: FaultSpan;
}

/** Sums over some slices. */
class Sums {
  readonly outcomes = new Outcomes();
  seconds = 0;
  requests = 0;
  clientSeconds = 0;
  nodeSeconds: number[] | undefined = [];

  /** Of one slice, of all client processes. */
  add(parts: readonly MeasuredSlice[], nodeSeconds: readonly number[] | undefined): void {
    this.seconds += Math.max(0, ...parts.map(({ load }) => load.elapsedSeconds));
    for (const part of parts) {
      const outcomes = Outcomes.decode(part.load.outcomes);
      this.outcomes.merge(outcomes);
      this.clientSeconds += part.processorSeconds;
      this.requests += outcomes.operations + probeRequests(part);
    }
    const before = this.nodeSeconds;
    this.nodeSeconds =
      before === undefined || nodeSeconds === undefined
        ? undefined
        : nodeSeconds.map((seconds, node) => seconds + (before[node] ?? 0));
  }

  figures(): Figures {
    const { outcomes, seconds } = this;
    const { read, write } = outcomes;
    const all: Record<FigureName, number | undefined> = {
      throughput: seconds === 0 ? undefined : outcomes.succeeded / seconds,
      readP50Ms: read.percentileMs(0.5),
      readP99Ms: read.percentileMs(0.99),
      readP999Ms: read.percentileMs(0.999),
      writeP50Ms: write.percentileMs(0.5),
      writeP99Ms: write.percentileMs(0.99),
      writeP999Ms: write.percentileMs(0.999),
      clientSeconds: this.per1000(this.clientSeconds),
      nodeSeconds: this.per1000(this.nodeSeconds?.reduce((sum, each) => sum + each, 0)),
    };
    const known = FIGURES.filter((name) => all[name] !== undefined);
    return Object.fromEntries(known.map((name) => [name, all[name]]));
  }

  per1000(seconds: number | undefined): number | undefined {
    if (seconds === undefined || this.requests === 0) return undefined;
    return (seconds / this.requests) * 1_000;
  }
}

/** What the nodes told of a slice. */
export interface SliceOfNodes {
  /** Processor time of each; undefined: not known. */
  readonly nodeSeconds: readonly number[] | undefined;
  readonly legs: Pick<LegCounts, 'encode'>;
}

const NO_PAIRS = { cells: [], counts: [] };

export class CellResult {
  readonly setting: QuorumSetting;
  readonly freshness = new FreshnessCounts();
  readonly legs = new LegCounts();
  /** One for each slice. */
  readonly slices: SliceFigures[] = [];
  availability: Availability | undefined;
  readonly #sums = new Sums();
  readonly #probe = new Outcomes();

  constructor(setting: QuorumSetting) {
    this.setting = setting;
  }

  add(parts: readonly MeasuredSlice[], { nodeSeconds, legs }: SliceOfNodes): Figures {
    const slice = new Sums();
    slice.add(parts, nodeSeconds);
    this.#sums.add(parts, nodeSeconds);
    const freshnessOfSlice = new FreshnessCounts();
    this.legs.merge(legs.encode());
    for (const { freshness, load, probeErrors } of parts) {
      this.freshness.merge(freshness);
      freshnessOfSlice.merge(freshness);
      this.legs.merge({ legs: { client: load.outcomes.ways }, pairs: NO_PAIRS });
      this.#probe.addErrors(probeErrors);
    }
    const figures = slice.figures();
    const freshAtOnce = freshnessOfSlice.atOnce;
    this.slices.push({ ...figures, ...(freshAtOnce[1] === 0 ? {} : { freshAtOnce }) });
    return figures;
  }

  get operations(): number {
    return this.#sums.outcomes.operations;
  }

  get errors(): ErrorCounts {
    return this.#sums.outcomes.errors;
  }

  get errorCount(): number {
    return this.#sums.outcomes.errorCount;
  }

  get probeErrors(): ErrorCounts {
    return this.#probe.errors;
  }

  /** Of all slices together. */
  figures(): Figures {
    return this.#sums.figures();
  }

  /** Processor seconds of each node for 1,000 requests. */
  get nodeSecondsPer1000(): readonly number[] | null {
    const seconds = this.#sums.nodeSeconds;
    return seconds?.map((each) => this.#sums.per1000(each) ?? 0) ?? null;
  }
}

/** The probe's requests take processor time too. */
function probeRequests({ freshness }: MeasuredSlice): number {
  return 2 * freshness.bins.reduce((sum, [, count]) => sum + count, 0);
}
