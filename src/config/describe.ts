/** The schema for people: docs/configuration.md, and what `coterie config print` shows. */
import { CONFIG_GROUPS, CONFIG_KEYS } from './keys.ts';
import type { LoadedConfig } from './load.ts';
import type { ConfigKey, KeyDefault, NodeConfig } from './schema.ts';

/** The whole of docs/configuration.md. */
export function describeConfig(): string {
  const lines = [
    '# Configuration of a node',
    '',
    'Made from `src/config/schema.ts`; a test compares the two (`UPDATE=1 npx vitest run ' +
      'test/config` rewrites it).',
    '',
    'A YAML file (`coterie start --config FILE`) is overruled by environment variables, and ' +
      'these by flags.',
    'A list stands in one variable with commas between; its flag is given once for each entry.',
    'Unknown keys are errors. `coterie config print` shows what results and where each value ' +
      'came from.',
    'Ready files: `config/dev.yaml`, `config/three-node.yaml`, `config/production.yaml`.',
  ];
  for (const group of CONFIG_GROUPS) {
    lines.push('', `## ${group}`, '', '| key | default | unit | allowed | what and why |');
    lines.push('|---|---|---|---|---|');
    for (const key of CONFIG_KEYS) {
      if (key.group === group) lines.push(describeKey(key));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** YAML that can be loaded again; each value that is not the default says where it came from. */
export function printConfig({ config, sources }: LoadedConfig): string {
  const lines: string[] = [];
  for (const group of CONFIG_GROUPS) {
    lines.push(`${group}:`);
    for (const key of CONFIG_KEYS) {
      if (key.group !== group) continue;
      const value = valueIn(config, key);
      if (value === undefined) {
        lines.push(`  # ${key.key}: not set`);
        continue;
      }
      const source = sources.get(key.name);
      const origin = source === undefined ? '' : ` # from ${source}`;
      lines.push(`  ${key.key}: ${JSON.stringify(value)}${origin}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function valueIn(config: NodeConfig, key: ConfigKey): unknown {
  const groups: Readonly<Record<string, Readonly<Record<string, unknown>>>> = config;
  return groups[key.group]?.[key.key];
}

function describeKey(key: ConfigKey): string {
  const initial = key.default === undefined ? '(none)' : `\`${shownDefault(key.default)}\``;
  const flag = key.flag === undefined ? '' : `, \`${key.flag}\``;
  const settable = `\`${key.environment}\`${flag}`;
  const cells = [`\`${key.key}\``, initial, key.unit, key.expects];
  return `| ${cells.join(' | ')} | ${key.reason} <br> ${settable} |`;
}

function shownDefault(value: KeyDefault): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? value.toLocaleString('en-US') : JSON.stringify(value);
}
