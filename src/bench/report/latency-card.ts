/** Percentiles of reads and writes of each setting, and beside them what a model predicts.
 *  Reads and writes have one axis, so that they can be compared. */
import {
  type Axis,
  type Chart,
  type ChartCard,
  type LegendEntry,
  namesAxis,
  type Series,
  type Stem,
  type Table,
  valueAxis,
} from './chart.ts';
import { figureText, figureTitle, numberText } from './figure-text.ts';
import type { FigureName, MeasuredSetting, PredictedFigures } from './measured.ts';
import { extremesText, settingsText } from './setting-text.ts';

type Kind = 'read' | 'write';

const PERCENTILES = {
  read: ['readP50Ms', 'readP99Ms', 'readP999Ms'],
  write: ['writeP50Ms', 'writeP99Ms', 'writeP999Ms'],
} as const satisfies Readonly<Record<Kind, readonly FigureName[]>>;
const MARKS = ['p50', 'p99', 'p999'] as const;
const PREDICTED_MARKS = ['diamond', 'diamond-open'] as const;
const LABELS = ['p50', 'p99', 'p99.9'] as const;
/** Of the distance between two settings. */
const BESIDE = 0.2;

export function latencyCard(settings: readonly MeasuredSetting[]): ChartCard | undefined {
  const model = drawnModel(settings);
  const axis = latencyAxis(settings, model);
  const charts = (['read', 'write'] as const).flatMap((kind) => {
    const chart = latencyChart(settings, kind, { model, axis });
    return chart === undefined ? [] : [chart];
  });
  if (charts.length === 0) return undefined;
  const table = predictionTable(settings, model);
  return {
    id: 'latency',
    title: 'Latency of each setting',
    lead:
      'Half of the operations were faster than the dot, 99 % than the ring, 99.9 % than the bar.' +
      (model === undefined ? '' : ` Diamonds: what the ${model} model predicts.`),
    legend: [
      ...MARKS.map((mark, at): LegendEntry => ({ label: LABELS[at] ?? '', tone: 'plain', mark })),
      ...(model === undefined ? [] : PREDICTED_MARKS).map(
        (mark, at): LegendEntry => ({ label: `predicted ${LABELS[at]}`, tone: 'coterie', mark }),
      ),
    ],
    charts,
    ...(table === undefined ? {} : { table }),
  };
}

/** It holds all that is drawn of reads and of writes. */
function latencyAxis(settings: readonly MeasuredSetting[], model: string | undefined): Axis {
  const values = Object.values(PERCENTILES).flatMap((names) => {
    const { columns, predicted } = columnsOf(settings, names, model);
    return [...columns, ...predicted].flat();
  });
  const axis = valueAxis(
    'ms',
    values.filter((each) => each !== null),
  );
  return { ...axis, label: `ms, ${axis.kind === 'log' ? 'logarithmic' : 'linear'}` };
}

interface Columns {
  readonly columns: readonly Column[];
  /** None without a model. */
  readonly predicted: readonly Column[];
}

function columnsOf(
  settings: readonly MeasuredSetting[],
  names: readonly FigureName[],
  model: string | undefined,
): Columns {
  const drawn = model === undefined ? [] : names.slice(0, PREDICTED_MARKS.length);
  return {
    columns: names.map((name) => settings.map(({ figures }) => figures[name]?.value ?? null)),
    predicted: drawn.map((name) =>
      settings.map(({ predicted }) => figuresBy(predicted, model)?.[name] ?? null),
    ),
  };
}

