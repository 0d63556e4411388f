/** Two reports, figure by figure. Two figures agree when one is in the range in which the other's
 *  report expects a second run; where neither report knows a range nothing is said. What was asked
 *  for and where it was measured stands beside. */
import { CoterieError } from '../../core/errors.ts';
import {
  FIGURE_NAMES,
  type Figure,
  type FigureName,
  type Measured,
  type MeasuredSetting,
} from './measured.ts';

export type Verdict = 'agrees' | 'differs' | 'unknown';

export interface ComparedFigure {
  readonly setting: string;
  readonly figure: FigureName;
  readonly a: Figure;
  readonly b: Figure;
  /** b / a; null where a is 0 and b is not. */
  readonly ratio: number | null;
  readonly verdict: Verdict;
}

export interface Difference {
  readonly what: string;
  /** null: not there. */
  readonly a: string | null;
  readonly b: string | null;
}

export interface Comparison {
  readonly figures: readonly ComparedFigure[];
  readonly agree: number;
  readonly differ: number;
  readonly unknown: number;
  /** False: of nothing that was measured any noise is known. Shares of failures are counts, which
   *  have a range by themselves, and do not make it true. */
  readonly isJudged: boolean;
  /** What was not asked for alike: the figures are of different things. */
  readonly asked: readonly Difference[];
  /** Machine and versions. */
  readonly surroundings: readonly Difference[];
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
}

/** Errors: INVALID_ARGUMENT (nothing in common). */
export function compareReports(a: Measured, b: Measured): Comparison {
  const pairs = pairsOf(a.settings, b.settings);
  const figures = pairs.flatMap(([one, other]) => compareSettings(one, other));
  if (figures.length === 0) {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      'the two reports have no figure of one setting in common',
    );
  }
  const count = (wanted: Verdict): number =>
    figures.filter(({ verdict }) => verdict === wanted).length;
  const paired = new Set(pairs.flat());
  const alone = ({ settings }: Measured): readonly string[] =>
    settings.filter((setting) => !paired.has(setting)).map(({ name }) => name);
  return {
    figures,
    agree: count('agrees'),
    differ: count('differs'),
    unknown: count('unknown'),
    isJudged: isJudged(figures),
    asked: differences(a.asked, b.asked),
    surroundings: differences(a.surroundings, b.surroundings),
    onlyA: alone(a),
    onlyB: alone(b),
  };
}

function isJudged(figures: readonly ComparedFigure[]): boolean {
  const measured = figures.filter(({ figure }) => figure !== 'failedShare');
  if (measured.every(({ a, b }) => a.value === b.value)) return true;
  // Two figures may be equal by chance.
  return measured.some(({ a, b }) => hasRange(a) || hasRange(b));
}

type Pair = readonly [MeasuredSetting, MeasuredSetting];

/** By name; two reports of one setting each are compared whatever it is. */
function pairsOf(a: readonly MeasuredSetting[], b: readonly MeasuredSetting[]): readonly Pair[] {
  const [one] = a;
  const [other] = b;
  if (one !== undefined && other !== undefined && a.length === 1 && b.length === 1) {
    return [[one, other]];
  }
  const byName = new Map(b.map((setting) => [setting.name, setting]));
  return a.flatMap((setting): Pair[] => {
    const match = byName.get(setting.name);
    return match === undefined ? [] : [[setting, match]];
  });
}

function compareSettings(one: MeasuredSetting, other: MeasuredSetting): readonly ComparedFigure[] {
  return FIGURE_NAMES.flatMap((figure) => {
    const a = one.figures[figure];
    const b = other.figures[figure];
    if (a === undefined || b === undefined) return [];
    const setting = one.name === other.name ? one.name : `${one.name}; ${other.name}`;
    return [{ setting, figure, a, b, ratio: ratioOf(a, b), verdict: verdictOf(a, b) }];
  });
}

function ratioOf(a: Figure, b: Figure): number | null {
  if (a.value === b.value) return 1;
  return a.value === 0 ? null : b.value / a.value;
}

export function verdictOf(a: Figure, b: Figure): Verdict {
  if (a.value === b.value) return 'agrees';
  if (!hasRange(a) && !hasRange(b)) return 'unknown';
  return isWithin(b.value, a) || isWithin(a.value, b) ? 'agrees' : 'differs';
}

function hasRange({ low, high }: Figure): boolean {
  return low !== null && high !== null;
}

function isWithin(value: number, { low, high }: Figure): boolean {
  return low !== null && high !== null && low <= value && value <= high;
}

function differences(
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): readonly Difference[] {
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((what) => {
    const one = a.get(what) ?? null;
    const other = b.get(what) ?? null;
    return one === other ? [] : [{ what, a: one, b: other }];
  });
}
