/** The result of a matrix for people. */
import {
  freshnessNotes,
  type QuorumReport,
  type ReportedSetting,
} from '../bench/quorum/quorum-report.ts';
import { FIGURE_NAMES, FIGURES } from '../bench/report/measured.ts';
import { counted, whole } from './counted.ts';
import { type Look, renderTable } from './table.ts';

const HEAD = [
  'setting',
  'ops/s',
  'read p50',
  'p99',
  'p99.9',
  'write p50',
  'p99',
  'p99.9 ms',
  'fresh at once',
  'predicted',
  '99.9 % after ms',
  'predicted',
  'CPU ms/op',
  'errors',
];

export function quorumText(report: QuorumReport, terminal: Look): string {
  const { settings, cluster, config, elapsedSeconds } = report;
  const table = renderTable({ head: HEAD, rows: settings.map(rowOf) }, terminal);
  const head =
    `${counted(cluster.nodes, `${cluster.kind} node`)}, workload ${report.workload}, ` +
    `${config.rounds} slices of ${config.sliceSeconds} s for each setting, ` +
    `${config.inFlight} in flight; ` +
    `${elapsedSeconds.toFixed(0)} s in all\n`;
  const notes = [
    report.isInterrupted ? 'It was interrupted: the figures are of what was done until then.' : '',
    noiseText(report),
    ...freshnessNotes(report),
    'Predicted: by the model `coterie` from the legs of the requests, counted meanwhile.',
  ];
  return [
    head,
    table,
    ...settings.map(availabilityText),
    ...notes.filter((note) => note !== '').map((note) => `${note}\n`),
  ].join('');
}

function rowOf(setting: ReportedSetting): string[] {
  const { name, figures, freshness, errors, probeErrors } = setting;
  const ms = (figure: keyof typeof figures): string => figures[figure]?.value.toFixed(1) ?? '';
  const [first] = freshness?.measured ?? [];
  const predicted = freshness?.predicted?.coterie;
  const atOnce = predicted?.freshAtMs.find(([tMs]) => tMs === first?.[0])?.[1];
  const cpu = (figures.clientSeconds?.value ?? 0) + (figures.nodeSeconds?.value ?? 0);
  const failed = Object.entries({ ...probeErrors, ...errors });
  return [
    name,
    whole(figures.throughput?.value ?? 0),
    ms('readP50Ms'),
    ms('readP99Ms'),
    ms('readP999Ms'),
    ms('writeP50Ms'),
    ms('writeP99Ms'),
    ms('writeP999Ms'),
    first === undefined ? '' : percent(first[1] / first[2]),
    atOnce === undefined ? '' : percent(atOnce),
    ms('freshMs') || afterText(setting),
    predicted?.t999Ms.toFixed(1) ?? '',
    cpu.toFixed(3),
    failed.map(([code, count]) => `${code} ${count}`).join(', '),
  ];
}

/** Why there is no time. */
function afterText({ freshness, isStrict }: ReportedSetting): string {
  if (freshness === null) return '';
  if (isStrict && freshness.stale === 0) return 'promised';
  return freshness.after999 === 'too few reads' ? 'not enough reads' : freshness.after999;
}

/** Of what was asked before, during and after the fault, how much succeeded. */
function availabilityText({ name, availability }: ReportedSetting): string {
  if (availability === null) return '';
  const { slices, p99Ms, sliceSeconds, fault } = availability;
  const share = (from: number, to: number): string => {
    const isWithin = (at: number): boolean => at * sliceSeconds >= from && at * sliceSeconds < to;
    const within = slices.filter((_, at) => isWithin(at));
    const worst = Math.max(...p99Ms.map((ms, at) => (isWithin(at) ? (ms ?? 0) : 0)));
    const succeeded = within.reduce((sum, [ok]) => sum + ok, 0);
    const all = within.reduce((sum, [ok, failed]) => sum + ok + failed, 0);
    if (all === 0) return 'nothing';
    return `${percent(succeeded / all)} succeeded (p99 up to ${worst.toFixed(0)} ms)`;
  };
  const { kind, node, fromSeconds, toSeconds } = fault;
  return (
    `${name}: before ${kind} ${node} ${share(0, fromSeconds)}, ` +
    `during it ${share(fromSeconds, toSeconds)}, ` +
    `after it ${share(toSeconds, Number.POSITIVE_INFINITY)}\n`
  );
}

function noiseText({ noise }: QuorumReport): string {
  const known: Readonly<Partial<Record<string, number>>> = noise;
  const ratios = FIGURE_NAMES.flatMap((name) => {
    const ratio = known[name];
    return ratio === undefined ? [] : [`${FIGURES[name].label} ${ratio.toFixed(2)}`];
  });
  if (ratios.length === 0) return '';
  const effect = noise.freshDesignEffect;
  const fresh =
    effect === undefined
      ? ''
      : ` Shares of fresh reads vary as if ${effect.toFixed(1)} times fewer had been counted.`;
  return `A second run is expected within these ratios: ${ratios.join(', ')}.${fresh}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 1 && share > 0.99 ? 2 : 1)} %`;
}
