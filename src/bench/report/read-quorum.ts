/** The result of `coterie bench quorum` as a report: a setting for each N, R, W or pair of levels.
 *  Its figures come with the range in which it expects a repetition. */
import {
  FRESH_SHARE,
  type FreshVerdict,
  freshAfter,
  tooFewReadsNotes,
} from '../quorum/fresh-after.ts';
import { type JsonFields, visible } from './json-fields.ts';
import {
  type Availability,
  FIGURE_NAMES,
  FIGURES,
  type Figure,
  type FigureName,
  type Freshness,
  type Measured,
  type MeasuredSetting,
  type PredictedFigures,
  shareOf,
} from './measured.ts';
import { clusterText, errorsOf, factsOf, loadNotes, surroundingsOf } from './read-facts.ts';

export const QUORUM_FORMAT = 'coterie-bench-quorum/1';

const SETTINGS_MAX = 256;
const MODELS_MAX = 4;

/** Errors: INVALID_ARGUMENT. */
export function measuredQuorum(fields: JsonFields): Measured {
  const list = fields.list('settings');
  if (list.length === 0 || list.length > SETTINGS_MAX) {
    throw fields.refusal('settings', `a list of 1 to ${SETTINGS_MAX}`);
  }
  const designEffect = designEffectOf(fields);
  const settings = list.map((each) => settingOf(each, designEffect));
  if (new Set(settings.map(({ name }) => name)).size < settings.length) {
    throw fields.refusal('settings', 'a list in which each setting is there once');
  }
  const workload = fields.text('workload');
  return {
    title: 'Quorum settings',
    facts: [
      ['workload', `${workload}, ${fields.amount('elapsedSeconds').toFixed(0)} s`],
      ['cluster', clusterText(fields)],
      ...factsOf(fields),
    ],
    notes: [...list.flatMap(brokenPromise), ...unclearFreshness(list), ...notesOf(fields)],
    asked: new Map([
      ['workload', workload],
      ...fields.fields('config').flat(),
      ...fields.fields('cluster').flat(),
    ]),
    surroundings: surroundingsOf(fields),
    settings,
  };
}

/** Of shares of fresh reads. Earlier reports do not state it. */
function designEffectOf(fields: JsonFields): number {
  const noise = fields.has('noise') ? fields.fields('noise') : undefined;
  const effect = noise?.amountIfAny('freshDesignEffect') ?? 1;
  if (noise !== undefined && effect < 1) {
    throw noise.refusal('freshDesignEffect', 'a number not below 1');
  }
  return effect;
}

function settingOf(fields: JsonFields, designEffect: number): MeasuredSetting {
  const errors = errorsOf(fields);
  const operations = fields.amount('operations');
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const fresh = fields.has('freshness')
    ? freshnessOf(fields.fields('freshness'), designEffect)
    : undefined;
  const first = fresh?.freshness.measured[0];
  const availability = fields.has('availability') ? fields.fields('availability') : undefined;
  return {
    name: fields.text('name'),
    operations,
    errors,
    figures: {
      ...foundedFigures(fields),
      ...(operations === 0
        ? {}
        : { failedShare: shareOf(Math.min(failed, operations), operations) }),
      ...(first === undefined ? {} : { freshShare: first.share }),
    },
    predicted: fresh?.predicted ?? [],
    ...(fresh === undefined ? {} : { freshness: fresh.freshness }),
    ...(availability === undefined ? {} : { availability: availabilityOf(availability) }),
  };
}

/** Reports of earlier versions told `freshMs` by however few reads. */
function foundedFigures(fields: JsonFields): Partial<Record<FigureName, Figure>> {
  const { freshMs, ...figures } = figuresOf(fields.fields('figures'));
  return freshMs === undefined || verdictOf(fields) !== 'measured'
    ? figures
    : { ...figures, freshMs };
}

function verdictOf(setting: JsonFields): FreshVerdict | undefined {
  if (!setting.has('freshness')) return undefined;
  const counted = setting.fields('freshness').triples('measured');
  const points = counted.map(([tMs, fresh, reads]) => ({ tMs, fresh, reads }));
  return freshAfter(
    points.filter(({ reads }) => reads > 0),
    FRESH_SHARE,
  ).verdict;
}

function unclearFreshness(settings: readonly JsonFields[]): readonly string[] {
  const unclear = settings.filter(
    (setting) => !setting.isTrue('isStrict') && verdictOf(setting) === 'too few reads',
  );
  return tooFewReadsNotes(unclear.map((setting) => setting.text('name')));
}