function latencyChart(
  settings: readonly MeasuredSetting[],
  kind: Kind,
  { model, axis }: { readonly model: string | undefined; readonly axis: Axis },
): Chart | undefined {
  const names = PERCENTILES[kind];
  const shown = settings.filter(({ figures }) => figures[names[0]] !== undefined);
  if (shown.length === 0) return undefined;
  const { columns, predicted } = columnsOf(shown, names, model);
  return {
    id: `latency-${kind}`,
    title: kind === 'read' ? 'Reads' : 'Writes',
    alt:
      `Percentiles of ${kind} latency for ${settingsText(shown.length)}. ` +
      extremesText(shown, names[1]),
    x: namesAxis(
      '',
      shown.map(({ name }) => name),
    ),
    y: { ...axis, label: `${kind} latency, ${axis.label}` },
    ...columnsBeside(shown.length, kind, columns, predicted),
    bands: [],
    stems: stemsOf(columns, kind),
    labels: [],
    spans: [],
    table: {
      head: ['setting', ...LABELS.map((label) => `${label}, ms`)],
      rows: shown.map(({ name, figures }) => [
        name,
        ...names.map((figure) => figureText(figure, figures[figure])),
      ]),
    },
  };
}

type Column = readonly (number | null)[];

/** Each setting has two places: where it was measured, and right of it where it was predicted. */
function columnsBeside(
  count: number,
  kind: Kind,
  measured: readonly Column[],
  predicted: readonly Column[],
): Pick<Chart, 'at' | 'series'> {
  const isPredicted = predicted.length > 0;
  const at = Array.from({ length: count }, (_, place) =>
    isPredicted ? [place, place + BESIDE] : [place],
  ).flat();
  const series = [
    ...measured.map(
      (values, index): Series => ({
        label: LABELS[index] ?? '',
        tone: kind,
        mark: MARKS[index] ?? 'p50',
        values: values.flatMap((value) => (isPredicted ? [value, null] : [value])),
      }),
    ),
    ...predicted.map(
      (values, index): Series => ({
        label: `predicted ${LABELS[index]}`,
        tone: 'coterie',
        mark: PREDICTED_MARKS[index] ?? 'diamond',
        values: values.flatMap((value) => [null, value]),
      }),
    ),
  ];
  return { at, series };
}

function stemsOf(columns: readonly Column[], tone: Kind): readonly Stem[] {
  const [first = []] = columns;
  return first.map((_, at) => {
    const there = columns.map((column) => column[at] ?? null).filter((each) => each !== null);
    return { at, low: Math.min(...there), high: Math.max(...there), tone };
  });
}

/** How this database sends says more than how the paper's does. */
function drawnModel(settings: readonly MeasuredSetting[]): string | undefined {
  const models = settings.flatMap(({ predicted }) => predicted.map(({ model }) => model));
  return models.includes('coterie') ? 'coterie' : models[0];
}

function figuresBy(
  predicted: readonly PredictedFigures[],
  model: string | undefined,
): PredictedFigures['figures'] | undefined {
  return predicted.find((each) => each.model === model)?.figures;
}

/** Predicted latencies, and by how much they are off. */
function predictionTable(
  settings: readonly MeasuredSetting[],
  model: string | undefined,
): Table | undefined {
  const all = [...PERCENTILES.read, ...PERCENTILES.write];
  const shown = settings.flatMap(({ name, figures, predicted }) => {
    const expected = figuresBy(predicted, model);
    return expected === undefined ? [] : [{ name, figures, expected }];
  });
  const columns = all.filter((figure) => shown.some(({ expected }) => figure in expected));
  if (columns.length === 0) return undefined;
  return {
    caption: `Predicted by the ${model} model, and by how much it is off`,
    head: ['setting', ...columns.map(figureTitle)],
    rows: shown.map(({ name, figures, expected }) => [
      name,
      ...columns.map((figure) => errorText(figures[figure]?.value, expected[figure])),
    ]),
  };
}

/** `1.52 (+9 %)`: predicted is 9 % above measured. */
function errorText(measured: number | undefined, predicted: number | undefined): string {
  if (predicted === undefined) return '';
  if (measured === undefined || measured === 0) return numberText(predicted);
  const percent = Math.round((predicted / measured - 1) * 100);
  return `${numberText(predicted)} (${percent < 0 ? '' : '+'}${percent.toLocaleString('en-US')} %)`;
}
