/** A chart as plain data: what stands where, in which role. Pages draw it (src/page), tables repeat
 *  it for those who cannot see it, and tests read it. */

/** Decides colour and, so that colour is never needed, dash and marker. */
export type Tone = 'read' | 'write' | 'measured' | 'wars' | 'coterie' | 'plain' | 'fault';

/** `p50` is a dot, `p99` a ring, `p999` a bar across: three percentiles of one thing. Diamonds are
 *  what was predicted. */
export type Mark = 'line' | 'steps' | 'p50' | 'p99' | 'p999' | 'diamond' | 'diamond-open';

export interface Axis {
  readonly label: string;
  readonly kind: 'linear' | 'log' | 'names';
  readonly min: number;
  readonly max: number;
  /** Added to what is written at the axis: ` %`. */
  readonly suffix: string;
  /** For `names`: what stands at 0, 1, 2, ... */
  readonly names: readonly string[];
}

export interface Series {
  readonly label: string;
  readonly tone: Tone;
  readonly mark: Mark;
  /** As many as the chart's `at`; null: nothing there. */
  readonly values: readonly (number | null)[];
}

/** The range of a series: length as `at`. */
export interface Band {
  readonly tone: Tone;
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

/** A vertical line from `low` to `high`. */
export interface Stem {
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly tone: Tone;
}

export interface PointLabel {
  readonly at: number;
  readonly value: number;
  readonly text: string;
}

/** A time in which something was wrong. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

export interface Table {
  /** Where its place does not say it. */
  readonly caption?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Chart {
  /** Unique in its page; an id of HTML. */
  readonly id: string;
  readonly title: string;
  /** The text for those who do not see it: what is shown, and what it comes to. */
  readonly alt: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Where along x, rising. */
  readonly at: readonly number[];
  readonly series: readonly Series[];
  readonly bands: readonly Band[];
  readonly stems: readonly Stem[];
  readonly labels: readonly PointLabel[];
  readonly spans: readonly Span[];
  /** The same figures. */
  readonly table: Table;
}

/** Charts that belong together under one heading. */
export interface ChartCard {
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  readonly legend: readonly LegendEntry[];
  readonly charts: readonly Chart[];
  /** What the charts come to, in one place. */
  readonly table?: Table;
}

export interface LegendEntry {
  readonly label: string;
  readonly tone: Tone;
  readonly mark: Mark | 'span' | 'band';
}

/** An axis on which all values are seen: from zero, or by powers of ten when they differ by more
 *  than `LOG_FROM` times. Values that no logarithm has (0 or less) keep it linear. */
export function valueAxis(label: string, values: readonly number[]): Axis {
  const axis = { label, suffix: '', names: [] };
  const max = Math.max(0, ...values);
  const min = values.length === 0 ? 0 : Math.min(...values);
  if (min > 0 && max / min > LOG_FROM) {
    const lowest = Math.max(min, max / LOG_SPAN_MAX);
    return { ...axis, kind: 'log', min: logBelow(lowest), max: logAbove(max) };
  }
  return { ...axis, kind: 'linear', min: 0, max: max === 0 ? 1 : roundAbove(max * 1.05) };
}

const LOG_FROM = 20;
/** What is so much smaller than the largest is below the chart. */
const LOG_SPAN_MAX = 1e6;

export function namesAxis(label: string, names: readonly string[]): Axis {
  const max = Math.max(0, names.length - 1) + 0.5;
  return { label, suffix: '', kind: 'names', min: -0.5, max, names };
}

/** For points whose distance from zero says nothing: begins not far below the lowest. */
export function spreadAxis(label: string, values: readonly number[]): Axis {
  const whole = valueAxis(label, values);
  const lowest = values.length === 0 ? 0 : Math.min(...values);
  if (whole.kind === 'log' || lowest < whole.max / 4) return whole;
  const highest = Math.max(...values);
  const spread = Math.max(highest - lowest, highest / 100);
  const step = decadeBelow(spread) / 2;
  const min = Math.max(0, Math.floor((lowest - spread / 10) / step) * step);
  return { ...whole, min, max: Math.ceil((highest + spread / 10) / step) * step };
}

/** Shares as %; `lowest` of them decides where it begins. Above 100 there is room for the line. */
export function percentAxis(label: string, lowest: number): Axis {
  const begin = [90, 50, 0].find((each) => lowest >= each + (100 - each) / 20) ?? 0;
  const max = 100 + (100 - begin) / 50;
  return { label, suffix: ' %', kind: 'linear', min: begin, max, names: [] };
}

function decadeBelow(value: number): number {
  let power = 1;
  while (power > value) power /= 10;
  while (power * 10 <= value) power *= 10;
  return power;
}

/** 1, 2 or 5 times a power of ten, with room for a mark that is as wide as 15 %. */
function logBelow(value: number): number {
  const power = decadeBelow(value / 1.15);
  return power * (LOG_STEPS.findLast((step) => step * power <= value / 1.15) ?? 1);
}

function logAbove(value: number): number {
  const power = decadeBelow(value * 1.15);
  return power * (LOG_STEPS.find((step) => step * power >= value * 1.15) ?? 10);
}

const LOG_STEPS = [1, 2, 5];

/** The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten. */
function roundAbove(value: number): number {
  const power = decadeBelow(value);
  const step = STEPS.find((each) => each * power >= value) ?? 10;
  return step * power;
}

const STEPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
