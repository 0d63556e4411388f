/** Is this a latency profile, and which one? The form in which measured latencies are stored and
 *  handed on.
 *  Invariants: what is returned can be drawn from as it is; encoding and decoding give an equal
 *  profile; anything else is refused with the name of the field and what it must be.
 *  Not here: reading files, JSON text. Form: docs/benchmark.md, "Profile files". */
import { CoterieError } from '../errors.ts';
import type { LatencyDistribution, PlainLatency } from './latency.ts';
import type { LatencyProfile, Legs } from './profile.ts';

const FORMAT = 'coterie-latency-profile';
const VERSION = 1;
const NAME_LENGTH_MAX = 64;
const PARTS_MAX = 64;
const VALUES_MAX = 1_000_000;
/** Some 11 days: beyond it a number is a mistake. */
const MS_MAX = 1e9;
/** A shape this small already gives the uniform number 2^-32 some 1e96 times the smallest value. */
const SHAPE_MIN = 0.1;
const RATE_MIN = 1e-9;
const NUMBER_MAX = 1e9;

type Fields = Readonly<Record<string, unknown>>;

const COUPLINGS = ['roundTrips', 'copiesTogether'] as const;
const REQUIRED_LEGS = ['write', 'ack', 'read', 'response'] as const;
const OPTIONAL_LEGS = ['commit', 'mint', 'lookup', 'ownLookup', 'client'] as const;
const KIND_FIELDS: Readonly<Record<LatencyDistribution['kind'], readonly string[]>> = {
  constant: ['ms'],
  exponential: ['rate'],
  pareto: ['minMs', 'shape'],
  quantiles: ['points'],
  samples: ['ms'],
  mixture: ['parts'],
};

/** What JSON.stringify then writes. */
export function encodeProfile({ legs, ...others }: LatencyProfile): Fields {
  return { format: FORMAT, version: VERSION, ...others, legs };
}

/** `value`: what JSON.parse made. Errors: INVALID_ARGUMENT, VERSION_UNSUPPORTED. */
export function decodeProfile(value: unknown): LatencyProfile {
  const file = objectOf(value, 'the profile');
  if (file['format'] !== FORMAT) {
    throw refusal('format', file['format'], `${JSON.stringify(FORMAT)}: this is no profile`);
  }
  checkVersion(file['version']);
  onlyFields(file, '', ['format', 'version', 'name', 'remoteMs', ...COUPLINGS, 'legs']);
  const { name, remoteMs = 0, roundTrips, copiesTogether } = file;
  if (typeof name !== 'string' || name === '' || name.length > NAME_LENGTH_MAX) {
    throw refusal('name', name, `a text of 1 to ${NAME_LENGTH_MAX} characters`);
  }
  if (roundTrips !== undefined && typeof roundTrips !== 'boolean') {
    throw refusal('roundTrips', roundTrips, 'true or false');
  }
  return {
    name,
    remoteMs: numberOf(remoteMs, 'remoteMs', 0, MS_MAX),
    ...(roundTrips === undefined ? {} : { roundTrips }),
    ...(copiesTogether === undefined
      ? {}
      : { copiesTogether: numberOf(copiesTogether, 'copiesTogether', 0, 1) }),
    legs: legsOf(file['legs']),
  };
}

function checkVersion(version: unknown): void {
  if (version === VERSION) return;
  if (!Number.isSafeInteger(version) || Number(version) < VERSION) {
    throw refusal('version', version, `${VERSION}`);
  }
  throw new CoterieError(
    'VERSION_UNSUPPORTED',
    `The profile is of version ${version}, this software reads ${VERSION}: measure again ` +
      'with it, or take a newer one',
  );
}

function legsOf(value: unknown): Legs {
  const legs = objectOf(value, 'legs');
  onlyFields(legs, 'legs.', [...REQUIRED_LEGS, ...OPTIONAL_LEGS]);
  const leg = (name: keyof Legs): LatencyDistribution => distributionOf(legs[name], `legs.${name}`);
  const optional: { -readonly [Name in (typeof OPTIONAL_LEGS)[number]]?: LatencyDistribution } = {};
  for (const name of OPTIONAL_LEGS) if (legs[name] !== undefined) optional[name] = leg(name);
  return {
    write: leg('write'),
    ack: leg('ack'),
    read: leg('read'),
    response: leg('response'),
    ...optional,
  };
}

