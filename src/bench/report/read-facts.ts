/** The part that the JSON of every benchmark has: where and with what it was measured. */
import { type JsonFields, visible } from './json-fields.ts';

const GIBIBYTE = 1_024 ** 3;

export function factsOf(fields: JsonFields): readonly (readonly [string, string])[] {
  const machine = fields.fields('machine');
  const versions = fields.fields('versions');
  const memory = (machine.amount('memoryBytes') / GIBIBYTE).toFixed(1);
  const load = machine.amount('loadAverage').toFixed(2);
  return [
    ['command', fields.text('command')],
    ['started', fields.text('startedAt')],
    ['versions', `Coterie ${versions.text('coterie')}, Node.js ${versions.text('node')}`],
    [
      'machine',
      `${machine.amount('cores')} cores, ${machine.text('processor')}, ${memory} GiB, ` +
        `${machine.text('platform')}; load average ${load} when it began`,
    ],
    ['seed', String(fields.number('seed'))],
  ];
}

/** Of so much load for each core the machine was not free. */
const LOAD_PER_CORE_MAX = 0.5;

export function loadNotes(fields: JsonFields): readonly string[] {
  const machine = fields.fields('machine');
  const load = machine.amount('loadAverage');
  if (load <= machine.amount('cores') * LOAD_PER_CORE_MAX) return [];
  return [
    `The machine had other things to do: the load average was ${load.toFixed(1)} when it began.`,
  ];
}

/** Beside the figures of two reports that differ in these stands that they do. */
export function surroundingsOf(fields: JsonFields): ReadonlyMap<string, string> {
  const machine = new Map(fields.fields('machine').flat());
  machine.delete('machine.loadAverage');
  return new Map([...machine, ...fields.fields('versions').flat()]);
}

export function clusterText(fields: JsonFields): string {
  const cluster = fields.fields('cluster');
  const replicas = cluster.amountIfAny('replicas');
  const copies =
    replicas === undefined ? '' : `, ${replicas} ${replicas === 1 ? 'copy' : 'copies'} of each key`;
  const nodes = cluster.amount('nodes');
  return `${nodes} node${nodes === 1 ? '' : 's'}, ${cluster.text('kind')}${copies}`;
}

export function errorsOf(fields: JsonFields): Readonly<Record<string, number>> {
  const errors = fields.fields('errors');
  return Object.fromEntries(errors.names.map((code) => [visible(code), errors.amount(code)]));
}

/** `quorum`, or `r=1`. */
export function levelText(level: JsonFields): string {
  const words = [...level.flat()].map(([path, value]) => {
    const name = path.slice(path.lastIndexOf('.') + 1);
    return name === 'consistency' ? value : `${name}=${value}`;
  });
  return words.join(' ');
}
