import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConfigSources, loadConfig } from '../../src/config/load.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { CoterieError } from '../../src/core/errors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coterie-config-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(content: string): string {
  const path = join(folder, `${Math.abs(hash(content))}.yaml`);
  writeFileSync(path, content);
  return path;
}

function hash(text: string): number {
  let sum = 7;
  for (const char of text) sum = (Math.imul(sum, 31) + (char.codePointAt(0) ?? 0)) | 0;
  return sum;
}

function refusal(from: ConfigSources): string {
  try {
    loadConfig(from);
  } catch (error) {
    expect(error).toBeInstanceOf(CoterieError);
    expect((error as CoterieError).code).toBe('INVALID_CONFIG');
    return (error as CoterieError).message;
  }
  throw new Error('the configuration was taken');
}

describe('layers', () => {
  test('without any source every key has its default', () => {
    const { config, sources } = loadConfig({});
    expect(config.node).toEqual({
      zone: 'zone-1',
      datacentre: 'dc-1',
      weight: 1,
      dataDirectory: './coterie-data',
      engine: 'rocksdb',
    });
    expect(config.listen).toEqual({ address: '127.0.0.1:7400' });
    expect(config.quorum.timeoutMs).toBe(2_000);
    expect(config.metrics).toEqual({});
    expect(sources.size).toBe(0);
  });

  test('the environment overrules the file and a flag overrules both', () => {
    const { config, sources } = loadConfig({
      file: file('node: {zone: from-file, datacentre: from-file, weight: 2}\n'),
      environment: { COTERIE_NODE_ZONE: 'from-env', COTERIE_NODE_WEIGHT: '3' },
      flags: { 'node.weight': '4' },
    });
    expect(config.node.datacentre).toBe('from-file');
    expect(config.node.zone).toBe('from-env');
    expect(config.node.weight).toBe(4);
    expect(sources.get('node.zone')).toBe('the environment variable COTERIE_NODE_ZONE');
    expect(sources.get('node.weight')).toBe('--weight');
  });

  test('camel case keys are upper case words in the environment', () => {
    const { config } = loadConfig({
      environment: { COTERIE_STORAGE_DISK_RESERVE_BYTES_MIN: '123', COTERIE_NODE_ID: '7' },
    });
    expect(config.storage.diskReserveBytesMin).toBe(123);
    expect(config.node.id).toBe('7');
  });

  test('empty variables, COTERIE_NODES and what Kubernetes injects are no settings', () => {
    const { config } = loadConfig({
      environment: {
        COTERIE_NODE_ZONE: '',
        COTERIE_NODES: '127.0.0.1:1',
        COTERIE_SERVICE_HOST: '10.0.0.1',
        COTERIE_NODE_PORT_7400_TCP_ADDR: '10.0.0.1',
        PATH: '/bin',
      },
    });
    expect(config.node.zone).toBe('zone-1');
  });

  test('an empty file and empty groups are defaults', () => {
    expect(loadConfig({ file: file('') }).config).toEqual(loadConfig({}).config);
    expect(loadConfig({ file: file('node:\nlog:\n') }).config).toEqual(loadConfig({}).config);
  });

  test('a list is a list in a file, and has commas in the environment and in flags', () => {
    const name = 'membership.seeds';
    const variable = 'COTERIE_MEMBERSHIP_SEEDS';
    const seedsOf = (from: ConfigSources) => loadConfig(from).config.membership.seeds;
    expect(seedsOf({})).toEqual([]);
    expect(seedsOf({ file: file('membership: {seeds: [a:1, "[::1]:2"]}\n') })).toEqual([
      'a:1',
      '[::1]:2',
    ]);
    expect(seedsOf({ environment: { [variable]: 'a:1, b:2,' } })).toEqual(['a:1', 'b:2']);
    const both = loadConfig({ environment: { [variable]: 'a:1' }, flags: { [name]: 'b:2,c:3' } });
    expect(both.config.membership.seeds).toEqual(['b:2', 'c:3']);
    expect(both.sources.get(name)).toBe('--seed');
  });

  test('the result cannot be changed', () => {
    const { config } = loadConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.limits)).toBe(true);
    expect(Object.isFrozen(config.membership.seeds)).toBe(true);
  });
});

