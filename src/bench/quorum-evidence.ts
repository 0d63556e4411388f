/** What a report of `coterie bench quorum` knows of each of its settings, for advice and for
 *  predictions.
 *  Invariant: what is returned has the right types; a report that lacks something is refused with
 *  the name of the field.
 *  Not here: judging (core/pbs/advice.ts), reading files. Predictions are of this database's own
 *  shape. */
import { CoterieError } from '../core/errors.ts';
import { type Candidate, levelName, type PercentileName } from '../core/pbs/advice.ts';
import type { LatencyProfile } from '../core/pbs/profile.ts';
import { decodeProfile } from '../core/pbs/profile-file.ts';
import { JsonFields } from './report/json-fields.ts';
import { QUORUM_FORMAT } from './report/read-quorum.ts';
import { RUN_FORMAT } from './report/read-run.ts';

export function isQuorumReport(value: unknown): boolean {
  return formatOf(value) === QUORUM_FORMAT;
}

/** Errors: INVALID_ARGUMENT for a report of the other benchmark, which is neither a profile nor of
 *  several settings. */
export function refuseRunReport(value: unknown): void {
  if (formatOf(value) !== RUN_FORMAT) return;
  throw new CoterieError(
    'INVALID_ARGUMENT',
    'It is a report of `coterie bench run`, which knows one setting and nothing of staleness: ' +
      'give one of `coterie bench quorum --json`',
  );
}

function formatOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'format' in value
    ? value.format
    : undefined;
}

/** Errors: INVALID_ARGUMENT. */
export function reportedCandidates(report: unknown): Candidate[] {
  return new JsonFields(report).list('settings').map(candidateOf);
}

export interface WantedSetting {
  readonly n: number;
  readonly r: number;
  readonly w: number;
}

/** The legs that were counted while this setting was measured, or else another one of the same N.
 *  Errors: INVALID_ARGUMENT when there are none, VERSION_UNSUPPORTED. */
export function reportedProfile(report: unknown, { n, r, w }: WantedSetting): LatencyProfile {
  const fields = new JsonFields(report);
  const settings = fields
    .list('settings')
    .filter((setting) => setting.amount('n') === n && setting.has('legs'));
  const same = settings.find((setting) => {
    const required = setting.fields('required');
    return required.amount('r') === r && required.amount('w') === w;
  });
  const setting = same ?? settings[0];
  if (setting === undefined) throw fields.refusal('settings', `a list with legs of N ${n}`);
  return decodeProfile(setting.unchecked('legs'));
}

function candidateOf(setting: JsonFields): Candidate {
  const required = setting.fields('required');
  const n = setting.amount('n');
  const r = required.amount('r');
  const w = required.amount('w');
  if (!isCount(r, n)) throw required.refusal('r', `a whole number from 1 to ${n}`);
  if (!isCount(w, n)) throw required.refusal('w', `a whole number from 1 to ${n}`);
  const figures = setting.fields('figures');
  return {
    n,
    r,
    w,
    levels: {
      read: levelOf(setting.fields('read')) ?? levelName(r, n),
      write: levelOf(setting.fields('write')) ?? levelName(w, n),
    },
    isStrict: setting.isTrue('isStrict'),
    readMs: latenciesOf(figures, 'read'),
    writeMs: latenciesOf(figures, 'write'),
    ...(setting.has('freshness')
      ? freshnessOf(setting.fields('freshness'))
      : { counted: [], predicted: [] }),
  };
}

function isCount(value: number, n: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= n;
}

function levelOf(level: JsonFields): string | undefined {
  return level.has('consistency') ? level.text('consistency') : undefined;
}

const PERCENTILES = [
  ['p50', 'P50Ms'],
  ['p99', 'P99Ms'],
  ['p999', 'P999Ms'],
] as const satisfies readonly (readonly [PercentileName, string])[];

function latenciesOf(figures: JsonFields, verb: 'read' | 'write'): Candidate['readMs'] {
  const known = PERCENTILES.filter(([, suffix]) => figures.has(`${verb}${suffix}`));
  return Object.fromEntries(
    known.map(([percentile, suffix]) => {
      const figure = figures.fields(`${verb}${suffix}`);
      const [lowMs, highMs] = [figure.amountIfAny('low'), figure.amountIfAny('high')];
      return [percentile, { ms: figure.amount('value'), lowMs, highMs }];
    }),
  );
}

function freshnessOf(freshness: JsonFields): Pick<Candidate, 'counted' | 'predicted'> {
  const counted = freshness.triples('measured').map(([tMs, fresh, reads]) => {
    if (fresh > reads) throw freshness.refusal('measured', 'no more fresh reads than reads');
    return { tMs, fresh, reads };
  });
  const predictions = freshness.has('predicted') ? freshness.fields('predicted') : undefined;
  return { counted, predicted: predictions?.fields('coterie').pairs('freshAtMs') ?? [] };
}
