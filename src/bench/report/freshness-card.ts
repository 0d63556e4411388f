/** Freshness measured beside predicted: how likely a read returns a write that was acknowledged so
 *  long ago. */
import {
  type Band,
  type Chart,
  type ChartCard,
  percentAxis,
  type Series,
  type Tone,
} from './chart.ts';
import { curveError, shareAt } from './curve-error.ts';
import { numberText, percentText } from './figure-text.ts';
import type { Freshness, MeasuredSetting } from './measured.ts';

/** From here on nothing is to be seen. */
const SETTLED = 0.999;
const SHOWN_MS_MIN = 5;

export function freshnessCard(settings: readonly MeasuredSetting[]): ChartCard | undefined {
  const measured = settings.flatMap(({ name, freshness }) =>
    freshness === undefined ? [] : [{ name, freshness }],
  );
  if (measured.length === 0) return undefined;
  const everFresh = measured.filter(({ freshness }) => isEverFresh(freshness));
  const charted = measured.filter((each) => !everFresh.includes(each));
  const models = modelsOf(measured.map(({ freshness }) => freshness));
  const strict = everFresh.map(({ name }) => name.replaceAll(' ', '\u00a0')).join('; ');
  return {
    id: 'freshness',
    title: 'Freshness after a write',
    lead:
      'How likely a read returns a write, or a later one, by the time between the ' +
      'acknowledgement of the write and the beginning of the read.' +
      (strict === '' ? '' : ` Always fresh: ${strict}.`),
    legend: [
      { label: 'measured', tone: 'measured', mark: 'line' },
      { label: 'its noise', tone: 'measured', mark: 'band' },
      ...models.map((model) => ({
        label: `predicted, ${model} model`,
        tone: toneOf(model),
        mark: 'line' as const,
      })),
    ],
    charts: charted.map(({ name, freshness }, at) => freshnessChart(name, freshness, at)),
    table: {
      head: [
        'setting',
        'fresh at once, %',
        ...models.flatMap((model) => [`${model} predicts, %`, 'off by, points (most / mean)']),
        'of the last 2, %',
        ...models.slice(0, 1).map((model) => `${model} predicts, %`),
      ],
      rows: measured.map(({ name, freshness }) => [
        name,
        firstShare(freshness),
        ...models.flatMap((model) => predictionCells(freshness, model)),
        shareText(freshness.kStale[1]),
        ...models.slice(0, 1).map((model) => shareText(predictionBy(freshness, model)?.kStale[1])),
      ]),
    },
  };
}

function freshnessChart(name: string, freshness: Freshness, index: number): Chart {
  const { measured, predicted } = freshness;
  const endMs = shownMs(freshness);
  const times = [
    ...new Set([
      ...measured.map(({ tMs }) => tMs),
      ...predicted.flatMap(({ curve }) => curve.map(([tMs]) => tMs)),
    ]),
  ].sort((a, b) => a - b);
  // With one time more the lines go on to the edge.
  const at = times.filter((_, index) => (times[index - 1] ?? 0) < endMs);
  const measuredAt = new Map(measured.map(({ tMs, share }) => [tMs, share]));
  const percent = (share: number | null | undefined) =>
    share === null || share === undefined ? null : share * 100;
  const series: Series[] = [
    {
      label: 'measured',
      tone: 'measured',
      mark: 'line',
      values: at.map((tMs) => percent(measuredAt.get(tMs)?.value)),
    },
    ...predicted.map(
      ({ model, curve }): Series => ({
        label: model,
        tone: toneOf(model),
        mark: 'line',
        values: at.map((tMs) => percent(shareAt(curve, tMs))),
      }),
    ),
  ];
  const band: Band = {
    tone: 'measured',
    low: at.map((tMs) => percent(measuredAt.get(tMs)?.low)),
    high: at.map((tMs) => percent(measuredAt.get(tMs)?.high)),
  };
  const lowest = Math.min(
    100,
    ...[...series.map(({ values }) => values), band.low].flat().filter((each) => each !== null),
  );
  return {
    id: `freshness-${index}`,
    title: name,
    alt: `Freshness of ${name}: ${altOf(freshness)}`,
    x: {
      label: 'ms after the acknowledgement',
      kind: 'linear',
      min: 0,
      max: endMs,
      suffix: '',
      names: [],
    },
    y: percentAxis('fresh reads', lowest),
    at,
    series,
    bands: [band],
    stems: [],
    labels: [],
    spans: [],
    table: {
      head: [
        't, ms',
        'measured, %',
        'its noise, %',
        ...predicted.map(({ model }) => `${model}, %`),
      ],
      rows: measured.map(({ tMs, share }) => [
        numberText(tMs),
        percentText(share.value),
        rangeText(share.low, share.high),
        ...predicted.map(({ curve }) => shareText(shareAt(curve, tMs))),
      ]),
    },
  };
}

function altOf(freshness: Freshness): string {
  const parts = [`${firstShare(freshness)} % of reads right after a write are fresh`];
  for (const prediction of freshness.predicted) {
    const error = curveError(freshness.measured, prediction);
    if (error === undefined) continue;
    parts.push(
      `the ${prediction.model} model is off by at most ${pointsText(error.max)} points, ` +
        `${numberText(error.atMs)} ms after it`,
    );
  }
  return `${parts.join('; ')}.`;
}

function predictionCells(freshness: Freshness, model: string): readonly [string, string] {
  const prediction = predictionBy(freshness, model);
  if (prediction === undefined) return ['', ''];
  const error = curveError(freshness.measured, prediction);
  return [
    shareText(shareAt(prediction.curve, freshness.measured[0]?.tMs ?? 0)),
    error === undefined ? '' : `${pointsText(error.max)} / ${pointsText(error.mean)}`,
  ];
}

function predictionBy({ predicted }: Freshness, model: string) {
  return predicted.find((each) => each.model === model);
}

function pointsText(distance: number): string {
  return (distance * 100).toFixed(2);
}

function firstShare({ measured }: Freshness): string {
  return shareText(measured[0]?.share.value);
}

function shareText(share: number | undefined): string {
  return share === undefined ? '' : percentText(share);
}

function rangeText(low: number | null, high: number | null): string {
  return low === null || high === null ? '' : `${percentText(low)} to ${percentText(high)}`;
}

/** Measured and predicted, at all times. */
function isEverFresh({ measured, predicted }: Freshness): boolean {
  return (
    measured.every(({ share }) => share.value === 1) &&
    predicted.every(({ curve }) => curve.every(([, share]) => share === 1))
  );
}

/** A little longer than until all curves have settled. */
function shownMs({ measured, predicted }: Freshness): number {
  const curves = [
    measured.map(({ tMs, share }): readonly [number, number] => [tMs, share.value]),
    ...predicted.map(({ curve }) => curve),
  ];
  const settled = curves.map(
    (curve) => (curve.find(([, share]) => share >= SETTLED) ?? curve.at(-1))?.[0] ?? 0,
  );
  const last = Math.max(SHOWN_MS_MIN, ...curves.map((curve) => curve.at(-1)?.[0] ?? 0));
  return Math.min(last, Math.max(SHOWN_MS_MIN, Math.ceil(Math.max(0, ...settled) * 1.1)));
}

/** `coterie` first: how this database sends says more than how the paper's does. */
function modelsOf(all: readonly Freshness[]): readonly string[] {
  const models = all.flatMap(({ predicted }) => predicted.map(({ model }) => model));
  return [...new Set(models)].sort();
}

function toneOf(model: string): Tone {
  return model === 'wars' ? 'wars' : 'coterie';
}