/** R + W above N, and yet a read did not return what was acknowledged. */
function brokenPromise(fields: JsonFields): readonly string[] {
  const freshness = fields.has('freshness') ? fields.fields('freshness') : undefined;
  const stale = freshness?.amount('stale') ?? 0;
  if (stale === 0 || !fields.isTrue('isStrict')) return [];
  return [`${fields.text('name')} is strict, and ${stale} reads did not return the newest write.`];
}

function figuresOf(fields: JsonFields): Partial<Record<FigureName, Figure>> {
  const figures: Partial<Record<FigureName, Figure>> = {};
  for (const name of FIGURE_NAMES) {
    if (FIGURES[name].unit === '%' || !fields.has(name)) continue;
    const figure = fields.fields(name);
    const value = figure.amount('value');
    const low = figure.amountIfAny('low') ?? null;
    const high = figure.amountIfAny('high') ?? null;
    if ((low ?? value) > value || (high ?? value) < value) {
      throw fields.refusal(name, 'a value between its low and high');
    }
    figures[name] = { value, low, high };
  }
  return figures;
}

interface Fresh {
  readonly freshness: Freshness;
  readonly predicted: readonly PredictedFigures[];
}

function freshnessOf(fields: JsonFields, designEffect: number): Fresh {
  const measured = fields.triples('measured').map(([tMs, fresh, reads]) => {
    if (fresh > reads) throw fields.refusal('measured', 'no more fresh reads than reads');
    return { tMs, share: shareOf(fresh, reads, designEffect) };
  });
  checkRising(
    fields,
    'measured',
    measured.map(({ tMs }) => tMs),
  );
  const models = fields.has('predicted') ? fields.fields('predicted') : undefined;
  const names = models?.names ?? [];
  if (names.length > MODELS_MAX)
    throw fields.refusal('predicted', `of at most ${MODELS_MAX} models`);
  const predictions = names.flatMap((model) => {
    const prediction = models?.fields(model);
    return prediction === undefined ? [] : [predictionOf(model, prediction)];
  });
  return {
    freshness: {
      measured,
      kStale: sharesOf(fields, 'kStale'),
      predicted: predictions.map(({ model, curve, kStale }) => ({ model, curve, kStale })),
    },
    predicted: predictions.map(({ model, figures }) => ({ model, figures })),
  };
}

function predictionOf(model: string, fields: JsonFields) {
  const curve = fields.pairs('freshAtMs');
  checkRising(
    fields,
    'freshAtMs',
    curve.map(([tMs]) => tMs),
  );
  if (curve.some(([, share]) => share > 1)) throw fields.refusal('freshAtMs', 'of shares up to 1');
  const read = fields.fields('readMs');
  const write = fields.fields('writeMs');
  return {
    model: visible(model),
    curve,
    kStale: sharesOf(fields, 'kStale'),
    figures: {
      readP50Ms: read.amount('p50'),
      readP99Ms: read.amount('p99'),
      readP999Ms: read.amount('p999'),
      writeP50Ms: write.amount('p50'),
      writeP99Ms: write.amount('p99'),
      writeP999Ms: write.amount('p999'),
      freshMs: fields.amount('t999Ms'),
    },
  };
}

function availabilityOf(fields: JsonFields): Availability {
  const seconds = fields.amount('sliceSeconds');
  if (seconds === 0) throw fields.refusal('sliceSeconds', 'above 0');
  const fault = fields.has('fault') ? fields.fields('fault') : undefined;
  const from = fault?.amount('fromSeconds') ?? 0;
  return {
    slices: fields.pairs('slices').map(([succeeded, failed], at) => ({
      atSeconds: at * seconds,
      succeeded,
      failed,
    })),
    faults:
      fault === undefined
        ? []
        : [
            {
              label: `${fault.text('kind')} ${fault.text('node')}`,
              fromSeconds: from,
              toSeconds: Math.max(from, fault.amount('toSeconds')),
            },
          ],
  };
}

function sharesOf(fields: JsonFields, name: string): readonly number[] {
  const shares = fields.amounts(name);
  if (shares.every((share) => share <= 1)) return shares;
  throw fields.refusal(name, 'of shares up to 1');
}

function checkRising(fields: JsonFields, name: string, times: readonly number[]): void {
  const isRising = times.every((time, at) => at === 0 || time > (times[at - 1] ?? 0));
  if (times.length > 0 && isRising) return;
  throw fields.refusal(name, 'at rising times, at least one');
}

function notesOf(fields: JsonFields): readonly string[] {
  const notes = [...loadNotes(fields)];
  if (fields.isTrue('isInterrupted')) {
    notes.push('It was interrupted: the figures are of what was done until then.');
  }
  return notes;
}
