/** The keys of the schema as a list, in its order: what loading, printing and documentation walk
 *  over. */
import type { z } from 'zod';
import { keyRegistry } from './key-type.ts';
import { type ConfigKey, configSchema, type KeyDefault } from './schema.ts';

export const CONFIG_KEYS: readonly ConfigKey[] = listKeys();
export const CONFIG_GROUPS: readonly string[] = Object.keys(configSchema.shape);

const byName: ReadonlyMap<string, ConfigKey> = new Map(CONFIG_KEYS.map((key) => [key.name, key]));

/** `name` is `group.key`. */
export function findKey(name: string): ConfigKey | undefined {
  return byName.get(name);
}

/** `node`, `dataDirectory` -> `COTERIE_NODE_DATA_DIRECTORY`. */
function environmentName(group: string, key: string): string {
  const words = `${group}.${key}`.replace(/([A-Z])/g, '_$1').replace('.', '_');
  return `COTERIE_${words.toUpperCase()}`;
}

function listKeys(): ConfigKey[] {
  const keys: ConfigKey[] = [];
  for (const [group, prefaulted] of Object.entries(configSchema.shape)) {
    const shape: Readonly<Record<string, z.ZodType>> = prefaulted.def.innerType.shape;
    for (const [key, type] of Object.entries(shape)) {
      const documentation = keyRegistry.get(type);
      if (documentation === undefined) throw new TypeError(`${group}.${key} has no documentation`);
      keys.push({
        ...documentation,
        name: `${group}.${key}`,
        group,
        key,
        environment: environmentName(group, key),
        default: defaultOf(type),
      });
    }
  }
  return keys;
}

function defaultOf(type: z.ZodType): KeyDefault | undefined {
  const parsed = type.safeParse(undefined);
  if (!parsed.success) return undefined;
  const value = parsed.data;
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}
