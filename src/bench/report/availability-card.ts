/** Availability over time, with the time of the fault marked. */
import { type Chart, type ChartCard, percentAxis } from './chart.ts';
import { numberText, percentText } from './figure-text.ts';
import type { Availability, AvailabilitySlice, MeasuredSetting } from './measured.ts';

export function availabilityCard(settings: readonly MeasuredSetting[]): ChartCard | undefined {
  const measured = settings.flatMap(({ name, availability }) =>
    availability === undefined ? [] : [{ name, availability }],
  );
  if (measured.length === 0) return undefined;
  return {
    id: 'availability',
    title: 'Availability over time',
    lead:
      'Operations that succeeded, of those that ended in each slice of time. Where the line is ' +
      'broken none ended.',
    legend: [
      { label: 'succeeded', tone: 'measured', mark: 'line' },
      { label: 'fault', tone: 'fault', mark: 'span' },
    ],
    charts: measured.map(({ name, availability }, at) => availabilityChart(name, availability, at)),
    table: {
      head: ['setting', 'fault', 'before', 'during', 'after'],
      rows: measured.flatMap(({ name, availability }) => summaryRows(name, availability)),
    },
  };
}

function availabilityChart(name: string, availability: Availability, index: number): Chart {
  const { slices, faults } = availability;
  const shares = slices.map(shareOfSlice);
  const last = slices.at(-1)?.atSeconds ?? 0;
  const width = last - (slices.at(-2)?.atSeconds ?? 0);
  const end = Math.max(last + width, ...faults.map(({ toSeconds }) => toSeconds));
  const known = shares.filter((share) => share !== null);
  return {
    id: `availability-${index}`,
    title: name,
    alt: `Availability of ${name}: ${altOf(availability)}`,
    x: { label: 'seconds', kind: 'linear', min: 0, max: end, suffix: '', names: [] },
    y: percentAxis('succeeded', Math.min(100, ...known)),
    // The last slice has a width too.
    at: [...slices.map(({ atSeconds }) => atSeconds), last + width],
    series: [
      {
        label: 'succeeded',
        tone: 'measured',
        mark: 'steps',
        values: [...shares, shares.at(-1) ?? null],
      },
    ],
    bands: [],
    stems: [],
    labels: [],
    spans: faults.map(({ label, fromSeconds, toSeconds }) => ({
      label,
      from: fromSeconds,
      to: toSeconds,
    })),
    table: {
      head: ['from, s', 'succeeded', 'failed'],
      rows: slices.map(({ atSeconds, succeeded, failed }) => [
        numberText(atSeconds),
        String(succeeded),
        String(failed),
      ]),
    },
  };
}

function altOf({ slices, faults }: Availability): string {
  if (faults.length === 0) return `succeeded: ${spanText(slices, 0, Infinity)}.`;
  return faults
    .map(
      ({ label, fromSeconds, toSeconds }) =>
        `${label} from ${numberText(fromSeconds)} to ${numberText(toSeconds)} s. Succeeded ` +
        `before it: ${spanText(slices, 0, fromSeconds)}, during it: ` +
        `${spanText(slices, fromSeconds, toSeconds)}, after it: ` +
        `${spanText(slices, toSeconds, Infinity)}.`,
    )
    .join(' ');
}

function summaryRows(name: string, { slices, faults }: Availability): readonly string[][] {
  if (faults.length === 0) return [[name, 'none', spanText(slices, 0, Infinity), '', '']];
  return faults.map(({ label, fromSeconds, toSeconds }) => [
    name,
    label,
    spanText(slices, 0, fromSeconds),
    spanText(slices, fromSeconds, toSeconds),
    spanText(slices, toSeconds, Infinity),
  ]);
}

/** How many of the operations succeeded, in the slices that begin in this time. */
function spanText(slices: readonly AvailabilitySlice[], from: number, to: number): string {
  const within = slices.filter(({ atSeconds }) => atSeconds >= from && atSeconds < to);
  const succeeded = within.reduce((sum, slice) => sum + slice.succeeded, 0);
  const ended = within.reduce((sum, slice) => sum + slice.succeeded + slice.failed, 0);
  return ended === 0 ? 'none ended' : `${percentText(succeeded / ended)} %`;
}

function shareOfSlice({ succeeded, failed }: AvailabilitySlice): number | null {
  const ended = succeeded + failed;
  return ended === 0 ? null : (succeeded / ended) * 100;
}
