/** Where settings come from, weakest first: defaults, YAML file, environment, flags.
 *  An environment variable is COTERIE_GROUP_KEY (docs/configuration.md lists them); an empty one
 *  counts as not set, and one that begins with COTERIE_ but is no key is an error, because a
 *  misspelt setting must not be ignored. */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { nearestName } from '../core/nearest-name.ts';
import { CONFIG_KEYS, findKey } from './keys.ts';
import { invalidConfig, resolveSettings, type Setting, settingsOf, unknownKey } from './resolve.ts';
import type { KeyDefault, NodeConfig } from './schema.ts';

export type ProcessEnvironment = Readonly<Record<string, string | undefined>>;

export interface ConfigSources {
  /** Path of a YAML file. */
  readonly file?: string;
  readonly environment?: ProcessEnvironment;
  /** By `group.key`, as text; of a list with commas between. */
  readonly flags?: Readonly<Record<string, string>>;
}

export interface LoadedConfig {
  readonly config: NodeConfig;
  /** By `group.key`: where the value came from; absent for defaults. */
  readonly sources: ReadonlyMap<string, string>;
}

const PREFIX = 'COTERIE_';
/** Read by the command line, not settings of a node. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set(['COTERIE_NODES']);
// Kubernetes sets these in every container beside a service called coterie.
const INJECTED = /_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT(_\d+_(TCP|UDP)(_\w+)?)?$/;

/** Errors: INVALID_CONFIG. */
export function loadConfig(from: ConfigSources): LoadedConfig {
  const settings = new Map<string, Setting>([
    ...(from.file === undefined ? [] : readFile(from.file)),
    ...readVariables(from.environment ?? {}),
    ...readFlags(from.flags ?? {}),
  ]);
  const config = resolveSettings(settings);
  const sources = [...settings].map(([name, setting]) => [name, setting.source] as const);
  return { config, sources: new Map(sources) };
}

function readFile(path: string): Map<string, Setting> {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidConfig(`The configuration file ${path} cannot be read: ${reason}`, error);
  }
  const document = parseDocument(content, { prettyErrors: true, strict: true, uniqueKeys: true });
  const fault = document.errors[0];
  if (fault !== undefined) {
    const [firstLine] = fault.message.split('\n');
    throw invalidConfig(`The file ${path} is not valid YAML: ${firstLine}`, fault);
  }
  return settingsOf(document.toJS() ?? {}, path);
}

function readVariables(environment: ProcessEnvironment): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  const byVariable = new Map(CONFIG_KEYS.map((key) => [key.environment, key]));
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || value === undefined || value === '') continue;
    if (OTHER_VARIABLES.has(variable)) continue;
    const key = byVariable.get(variable);
    if (key !== undefined) {
      const source = `the environment variable ${variable}`;
      settings.set(key.name, { value: fromText(value, key.default), source });
    } else if (!INJECTED.test(variable)) {
      const nearest = nearestName(variable, [...byVariable.keys(), ...OTHER_VARIABLES]);
      const hint = nearest === undefined ? 'unset it' : `did you mean ${nearest}`;
      throw invalidConfig(`The environment variable ${variable} is not a setting; ${hint}`);
    }
  }
  return settings;
}

function readFlags(flags: Readonly<Record<string, string>>): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  for (const [name, value] of Object.entries(flags)) {
    const key = findKey(name);
    if (key === undefined) throw invalidConfig(unknownKey(name, 'a flag'));
    const source = key.flag ?? 'a flag';
    settings.set(name, { value: fromText(value, key.default), source });
  }
  return settings;
}

const NUMBER = /^-?\d+(\.\d+)?$/;

/** Numbers only for keys that are numbers: a zone may be called 7. What does not fit stays text
 *  and is refused. */
function fromText(value: string, defaultValue: KeyDefault | undefined): KeyDefault {
  if (Array.isArray(defaultValue)) return value.split(/[\s,]+/).filter((part) => part !== '');
  return typeof defaultValue === 'number' && NUMBER.test(value) ? Number(value) : value;
}
