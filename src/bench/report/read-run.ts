/** The result of `coterie bench run` as a report of one setting. One run has no repetitions: of
 *  most of its figures nobody knows how far the next run's will be from them. */
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
  const set = (name: FigureName, value: number | undefined): void => {
    if (value !== undefined) figures[name] = { value, low: null, high: null };
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

function notesOf(fields: JsonFields): readonly string[] {
  const notes = [
    'One run: nothing is known of its noise. Run it again and compare.',
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
