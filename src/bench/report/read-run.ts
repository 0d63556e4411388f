/** The result of `coterie bench run` as a report of one setting. Its slices tell how far the next
 *  run's figures may be from its own; reports of earlier versions have none. */
import type { JsonFields } from './json-fields.ts';
import { type Figure, type FigureName, type Measured, shareOf } from './measured.ts';
import {
  clusterText,
  errorsOf,
  factsOf,
  levelText,
  loadNotes,
  surroundingsOf,
} from './read-facts.ts';

export const RUN_FORMAT = 'coterie-bench-run/1';

/** Errors: INVALID_ARGUMENT. */
export function measuredRun(fields: JsonFields): Measured {
  const config = fields.fields('config');
  const errors = errorsOf(fields);
  const operations = fields.amount('operations');
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  const workload = fields.text('workload');
  const levels = [config.fields('read'), config.fields('write')].map(levelText);
  const setting = `read ${levels[0]}, write ${levels[1]}`;
  return {
    title: `Workload ${workload}`,
    facts: [
      ['workload', workloadText(fields)],
      ['cluster', clusterText(fields)],
      ...factsOf(fields),
    ],
    notes: notesOf(fields),
    asked: new Map([['workload', workload], ...config.flat(), ...fields.fields('cluster').flat()]),
    surroundings: surroundingsOf(fields),
    settings: [
      {
        name: setting,
        figures: { ...figuresOf(fields), failedShare: shareOf(failed, operations) },
        errors,
        operations,
        predicted: [],
      },
    ],
  };
}

const LATENCIES = [
  ['read', 'p50Ms', 'readP50Ms'],
  ['read', 'p99Ms', 'readP99Ms'],
  ['read', 'p999Ms', 'readP999Ms'],
  ['write', 'p50Ms', 'writeP50Ms'],
  ['write', 'p99Ms', 'writeP99Ms'],
  ['write', 'p999Ms', 'writeP999Ms'],
] as const;

function figuresOf(fields: JsonFields) {
  const figures: Partial<Record<FigureName, Figure>> = {};
  const noise = fields.has('noise') ? fields.fields('noise') : undefined;
  const set = (name: FigureName, value: number | undefined): void => {
    if (value === undefined) return;
    const ratio = noise?.amountIfAny(name);
    if (noise !== undefined && (ratio ?? 1) < 1) throw noise.refusal(name, 'a number not below 1');
    figures[name] =
      ratio === undefined
        ? { value, low: null, high: null }
        : { value, low: value / ratio, high: value * ratio };
  };
  set('throughput', fields.amount('throughput'));
  for (const [kind, percentile, name] of LATENCIES) {
    set(name, fields.fields(kind).amountIfAny(percentile));
  }
  const seconds = fields.fields('cpuSecondsPer1000');
  set('clientSeconds', seconds.amountIfAny('client'));
  set('nodeSeconds', seconds.amountIfAny('nodes'));
  return figures;
}

function workloadText(fields: JsonFields): string {
  const config = fields.fields('config');
  const pace = config.fields('pace');
  const keys = config.amount('keys').toLocaleString('en-US');
  const paceText = pace.has('inFlight')
    ? `${pace.amount('inFlight')} in flight`
    : `${pace.amount('perSecond')} a second whether answered or not`;
  return (
    `${fields.text('workload')}, ${config.text('distribution')}, ${keys} keys of ` +
    `${config.amount('valueBytes')} bytes, ${paceText}, ${clientsText(config)}, ` +
    `${fields.amount('elapsedSeconds').toFixed(1)} s`
  );
}

function clientsText(config: JsonFields): string {
  const clients = config.amount('clients');
  return clients === 1 ? 'one client' : `${clients} clients`;
}

function hasNoise(fields: JsonFields): boolean {
  return fields.has('noise') && fields.fields('noise').names.length > 0;
}

function notesOf(fields: JsonFields): readonly string[] {
  const notes = [
    hasNoise(fields)
      ? 'One run: its ranges come from its slices, and know what changed while it ran, no more.'
      : 'One run without slices: nothing is known of its noise, and what is compared with it is ' +
        'judged by the noise of the other report alone.',
    ...loadNotes(fields),
  ];
  if (fields.isTrue('isInterrupted')) {
    notes.push('It was interrupted: the figures are of what was done until then.');
  }
  const unstarted = fields.amountIfAny('unstarted') ?? 0;
  if (unstarted > 0) {
    notes.push(`${unstarted} operations were due and never begun: it cannot keep this rate.`);
  }
  return notes;
}
