/** Makes one checked, frozen NodeConfig out of settings and where each came from.
 *  Invariant: a fault is one sentence that names the key, the value and its source; nothing is
 *  guessed or repaired.
 *  Not here: reading files, environment and flags (load.ts). */
import { CoterieError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import { formatAddress, isDialable, parseAddress } from './address.ts';
import { CONFIG_KEYS, findKey } from './keys.ts';
import { configSchema, type NodeConfig, type NodeConfigInput } from './schema.ts';

/** One value of one key. `source` reads as in "it is 5 (from SOURCE)". */
export interface Setting {
  readonly value: unknown;
  readonly source: string;
}

/** By `group.key`. A later layer has already replaced an earlier one. */
export type Settings = ReadonlyMap<string, Setting>;

/** For programs: what is not given takes its default. Errors: INVALID_CONFIG. */
export function resolveConfig(input: NodeConfigInput = {}): NodeConfig {
  return resolveSettings(settingsOf(input, 'the program'));
}

/** Flattens `{group: {key: value}}`. Errors: INVALID_CONFIG for unknown groups and keys. */
export function settingsOf(input: unknown, source: string): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  if (!isPlainObject(input)) {
    throw invalidConfig(
      `The configuration of ${source} must be groups of keys, not ${shown(input)}`,
    );
  }
  for (const [group, keys] of Object.entries(input)) {
    if (keys === undefined || keys === null) continue;
    if (!isPlainObject(keys)) {
      throw invalidConfig(
        isGroup(group)
          ? `${group} is ${shown(keys)} in ${source}; it must be a group of keys`
          : unknownKey(group, source),
      );
    }
    for (const [key, value] of Object.entries(keys)) {
      const name = `${group}.${key}`;
      if (findKey(name) === undefined) throw invalidConfig(unknownKey(name, source));
      if (value !== undefined && value !== null) settings.set(name, { value, source });
    }
    if (!isGroup(group)) throw invalidConfig(unknownKey(group, source));
  }
  return settings;
}

/** Errors: INVALID_CONFIG for the first value that does not fit, alone or beside another. */
export function resolveSettings(settings: Settings): NodeConfig {
  const input: Record<string, Record<string, unknown>> = {};
  for (const key of CONFIG_KEYS) {
    const setting = settings.get(key.name);
    if (setting === undefined) continue;
    const group = input[key.group] ?? {};
    group[key.key] = setting.value;
    input[key.group] = group;
  }
  const parsed = configSchema.safeParse(input);
  if (!parsed.success) {
    const name = parsed.error.issues[0]?.path.slice(0, 2).join('.') ?? '';
    const key = findKey(name);
    const expects = key === undefined ? 'set as docs/configuration.md says' : key.expects;
    throw invalidConfig(`${described(name, settings)}; it must be ${expects}`);
  }
  checkTogether(parsed.data, settings);
  return deepFreeze(parsed.data);
}

export function unknownKey(name: string, source: string): string {
  const candidates = name.includes('.')
    ? CONFIG_KEYS.map((key) => key.name)
    : CONFIG_KEYS.map((key) => key.group);
  // A right key in a wrong group is a more likely mistake than a typing error in both.
  const sameKey = CONFIG_KEYS.find((key) => key.key === name.slice(name.indexOf('.') + 1));
  const nearest = sameKey?.name ?? nearestName(name, candidates);
  const hint =
    nearest === undefined ? 'docs/configuration.md lists all' : `did you mean ${nearest}`;
  return `${name} in ${source} is not a configuration key; ${hint}`;
}

export function invalidConfig(message: string, cause?: unknown): CoterieError {
  return new CoterieError('INVALID_CONFIG', message, cause === undefined ? {} : { cause });
}

function checkTogether(config: NodeConfig, settings: Settings): void {
  const { listen, quorum, storage, limits, metrics } = config;
  const must: Must = (holds, name, rule) => {
    if (!holds) throw invalidConfig(`${described(name, settings)}; it must be ${rule}`);
  };
  const atMost = (name: string, value: number, otherName: string, other: number): void =>
    must(value <= other, name, `at most ${otherName}, which is ${other}`);

  atMost('quorum.timeoutMs', quorum.timeoutMs, 'quorum.timeoutMaxMs', quorum.timeoutMaxMs);
  atMost(
    'quorum.replicaReadTimeoutMs',
    quorum.replicaReadTimeoutMs,
    'quorum.timeoutMs',
    quorum.timeoutMs,
  );
  atMost(
    'quorum.replicaWriteTimeoutMs',
    quorum.replicaWriteTimeoutMs,
    'quorum.timeoutMaxMs',
    quorum.timeoutMaxMs,
  );
  atMost(
    'limits.sessionInFlightRequests',
    limits.sessionInFlightRequests,
    'limits.inFlightRequests',
    limits.inFlightRequests,
  );
  must(
    storage.diskStopRatio < storage.diskReserveRatio || storage.diskReserveRatio === 0,
    'storage.diskStopRatio',
    `below storage.diskReserveRatio, which is ${storage.diskReserveRatio}`,
  );
  must(
    metrics.listen !== listen.address || metrics.listen.endsWith(':0'),
    'metrics.listen',
    `another address than listen.address, which is ${listen.address}`,
  );
  checkAddresses(listen, must);
}

type Must = (holds: boolean, name: string, rule: string) => void;

function checkAddresses({ address, advertise }: NodeConfig['listen'], must: Must): void {
  if (advertise !== undefined) {
    const rule = 'an address that others can dial: a real host and a port above 0';
    must(isDialable(advertise), 'listen.advertise', rule);
    return;
  }
  const parsed = parseAddress(address);
  // Port 0 is fine: the port that the system gives is what is advertised then.
  const canBeDialled = parsed !== undefined && isDialable(formatAddress({ ...parsed, port: 1 }));
  must(canBeDialled, 'listen.address', 'an address that others can dial, or set listen.advertise');
}

function described(name: string, settings: Settings): string {
  const setting = settings.get(name);
  if (setting !== undefined) return `${name} is ${shown(setting.value)} (from ${setting.source})`;
  return `${name} is ${shown(findKey(name)?.default)} (the default)`;
}

const SHOWN_LENGTH_MAX = 60;

function shown(value: unknown): string {
  if (value === undefined) return 'not set';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
}

function isGroup(name: string): boolean {
  return Object.hasOwn(configSchema.shape, name);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
