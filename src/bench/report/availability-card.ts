/** Availability over time, with the time of the fault marked. */
import { type Chart, type ChartCard, percentAxis } from './chart.ts';
import { numberText, percentText } from './figure-text.ts';
import type { Availability, AvailabilitySlice, FaultSpan, MeasuredSetting } from './measured.ts';

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
    at: [...slices.map(({ atSeconds }) => atSeconds), last + width],
    series: [
      {
        label: 'succeeded',
        tone: 'measured',
        mark: 'steps',
        values: [...shares, null],
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

function altOf(availability: Availability): string {
  const { faults } = availability;
  if (faults.length === 0) return `succeeded: ${succeededIn(availability.slices)}.`;
  return faults
    .map((fault) => {
      const { before, during, after } = around(availability, fault);
      return (
        `${fault.label} from ${numberText(fault.fromSeconds)} to ` +
        `${numberText(fault.toSeconds)} s. Succeeded before it: ${before}, during it: ${during}, ` +
        `after it: ${after}.`
      );
    })
    .join(' ');
}

function summaryRows(name: string, availability: Availability): readonly string[][] {
  const { faults, slices } = availability;
  if (faults.length === 0) return [[name, 'none', succeededIn(slices), '', '']];
  return faults.map((fault) => {
    const { before, during, after } = around(availability, fault);
    return [name, fault.label, before, during, after];
  });
}

/** A slice in which the fault began or ended is one during it. */
function around({ slices }: Availability, { fromSeconds, toSeconds }: FaultSpan) {
  const endOf = (at: number): number => slices[at + 1]?.atSeconds ?? Number.POSITIVE_INFINITY;
  const isBefore = (at: number): boolean => endOf(at) <= fromSeconds;
  const isAfter = ({ atSeconds }: AvailabilitySlice): boolean => atSeconds >= toSeconds;
  return {
    before: succeededIn(slices.filter((_, at) => isBefore(at))),
    during: succeededIn(slices.filter((slice, at) => !isBefore(at) && !isAfter(slice))),
    after: succeededIn(slices.filter(isAfter)),
  };
}

function succeededIn(slices: readonly AvailabilitySlice[]): string {
  const succeeded = slices.reduce((sum, slice) => sum + slice.succeeded, 0);
  const ended = slices.reduce((sum, slice) => sum + slice.succeeded + slice.failed, 0);
  return ended === 0 ? 'none ended' : `${percentText(succeeded / ended)} %`;
}

function shareOfSlice({ succeeded, failed }: AvailabilitySlice): number | null {
  const ended = succeeded + failed;
  return ended === 0 ? null : (succeeded / ended) * 100;
}
