/** One cell of a matrix: how many replicas hold a key, must answer a read and must acknowledge a
 *  write; by numbers or by levels with a name.
 *  Invariant: names are unique among the settings of one matrix.
 *  Not here: measuring it (quorum-cell.ts). All nodes of a benchmark are in one datacentre. */
import { CoterieError } from '../../core/errors.ts';
import type { ConsistencyLevel } from '../../core/quorum/level.ts';
import type { ReadLevel, WriteLevel } from '../operations.ts';

export interface QuorumSetting {
  /** `N 3, R 1, W 2`; with levels `N 3, read quorum, write one`. */
  readonly name: string;
  readonly n: number;
  readonly read: ReadLevel;
  readonly write: WriteLevel;
  /** What the numbers or levels come to. */
  readonly required: { readonly r: number; readonly w: number };
  /** A read must meet a replica of every acknowledged write. */
  readonly isStrict: boolean;
}

export interface LevelPair {
  readonly read: ConsistencyLevel;
  readonly write: ConsistencyLevel;
}

export interface Matrix {
  readonly n: readonly number[];
  /** undefined: all from 1 to N. What is above N is left out of the cells of that N. */
  readonly r: readonly number[] | undefined;
  readonly w: readonly number[] | undefined;
  readonly levels: readonly LevelPair[];
}

export const SETTINGS_MAX = 256;

/** By N, W, R, then the levels. Errors: INVALID_ARGUMENT when there is none, or too many. */
export function settingsOf(matrix: Matrix): QuorumSetting[] {
  const settings = [...new Set(matrix.n)].flatMap((n) => [
    ...countsOf(matrix.w, n).flatMap((w) => countsOf(matrix.r, n).map((r) => byNumbers(n, r, w))),
    ...matrix.levels.map((pair) => byLevels(n, pair)),
  ]);
  const unique = [...new Map(settings.map((setting) => [setting.name, setting])).values()];
  if (unique.length === 0) throw refusal('No R or W of the matrix is possible with its N');
  if (unique.length > SETTINGS_MAX) {
    throw refusal(`The matrix has ${unique.length} settings; ${SETTINGS_MAX} are the most`);
  }
  return unique;
}

function countsOf(wanted: readonly number[] | undefined, n: number): readonly number[] {
  return wanted?.filter((count) => count <= n) ?? Array.from({ length: n }, (_, at) => at + 1);
}

function byNumbers(n: number, r: number, w: number): QuorumSetting {
  return {
    name: `N ${n}, R ${r}, W ${w}`,
    n,
    read: { r },
    write: { w },
    required: { r, w },
    isStrict: r + w > n,
  };
}

function byLevels(n: number, { read, write }: LevelPair): QuorumSetting {
  const r = countOf(read, n);
  const w = countOf(write, n);
  return {
    name: `N ${n}, read ${read}, write ${write}`,
    n,
    read: { consistency: read },
    write: { consistency: write },
    required: { r, w },
    isStrict: r + w > n && write !== 'any',
  };
}

/** Errors: INVALID_ARGUMENT when N replicas cannot meet it. */
function countOf(level: ConsistencyLevel, n: number): number {
  const count = COUNTS[level](n);
  if (count > n) throw refusal(`Level ${level} needs ${count} replicas and N is ${n}`);
  return count;
}

const majority = (n: number): number => Math.floor(n / 2) + 1;
const COUNTS: Readonly<Record<ConsistencyLevel, (n: number) => number>> = {
  any: () => 1,
  one: () => 1,
  two: () => 2,
  three: () => 3,
  quorum: majority,
  all: (n) => n,
  local_one: () => 1,
  local_quorum: majority,
  each_quorum: majority,
};

function refusal(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}