function distributionOf(value: unknown, path: string): LatencyDistribution {
  const fields = objectOf(value, path);
  if (fields['kind'] !== 'mixture') return plainOf(fields, path);
  onlyFields(fields, `${path}.`, ['kind', ...KIND_FIELDS.mixture]);
  const parts = listOf(fields['parts'], `${path}.parts`, PARTS_MAX);
  return {
    kind: 'mixture',
    parts: parts.map((part, index) => {
      const at = `${path}.parts[${index}]`;
      const entry = objectOf(part, at);
      onlyFields(entry, `${at}.`, ['weight', 'of']);
      const weight = numberOf(entry['weight'], `${at}.weight`, RATE_MIN, NUMBER_MAX);
      return { weight, of: plainOf(objectOf(entry['of'], `${at}.of`), `${at}.of`) };
    }),
  };
}

function plainOf(fields: Fields, path: string): PlainLatency {
  const kind = kindOf(fields['kind'], path);
  onlyFields(fields, `${path}.`, ['kind', ...KIND_FIELDS[kind]]);
  const number = (name: string, min: number, max: number): number =>
    numberOf(fields[name], `${path}.${name}`, min, max);
  switch (kind) {
    case 'constant':
      return { kind, ms: number('ms', 0, MS_MAX) };
    case 'exponential':
      return { kind, rate: number('rate', RATE_MIN, NUMBER_MAX) };
    case 'pareto':
      return {
        kind,
        minMs: number('minMs', 0, MS_MAX),
        shape: number('shape', SHAPE_MIN, NUMBER_MAX),
      };
    case 'quantiles':
      return { kind, points: pointsOf(fields['points'], `${path}.points`) };
    case 'samples': {
      const values = listOf(fields['ms'], `${path}.ms`, VALUES_MAX);
      return { kind, ms: values.map((ms, at) => numberOf(ms, `${path}.ms[${at}]`, 0, MS_MAX)) };
    }
  }
}

function kindOf(value: unknown, path: string): PlainLatency['kind'] {
  const kinds = Object.keys(KIND_FIELDS);
  if (typeof value !== 'string' || !kinds.includes(value)) {
    throw refusal(`${path}.kind`, value, `one of ${kinds.join(', ')}`);
  }
  if (value === 'mixture') {
    throw refusal(`${path}.kind`, value, 'another kind: a mixture has no mixtures in it');
  }
  return value as PlainLatency['kind'];
}

function pointsOf(value: unknown, path: string): [number, number][] {
  let shareBefore = 0;
  let msBefore = 0;
  const points = listOf(value, path, VALUES_MAX).map((point, index): [number, number] => {
    const at = `${path}[${index}]`;
    if (!Array.isArray(point) || point.length !== 2) {
      throw refusal(at, point, '[share, milliseconds]');
    }
    const share = numberOf(point[0], `${at}[0]`, shareBefore, 1);
    const ms = numberOf(point[1], `${at}[1]`, msBefore, MS_MAX);
    shareBefore = share;
    msBefore = ms;
    return [share, ms];
  });
  if (points.length < 2 || points[0]?.[0] !== 0 || shareBefore !== 1) {
    throw refusal(path, `${points.length} points`, 'a list that begins with share 0, ends with 1');
  }
  return points;
}

function objectOf(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw refusal(path, value, 'an object');
}

function listOf(value: unknown, path: string, max: number): readonly unknown[] {
  if (Array.isArray(value) && value.length >= 1 && value.length <= max) return value;
  const given = Array.isArray(value) ? `a list of ${value.length}` : value;
  throw refusal(path, given, `a list of 1 to ${max}`);
}

function numberOf(value: unknown, path: string, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw refusal(path, value, `a number from ${min} to ${max}`);
}

function onlyFields(fields: Fields, prefix: string, known: readonly string[]): void {
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue;
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `${prefix}${name} is not known; there are ${known.join(', ')}`,
    );
  }
}

const SHOWN_LENGTH_MAX = 40;

function refusal(path: string, value: unknown, wanted: string): CoterieError {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing');
  const shown = text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
  return new CoterieError('INVALID_ARGUMENT', `${path} is ${shown}; it must be ${wanted}`);
}
