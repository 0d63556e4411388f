/** What charts and their tables say of the sample. */
import { describe, expect, it } from 'vitest';
import { chartCards } from '../../../src/bench/report/cards.ts';
import type { Chart, ChartCard } from '../../../src/bench/report/chart.ts';
import { curveError } from '../../../src/bench/report/curve-error.ts';
import { shareOf } from '../../../src/bench/report/measured.ts';
import { readReport } from '../../../src/bench/report/read-report.ts';
import { sampleQuorum, sampleRun } from './sample.ts';

const CARDS = chartCards(readReport(sampleQuorum()).settings);

function cardOf(id: string): ChartCard {
  const card = CARDS.find((each) => each.id === id);
  if (card === undefined) throw new Error(`no card ${id}`);
  return card;
}

function chartOf(id: string): Chart {
  const chart = CARDS.flatMap(({ charts }) => charts).find((each) => each.id === id);
  if (chart === undefined) throw new Error(`no chart ${id}`);
  return chart;
}

describe('charts', () => {
  it('are there for what was measured', () => {
    expect(CARDS.map(({ id }) => id)).toEqual(['latency', 'trade', 'freshness', 'availability']);
    const run = chartCards(readReport(sampleRun()).settings);
    expect(run.map(({ id }) => id)).toEqual(['latency']);
  });

  it('have as many values as places, places that rise, and axes that hold every value', () => {
    for (const { at, series, x, y, bands } of CARDS.flatMap(({ charts }) => charts)) {
      expect(at).toEqual([...at].sort((a, b) => a - b));
      expect(x.min).toBeLessThanOrEqual(at[0] ?? Number.NaN);
      for (const { values } of series) {
        expect(values).toHaveLength(at.length);
        const there = values.filter((value) => value !== null);
        expect(Math.min(...there)).toBeGreaterThanOrEqual(y.min);
        expect(Math.max(...there)).toBeLessThanOrEqual(y.max);
      }
      for (const { low, high } of bands) {
        expect([low.length, high.length]).toEqual([at.length, at.length]);
      }
    }
  });

  it('show predicted latencies beside measured ones, with the error', () => {
    const { head, rows, caption } = cardOf('latency').table ?? { head: [], rows: [] };
    expect(caption).toBe('Predicted by the coterie model, and by how much it is off');
    expect(head.slice(0, 3)).toEqual(['setting', 'read p50, ms', 'read p99, ms']);
    expect(rows[0]?.slice(0, 3)).toEqual(['R 1, W 1', '1.26 (-10 %)', '4.41 (-15 %)']);
    const { at, series } = chartOf('latency-read');
    expect(at.slice(0, 4)).toEqual([0, 0.2, 1, 1.2]);
    const predicted = series.find(({ label }) => label === 'predicted p50')?.values ?? [];
    expect(predicted[0]).toBeNull();
    expect(predicted[1]).toBeCloseTo(1.26);
  });

  it('draw freshness of settings that are ever stale, and say which never are', () => {
    const { charts, lead, table } = cardOf('freshness');
    expect(charts.map(({ title }) => title)).toEqual(['R 1, W 1', 'R 2, W 1', 'R 1, W 2']);
    expect(lead.replaceAll('\u00a0', ' ')).toContain('Always fresh: R 3, W 1; R 2, W 2; R 3, W 2;');
    expect(table?.rows[0]).toEqual([
      'R 1, W 1',
      '50.00',
      '50.00',
      '2.29 / 1.10',
      '50.00',
      '9.25 / 4.01',
      '75.00',
      '75.00',
    ]);
  });

  it('mark the fault, break the line where nothing ended, and sum up around the fault', () => {
    const { series, spans } = chartOf('availability-2');
    expect(spans).toEqual([{ label: 'kill n3', from: 8, to: 14 }]);
    const [values = []] = series.map((each) => each.values);
    expect(values.slice(7, 10)).toEqual([100, 0, (220 / 600) * 100]);
    expect(values.at(-1)).toBeNull();
    expect(chartOf('availability-0').series[0]?.values[8]).toBeNull();
    const rows = cardOf('availability').table?.rows ?? [];
    expect(rows[2]).toEqual(['R 3, W 1', 'kill n3', '100 %', '32.54 %', '100 %']);
  });

  it('count a slice in which the fault began as one during it', () => {
    const { settings, ...report } = sampleQuorum();
    const early = settings.slice(2, 3).map((setting) => ({
      ...setting,
      availability: {
        sliceSeconds: 1,
        slices: [
          [100, 0],
          [90, 10],
          [100, 0],
          [100, 0],
        ],
        fault: { kind: 'kill', node: 'n3', fromSeconds: 1.5, toSeconds: 2.5 },
      },
    }));
    const cards = chartCards(readReport({ ...report, settings: early }).settings);
    const rows = cards.find(({ id }) => id === 'availability')?.table?.rows;
    expect(rows).toEqual([['N 3, R 3, W 1', 'kill n3', '100 %', '95.00 %', '100 %']]);
  });

  it('have room for marks at the ends of a logarithmic axis', () => {
    const { min, max, kind } = chartOf('latency-read').y;
    expect({ min, max, kind }).toEqual({ min: 1, max: 100, kind: 'log' });
  });

  it('of reads and writes have one axis, which says what kind it is', () => {
    const [read, write] = [chartOf('latency-read').y, chartOf('latency-write').y];
    expect(read.label).toBe('read latency, ms, logarithmic');
    expect(write).toEqual({ ...read, label: 'write latency, ms, logarithmic' });
    const even = readReport(sampleQuorum()).settings.map((setting) => ({
      ...setting,
      predicted: [],
      figures: Object.fromEntries(
        Object.keys(setting.figures).map((name) => [name, { value: 5, low: 5, high: 5 }]),
      ),
    }));
    const [first, second] = chartCards(even).find(({ id }) => id === 'latency')?.charts ?? [];
    expect(first?.y.label).toBe('read latency, ms, linear');
    expect(second?.y).toEqual({ ...first?.y, label: 'write latency, ms, linear' });
  });

  it('are told in words', () => {
    expect(chartOf('latency-read').alt).toBe(
      'Percentiles of read latency for 9 settings. The 99th percentile in ms goes from 5.20 ' +
        '(R 1, W 1) to 11.4 (R 3, W 3).',
    );
  });
});

describe('the error of a predicted curve', () => {
  const curve = [
    [0, 0.5],
    [10, 1],
  ] as const;

  it('is taken at the times that were measured, on the line between predicted ones', () => {
    const measured = [
      { tMs: 0, share: shareOf(60, 100) },
      { tMs: 5, share: shareOf(70, 100) },
      { tMs: 20, share: shareOf(0, 100) },
    ];
    const error = curveError(measured, { curve });
    expect(error?.max).toBeCloseTo(0.1);
    expect(error?.atMs).toBe(0);
    expect(error?.mean).toBeCloseTo(0.075);
  });

  it('is not known where no time is in common', () => {
    const measured = [{ tMs: 11, share: shareOf(1, 1) }];
    expect(curveError(measured, { curve })).toBeUndefined();
  });
});
