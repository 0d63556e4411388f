/** Which charts a report has: latency of each setting, throughput against latency, freshness
 *  measured beside predicted, availability over time. A card is there when something was measured
 *  for it. */
import { availabilityCard } from './availability-card.ts';
import {
  type Chart,
  type ChartCard,
  type LegendEntry,
  type PointLabel,
  type Series,
  spreadAxis,
  type Tone,
  valueAxis,
} from './chart.ts';
import { figureText } from './figure-text.ts';
import { freshnessCard } from './freshness-card.ts';
import { latencyCard } from './latency-card.ts';
import type { MeasuredSetting } from './measured.ts';
import { extremesText, settingsText } from './setting-text.ts';

export function chartCards(all: readonly MeasuredSetting[]): readonly ChartCard[] {
  const settings = withShortNames(all);
  const cards = [
    latencyCard(settings),
    tradeCard(settings),
    freshnessCard(settings),
    availabilityCard(settings),
  ];
  return cards.filter((card) => card !== undefined);
}

/** Without the parts of the names that all have: `R 1, W 2` where N is 3 everywhere. */
export function withShortNames(settings: readonly MeasuredSetting[]): readonly MeasuredSetting[] {
  const parts = settings.map(({ name }) => name.split(', '));
  const isOfAll = (part: string): boolean => parts.every((each) => each.includes(part));
  return settings.map((setting, index) => {
    const own = (parts[index] ?? []).filter((part) => !isOfAll(part));
    return own.length === 0 ? setting : { ...setting, name: own.join(', ') };
  });
}

const TRADE = [
  { kind: 'read', name: 'readP99Ms', mark: 'p50' },
  { kind: 'write', name: 'writeP99Ms', mark: 'p99' },
] as const;

/** One point for each setting and kind: right is more, down is faster. */
function tradeCard(settings: readonly MeasuredSetting[]): ChartCard | undefined {
  const points = TRADE.flatMap(({ kind, name }) =>
    settings.flatMap((setting) => {
      const at = setting.figures.throughput?.value;
      const value = setting.figures[name]?.value;
      return at === undefined || value === undefined
        ? []
        : [{ kind: kind as Tone, at, value, text: setting.name }];
    }),
  ).sort((one, other) => one.at - other.at);
  if (new Set(points.map(({ text }) => text)).size < 2) return undefined;
  const series = TRADE.map(
    ({ kind, mark }): Series => ({
      label: `${kind} p99`,
      tone: kind,
      mark,
      values: points.map((point) => (point.kind === kind ? point.value : null)),
    }),
  ).filter(({ values }) => values.some((value) => value !== null));
  const x = spreadAxis(
    'operations a second',
    points.map(({ at }) => at),
  );
  const chart: Chart = {
    id: 'trade-p99',
    title: 'Throughput against p99',
    alt:
      `Throughput against 99th percentile latency of ${settingsText(settings.length)}. ` +
      extremesText(settings, 'throughput'),
    x,
    y: valueAxis(
      'p99, ms',
      points.map(({ value }) => value),
    ),
    at: points.map(({ at }) => at),
    series,
    bands: [],
    stems: [],
    labels: points.map(({ at, value, text }): PointLabel => ({ at, value, text })),
    spans: [],
    table: {
      head: ['setting', 'throughput, /s', 'read p99, ms', 'write p99, ms'],
      rows: settings.map(({ name, figures }) => [
        name,
        figureText('throughput', figures.throughput),
        figureText('readP99Ms', figures.readP99Ms),
        figureText('writeP99Ms', figures.writeP99Ms),
      ]),
    },
  };
  return {
    id: 'trade',
    title: 'Throughput against latency',
    lead:
      'Each setting is one point for reads and one for writes: further right is more, ' +
      'lower is faster.',
    legend: series.map(({ label, tone, mark }): LegendEntry => ({ label, tone, mark })),
    charts: [chart],
  };
}