describe('a fault is one sentence that names key, value and source', () => {
  const cases: readonly (readonly [string, () => ConfigSources, readonly string[]])[] = [
    [
      'a number out of range',
      () => ({ environment: { COTERIE_NODE_WEIGHT: '-1' } }),
      ['node.weight is -1', 'COTERIE_NODE_WEIGHT', 'a whole number from 0 to 1,000,000'],
    ],
    [
      'text for a number',
      () => ({ environment: { COTERIE_QUORUM_TIMEOUT_MS: '2s' } }),
      ['quorum.timeoutMs is "2s"', 'COTERIE_QUORUM_TIMEOUT_MS', 'whole number'],
    ],
    [
      'a number for text in a file',
      () => ({ file: file('node: {zone: 7}\n') }),
      ['node.zone is 7', '.yaml', 'letters, digits'],
    ],
    [
      'a word that is not offered',
      () => ({ flags: { 'log.level': 'verbose' } }),
      ['log.level is "verbose"', 'one of debug, info, warn, error, silent'],
    ],
    [
      'an address without a port',
      () => ({ flags: { 'listen.address': 'localhost' } }),
      ['listen.address is "localhost"', 'from --listen', 'HOST:PORT'],
    ],
    [
      'a seed that nobody can dial',
      () => ({ flags: { 'membership.seeds': 'a:1,0.0.0.0:7400' } }),
      ['membership.seeds is ["a:1","0.0.0.0:7400"]', 'from --seed', 'HOST:PORT', 'dialled'],
    ],
    [
      'text in place of a list in a file',
      () => ({ file: file('membership: {seeds: "a:1"}\n') }),
      ['membership.seeds is "a:1"', 'a list of at most 32 addresses'],
    ],
    [
      'a threshold that would be passed by every node',
      () => ({ environment: { COTERIE_MEMBERSHIP_PHI_AVOID: '3' } }),
      ['membership.phiAvoid is 3', 'from 4 to 100'],
    ],
    [
      'a misspelt key',
      () => ({ file: file('quorum: {timeoutMS: 5}\n') }),
      ['quorum.timeoutMS', '.yaml', 'did you mean quorum.timeoutMs'],
    ],
    [
      'a misspelt group',
      () => ({ file: file('quroum: {}\n') }),
      ['quroum', '.yaml', 'did you mean quorum'],
    ],
    [
      'a key in the wrong group',
      () => ({ file: file('storage: {dataDirectory: x}\n') }),
      ['storage.dataDirectory', 'did you mean node.dataDirectory'],
    ],
    [
      'a key outside of any group',
      () => ({ file: file('level: info\n') }),
      ['level in', 'did you mean log.level'],
    ],
    [
      'a group that is a value',
      () => ({ file: file('node: 5\n') }),
      ['node is 5', 'group of keys'],
    ],
    ['a file that is a list', () => ({ file: file('- a\n') }), ['groups of keys', '["a"]']],
    [
      'a misspelt variable',
      () => ({ environment: { COTERIE_LISTN_ADDRESS: 'x:1' } }),
      ['COTERIE_LISTN_ADDRESS', 'did you mean COTERIE_LISTEN_ADDRESS'],
    ],
    ['broken YAML', () => ({ file: file('node: {\n') }), ['not valid YAML', 'line']],
    [
      'a repeated key',
      () => ({ file: file('node: {}\nnode: {}\n') }),
      ['not valid YAML', 'unique'],
    ],
    [
      'a file that is not there',
      () => ({ file: join(folder, 'none.yaml') }),
      ['none.yaml', 'ENOENT'],
    ],
  ];
  test.each(cases)('%s', (_name, sources, fragments) => {
    const message = refusal(sources());
    for (const fragment of fragments) expect(message).toContain(fragment);
    expect(message).not.toContain('\n');
    expect(message.endsWith('.')).toBe(false);
  });
});

describe('keys that contradict each other are refused', () => {
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    [
      'a budget above the largest',
      { 'quorum.timeoutMs': '40000' },
      'quorum.timeoutMaxMs, which is 30000',
    ],
    [
      'a read wait above the budget',
      { 'quorum.timeoutMs': '100' },
      'quorum.replicaReadTimeoutMs is 500 (the default)',
    ],
    [
      'a write wait above the largest budget',
      { 'quorum.replicaWriteTimeoutMs': '30001' },
      'quorum.timeoutMaxMs',
    ],
    [
      'a session above the node',
      { 'limits.sessionInFlightRequests': '5000' },
      'limits.inFlightRequests, which is 2048',
    ],
    [
      'a stop above the reserve',
      { 'storage.diskStopRatio': '0.15' },
      'below storage.diskReserveRatio',
    ],
    [
      'a wildcard address that nobody can dial',
      { 'listen.address': '0.0.0.0:7400' },
      'set listen.advertise',
    ],
    ['a wildcard address of IPv6', { 'listen.address': '[::]:7400' }, 'set listen.advertise'],
    [
      'an advertised wildcard',
      { 'listen.advertise': '0.0.0.0:7400' },
      'listen.advertise is "0.0.0.0:7400"',
    ],
    ['an advertised port 0', { 'listen.advertise': 'a:0' }, 'port above 0'],
    [
      'metrics on the address of the node',
      { 'metrics.listen': '127.0.0.1:7400' },
      'another address than',
    ],
  ];
  test.each(cases)('%s', (_name, flags, fragment) => {
    expect(refusal({ flags })).toContain(fragment);
  });

  test('free ports are asked for with port 0', () => {
    const flags = { 'listen.address': '127.0.0.1:0', 'metrics.listen': '127.0.0.1:0' };
    expect(loadConfig({ flags }).config.listen.address).toBe('127.0.0.1:0');
  });

  test('a wildcard address with an advertised one is fine', () => {
    const flags = { 'listen.address': '0.0.0.0:7400', 'listen.advertise': 'db-1:7400' };
    expect(loadConfig({ flags }).config.listen.advertise).toBe('db-1:7400');
  });
});

describe('resolveConfig for programs', () => {
  test('fills what is not given and ignores undefined', () => {
    const config = resolveConfig({
      node: { engine: 'memory' },
      listen: { address: '127.0.0.1:0' },
    });
    expect(config.node.engine).toBe('memory');
    expect(config.quorum.timeoutMs).toBe(2_000);
  });

  test('names the program as the source of a fault', () => {
    expect(() => resolveConfig({ node: { weight: 1.5 } })).toThrow(
      'node.weight is 1.5 (from the program); it must be a whole number',
    );
  });
});
