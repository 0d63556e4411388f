import { beforeEach, describe, expect, test } from 'vitest';
import { errorText } from '../../src/cli/error-report.ts';
import { CoterieError } from '../../src/core/errors.ts';
import { damagedError } from '../../src/node/storage/opening.ts';
import { statusReply } from './fake-node.ts';
import { FakeWorld } from './fake-world.ts';

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});

describe('dev', () => {
  test('prints one ready line, then what to try, and stops cleanly on a signal', async () => {
    const { exitCode, stdout, stderr } = await world.run('dev');
    expect(stdout.split('\n')[0]).toBe('ready 127.0.0.1:7400 127.0.0.1:7401 127.0.0.1:7402');
    expect(stdout).toContain('coterie put');
    expect([exitCode, stderr, world.stopped]).toEqual([0, '', 1]);
    expect(world.clusters).toMatchObject([
      {
        nodes: 3,
        port: 7_400,
        zones: 3,
        replicas: 3,
        engine: 'rocksdb',
        dataDirectory: 'coterie-data/dev',
      },
    ]);
  });

  test('fewer than 3 nodes lower the replicas, and it says so', async () => {
    const { stdout } = await world.run('dev', '--nodes', '2', '--memory');
    expect(stdout).toContain('each key has 2 copies in place of 3');
    expect(world.clusters).toMatchObject([
      { nodes: 2, port: 7_400, zones: 2, replicas: 2, engine: 'memory' },
    ]);
  });

  test('what to try names the node when it is not the default one', async () => {
    expect((await world.run('dev')).stdout).not.toContain('--node');
    expect((await world.run('dev', '--port', '7500')).stdout).toContain('--node 127.0.0.1:7500');
  });

  test.each([
    [['dev', '--memory', '--data', 'x'], 'either --memory or --data'],
    [['dev', '--port', '65534'], 'above 65535'],
    [['dev', '--nodes', '0'], 'from 1 to 32'],
  ])('%j is a usage error', async (argv, fragment) => {
    const { exitCode, stderr } = await world.run(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(fragment);
  });

  test('what stops it from starting is one sentence', async () => {
    world.startError = new CoterieError('CONFLICT', 'Port 7400 of 127.0.0.1 is in use');
    expect(await world.run('dev')).toMatchObject({
      exitCode: 4,
      stderr: 'CONFLICT: Port 7400 of 127.0.0.1 is in use.\n',
    });
  });
});

describe('start', () => {
  test('hands flags over environment to the node, prints ready and stops cleanly', async () => {
    world.environment = { COTERIE_NODE_ZONE: 'attic', COTERIE_NODE_ID: 'env' };
    world.status = statusReply({ state: 'UNVERIFIED' });
    const { exitCode, stdout } = await world.run(
      ...['start', '--id', 'a', '--listen', '0.0.0.0:7500', '--advertise', 'a.local:7500'],
      ...['--data', '/tmp/a', '--dc', 'east', '--weight', '2', '--metrics', '127.0.0.1:0'],
    );
    expect([exitCode, stdout, world.stopped]).toEqual([0, 'ready 127.0.0.1:7400\n', 1]);
    expect(world.endings).toBe(1);
    expect(world.configs[0]).toMatchObject({
      node: { id: 'a', zone: 'attic', datacentre: 'east', weight: 2, dataDirectory: '/tmp/a' },
      listen: { address: '0.0.0.0:7500', advertise: 'a.local:7500' },
      metrics: { listen: '127.0.0.1:0' },
    });
  });

  test('one that is in no cluster says why in a line of its own after `ready`', async () => {
    const reason = 'this node knows of no cluster: `coterie cluster init` makes a new one';
    world.status = statusReply({ state: 'UNINITIALISED', reason });
    const { stdout } = await world.run('start');
    expect(stdout).toBe(
      `ready 127.0.0.1:7400\nIn no cluster yet: ${reason} (see \`coterie status\`).\n`,
    );
  });

  test('--seed may be given several times, and replaces what the environment says', async () => {
    world.environment = { COTERIE_MEMBERSHIP_SEEDS: 'old:1' };
    await world.run('start', '--seed', 'a:7400', '--seed', '[::1]:7400');
    expect(world.configs[0]?.membership.seeds).toEqual(['a:7400', '[::1]:7400']);
    const { exitCode, stderr } = await world.run('start', '--seed', 'a');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('membership.seeds is ["a"] (from --seed)');
  });

  test('--until-stdin-closes stops it in order when its standard input ends, and only then', async () => {
    world.signal = new Promise(() => undefined);
    let end = (): void => undefined;
    world.stdinEnd = new Promise((resolve) => {
      end = resolve;
    });
    const running = world.run('start', '--until-stdin-closes');
    await world.clock.settle();
    expect(world.stopped).toBe(0);
    end();
    expect(await running).toMatchObject({ exitCode: 0, stderr: '' });
    expect(world.stopped).toBe(1);
  });

  test('without it the end of standard input stops nothing', async () => {
    let stop = (_signal: string): void => undefined;
    world.signal = new Promise((resolve) => {
      stop = resolve;
    });
    const running = world.run('start');
    await world.clock.settle();
    expect(world.stopped).toBe(0);
    stop('SIGTERM');
    expect((await running).exitCode).toBe(0);
  });

  test('a storage that fails ends it with exit 5', async () => {
    world.signal = new Promise(() => undefined);
    world.failed = Promise.resolve(
      new CoterieError('STORAGE_IO', 'The batch could not be written'),
    );
    const { exitCode, stderr } = await world.run('start');
    expect(exitCode).toBe(5);
    expect(stderr).toContain('STORAGE_IO: The batch could not be written');
    expect([world.stopped, world.endings]).toEqual([1, 1]);
  });

  test('one whose engine is stuck is ended though it may never be stopped', async () => {
    world.signal = new Promise(() => undefined);
    const error = new CoterieError('STORAGE_IO', 'stuck', { details: { isStuck: true } });
    world.failed = Promise.resolve(error);
    let endingsBefore = -1;
    world.onStop = () => {
      endingsBefore = world.endings;
    };
    expect((await world.run('start')).exitCode).toBe(5);
    expect(endingsBefore).toBe(1);
  });

  test('a start that fails leaves nothing that may hold the process up', async () => {
    world.startError = new CoterieError('STORAGE_IO', 'It has been under way for long');
    expect((await world.run('start')).exitCode).toBe(5);
    expect([world.stopped, world.endings]).toEqual([0, 1]);
  });

  test('of a damaged folder it says that it starts again by itself, and nobody need do it', () => {
    const text = errorText(damagedError('bad block'));
    expect(text).toMatch(/^STORAGE_IO: .*sets these files aside.*starts again by itself now\.\n$/);
    expect(text).not.toContain('then start it again');
  });

  test('a wrong setting is a usage error that names its source', async () => {
    const { exitCode, stderr } = await world.run('start', '--weight', 'heavy');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('node.weight is "heavy" (from --weight)');
    expect(world.configs).toEqual([]);
  });
});

describe('config print', () => {
  test('shows what would be used and where it came from', async () => {
    world.environment = { COTERIE_LOG_LEVEL: 'warn' };
    const argv = ['config', 'print', '--config', 'config/three-node.yaml', '--zone', 'z'];
    const { stdout, exitCode } = await world.run(...argv);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('  level: "warn" # from the environment variable COTERIE_LOG_LEVEL');
    expect(stdout).toContain('  zone: "z" # from --zone');
    expect(stdout).toContain('  datacentre: "local" # from config/three-node.yaml');
    const { config, sources } = JSON.parse((await world.run(...argv, '--json')).stdout);
    expect(config.node).toMatchObject({ zone: 'z', datacentre: 'local' });
    expect(sources['log.level']).toContain('COTERIE_LOG_LEVEL');
  });
});
