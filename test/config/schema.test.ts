import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeConfig, printConfig } from '../../src/config/describe.ts';
import { CONFIG_KEYS } from '../../src/config/keys.ts';
import { loadConfig } from '../../src/config/load.ts';

const root = join(import.meta.dirname, '../..');

describe('the schema', () => {
  test('has at most 40 keys', () => {
    expect(CONFIG_KEYS.length).toBeLessThanOrEqual(40);
  });

  test.each(CONFIG_KEYS.map((key) => [key.name, key] as const))(
    '%s says unit, reason and range',
    (_name, key) => {
      expect(key.unit).not.toBe('');
      expect(key.reason.length).toBeGreaterThan(40);
      expect(key.expects).not.toBe('');
    },
  );

  test('numbers carry their unit in the name', () => {
    const suffixes = [
      ...['Ms', 'Bytes', 'BytesMax', 'BytesMin', 'Ratio', 'Requests', 'Entries'],
      ...['PerTargetMax', 'PerSecondMax', 'weight', 'phiAvoid'],
    ];
    for (const key of CONFIG_KEYS) {
      if (typeof key.default !== 'number') continue;
      expect(
        suffixes.some((suffix) => key.key.endsWith(suffix)),
        key.key,
      ).toBe(true);
    }
  });
});

describe('documentation', () => {
  test('docs/configuration.md is what the schema says', () => {
    const path = join(root, 'docs/configuration.md');
    const { UPDATE } = process.env;
    if (UPDATE === '1') writeFileSync(path, describeConfig());
    expect(readFileSync(path, 'utf8')).toBe(describeConfig());
  });

  test('a printed configuration loads again and names the source of what is set', () => {
    const loaded = loadConfig({ environment: { COTERIE_NODE_ZONE: 'attic' } });
    const printed = printConfig(loaded);
    expect(printed).toContain('zone: "attic" # from the environment variable COTERIE_NODE_ZONE');
    expect(printed).toContain('# id: not set');
    expect(printed.match(/^ {2}\S/gm)).toHaveLength(CONFIG_KEYS.length);
  });
});

describe('ready configurations', () => {
  const files = readdirSync(join(root, 'config'));

  test('dev, three-node and production are there', () => {
    expect(files.sort()).toEqual(['dev.yaml', 'production.yaml', 'three-node.yaml']);
  });

  test.each(files)('%s is valid', (name) => {
    const { sources } = loadConfig({ file: join(root, 'config', name) });
    expect(sources.size).toBeGreaterThan(0);
  });
});
