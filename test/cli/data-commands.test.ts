import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CoterieError } from '../../src/core/errors.ts';
import { VALUE_BYTES_MAX } from '../../src/core/limits.ts';
import { FakeWorld, sibling } from './fake-world.ts';

let world: FakeWorld;
let folder: string;
beforeEach(() => {
  world = new FakeWorld();
});
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coterie-cli-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

describe('put', () => {
  test('prints the promised object with --json', async () => {
    const { exitCode, stdout, stderr } = await world.run('put', 'k', 'v', '--json');
    expect(JSON.parse(stdout)).toEqual({
      bucket: 'default',
      key: 'k',
      context: 'Q1RY',
      siblings: 1,
      level: 'quorum',
      acks: { required: 2, received: 2, nodes: ['a', 'b'] },
      durable: 2,
      requestId: '00112233445566778899aabbccddeeff',
      elapsedMs: 2.25,
    });
    expect(stdout.endsWith('}\n')).toBe(true);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(world.closed).toBe(world.opened);
  });

  test('passes every option on', async () => {
    await world.run(
      ...[
        'put',
        'k',
        'v',
        '--bucket',
        'b',
        '--w',
        '2',
        '--pw',
        '1',
        '--dw',
        '2',
        '--timeout',
        '2s',
      ],
      ...['--context', 'T', '--durability', 'memory', '--explain'],
      ...['--request-id', '00112233-4455-6677-8899-AABBCCDDEEFF'],
    );
    expect(world.calls).toEqual([
      {
        verb: 'put',
        key: 'k',
        value: 'v',
        options: {
          bucket: 'b',
          w: 2,
          pw: 1,
          dw: 2,
          timeoutMs: 2_000,
          explain: true,
          context: 'T',
          durability: 'memory',
          requestId: '00112233445566778899aabbccddeeff',
        },
      },
    ]);
  });

  test('takes every byte value from a file and from standard input', async () => {
    const path = join(folder, 'bytes');
    writeFileSync(path, everyByte);
    await world.run('put', 'k', '--file', path);
    world.input = 'piped';
    await world.run('put', 'k', '-');
    expect(world.calls.map((call) => Buffer.from(call.value ?? ''))).toEqual([
      Buffer.from(everyByte),
      Buffer.from('piped'),
    ]);
  });

  test('an empty value is a value', async () => {
    await world.run('put', 'k', '');
    expect(world.calls[0]?.value).toBe('');
  });

  test('a file above the limit is refused before anything is sent', async () => {
    const path = join(folder, 'large');
    writeFileSync(path, new Uint8Array(VALUE_BYTES_MAX + 1));
    const { exitCode, stderr } = await world.run('put', 'k', '--file', path, '--json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(stderr).error.code).toBe('VALUE_TOO_LARGE');
    expect(world.connects).toEqual([]);
  });

  test('a value that begins with a dash follows --', async () => {
    await world.run('put', 'k', '--', '--json');
    expect(world.calls[0]?.value).toBe('--json');
  });

  test('says that siblings resulted and how to merge them', async () => {
    world.put = { siblings: 2 };
    const { stdout } = await world.run('put', 'it is', 'v', '--bucket', 'b');
    expect(stdout).toContain('now has 2 siblings');
    expect(stdout).toContain("coterie get 'it is' --bucket b");
  });

  test('labels an overwrite', async () => {
    const { stdout } = await world.run('put', 'k', 'v', '--overwrite', '--json');
    expect(JSON.parse(stdout).overwrite).toBe(true);
    expect(world.calls[0]?.options).toMatchObject({ overwrite: true });
  });
});

describe('get', () => {
  test('prints the promised object with --json, base64 only for what is not UTF-8', async () => {
    world.get = { siblings: [sibling('\ufeffgrüße'), sibling(everyByte, 4)] };
    const { exitCode, stdout } = await world.run('get', 'k', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      bucket: 'default',
      key: 'k',
      found: true,
      siblings: [
        {
          value: '\ufeffgrüße',
          encoding: 'utf8',
          dot: '0.1.3',
          writtenAt: '2025-06-01T00:00:00.000Z',
        },
        {
          value: Buffer.from(everyByte).toString('base64'),
          encoding: 'base64',
          dot: '0.1.4',
          writtenAt: '2025-06-01T00:00:00.000Z',
        },
      ],
      context: 'Q1RY',
      level: 'quorum',
      replies: { required: 2, received: 2, nodes: ['a', 'b'] },
      elapsedMs: 1.5,
    });
  });

  test('a pipe gets the value alone, a terminal also how sure it is', async () => {
    expect((await world.run('get', 'k')).stdout).toBe('v\n');
    world.isTerminal = true;
    const { stdout } = await world.run('get', 'k');
    expect(stdout).toMatch(/^v\nquorum: 2 replicas answered \(a, b\), 2 required/);
    expect(stdout).toContain('context Q1RY');
  });

  test('a key that is not there exits 1', async () => {
    world.get = { found: false, siblings: [] };
    expect(await world.run('get', 'k')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('k was not found'),
    });
    const json = await world.run('get', 'k', '--json');
    expect(json.exitCode).toBe(1);
    expect(json.stderr).toBe('');
    expect(JSON.parse(json.stdout)).toMatchObject({ found: false, siblings: [] });
  });

  test('--raw writes the bytes of the value and nothing else', async () => {
    world.get = { siblings: [sibling(everyByte)] };
    const { bytes, exitCode } = await world.run('get', 'k', '--raw');
    expect(Buffer.from(bytes)).toEqual(Buffer.from(everyByte));
    expect(exitCode).toBe(0);
  });

  test('--raw of several siblings exits 4 unless one is picked', async () => {
    world.get = { siblings: [sibling('one'), sibling('two', 4)] };
    const refused = await world.run('get', 'k', '--raw', '--json');
    expect(refused.exitCode).toBe(2);
    const several = await world.run('get', 'k', '--raw');
    expect(several).toMatchObject({ exitCode: 4, stdout: '' });
    expect(several.stderr).toContain('SIBLINGS: k has 2 siblings');
    expect(several.stderr).toContain('--sibling');
    expect((await world.run('get', 'k', '--raw', '--sibling', '1')).stdout).toBe('two');
    expect((await world.run('get', 'k', '--raw', '--sibling', '2')).exitCode).toBe(2);
  });

  test('lists siblings with dot, time and how to merge', async () => {
    world.get = { siblings: [sibling('one'), sibling('two', 4)] };
    const { stdout, exitCode } = await world.run('get', 'k');
    expect(exitCode).toBe(0);
    for (const text of ['[0] one', '[1] two', '0.1.4', '2025-06-01'])
      expect(stdout).toContain(text);
    expect(stdout).toContain('coterie put k MERGED_VALUE --context Q1RY');
  });

  test('a stored value cannot move the cursor of a terminal', async () => {
    world.isTerminal = true;
    world.get = { siblings: [sibling('\u001b[2Jboo')] };
    expect((await world.run('get', 'k')).stdout).toContain('\\u001b[2Jboo');
  });

  test('--explain shows who was asked, who answered when and what counted', async () => {
    const place = { coordinator: 'a', minter: '', partition: 7, layoutVersion: 1 };
    world.get = {
      trace: {
        ...place,
        elapsedMs: 4,
        steps: [
          {
            node: 'a',
            action: 'read',
            sentAtMs: 0.1,
            answeredAtMs: 0.4,
            outcome: '1 sibling',
            counted: true,
          },
          {
            node: 'b',
            action: 'digest',
            sentAtMs: 0.1,
            answeredAtMs: 0,
            outcome: '',
            counted: false,
          },
        ],
      },
    };
    const { stdout } = await world.run('get', 'k', '--explain');
    expect(stdout).toContain('coordinator a, partition 7 of layout 1');
    expect(stdout).toContain('a\tread\t0.1 ms\t0.4 ms\tyes\t1 sibling');
    expect(stdout).toContain('b\tdigest\t0.1 ms\t-\tno\tno answer before the reply');
    const json = await world.run('get', 'k', '--explain', '--json');
    expect(JSON.parse(json.stdout).trace.steps).toMatchObject([
      { answeredAtMs: 0.4, outcome: '1 sibling' },
      { answeredAtMs: null, outcome: null },
    ]);
  });
});

describe('delete', () => {
  test('deletes what was read, or blindly when told', async () => {
    const { exitCode, stdout } = await world.run('delete', 'k', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ found: true, siblings: 0, context: 'Q1RY' });
    await world.run('delete', 'k', '--blind');
    expect(world.calls.map((call) => call.options)).toEqual([
      { bucket: 'default' },
      { bucket: 'default', blind: true },
    ]);
  });

  test('a key that is not there is no fault', async () => {
    world.delete = { found: false };
    expect(await world.run('delete', 'k')).toMatchObject({
      exitCode: 0,
      stdout: 'Nothing to delete: k was not found.\n',
    });
  });

  test('that finds too few for its read says that it reads first', async () => {
    world.delete = new CoterieError('NO_REPLICA', 'r=2 needs 2 of 3 replicas');
    const { stderr } = await world.run('delete', 'k', '--consistency', 'one');
    expect(stderr).toMatch(/without --context a delete reads first.*together with --blind or/);
    expect((await world.run('delete', 'k', '--blind')).stderr).toMatch(/s\. Start.*\), or take/);
  });

  test('says when values remain that it had not seen', async () => {
    world.delete = { siblings: 1 };
    expect((await world.run('delete', 'k')).stdout).toContain('still has 1 value');
  });
});

describe('nodes', () => {
  test.each([
    [['--node', 'a:1', '-n', 'b:2'], {}, ['a:1', 'b:2']],
    [[], { COTERIE_NODES: 'a:1, b:2  c:3,' }, ['a:1', 'b:2', 'c:3']],
    [['--node', 'z:9'], { COTERIE_NODES: 'a:1' }, ['z:9']],
    [[], { COTERIE_NODES: '' }, ['127.0.0.1:7400']],
  ])('%j with %j asks %j', async (flags, environment, nodes) => {
    world.environment = environment;
    await world.run('get', 'k', ...flags);
    expect(world.connects).toEqual([{ nodes }]);
  });
});

describe('usage errors exit 2, before anything is sent', () => {
  test.each([
    [['get'], "missing required argument 'key'"],
    [['get', 'k', 'extra'], 'too many arguments'],
    [['got', 'k'], "unknown command 'got' (Did you mean get?)"],
    [['get', 'k', '--nod', 'a:1'], "unknown option '--nod' (Did you mean --node?)"],
    [['get', 'k', '--node', 'a'], 'HOST:PORT'],
    [['get', 'k', '--consistency', 'most'], 'Allowed choices are one'],
    [['get', 'k', '--consistency', 'any'], 'Allowed choices are one'],
    [['get', 'k', '--r', '0'], 'from 1 to 255'],
    [['get', 'k', '--r', '2', '--consistency', 'one'], 'either --consistency or --r'],
    [['get', 'k', '--w', '2'], '--w is for put and delete'],
    [['get', 'k', '--context', 'T'], '--context is for put and delete'],
    [['get', 'k', '--sibling', '0'], '--sibling needs --raw'],
    [['get', 'k', '--timeout', '2h'], '500, 2s'],
    [['get', 'k', '--bucket', 'Up'], '--bucket is "Up"'],
    [['put', 'k'], 'Give a value'],
    [['put', 'k', 'v', '--file', 'x'], 'either a value or --file'],
    [['put', 'k', '--file', '/no/such/file'], 'ENOENT'],
    [['put', 'k', 'v', '--r', '2'], '--r is for get'],
    [['put', 'k', 'v', '--overwrite', '--context', 'T'], 'either --overwrite or --context'],
    [['put', 'k', 'v', '--request-id', 'abc'], '32 hexadecimal digits or a UUID'],
    [['put', 'k', 'v', '--request-id', '0011-22334455-6677-8899-aabbccddeeff'], 'UUID'],
    [['delete', 'k', '--blind', '--context', 'T'], 'either --blind or --context'],
    [['delete', 'k', '--r', '1'], '--r is for get'],
  ])('%j', async (argv, fragment) => {
    const plain = await world.run(...argv);
    expect(plain.exitCode).toBe(2);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toContain(fragment);
    expect(plain.stderr.trimEnd()).not.toContain('\n');
    const json = await world.run(...argv, '--json');
    expect(json.exitCode).toBe(2);
    expect(JSON.parse(json.stderr).error).toMatchObject({ retryable: false, applied: 'no' });
    expect(world.connects).toEqual([]);
  });
});

describe('failures', () => {
  test.each([
    ['NO_REPLICA', 3],
    ['DEADLINE_EXCEEDED', 3],
    ['UNREACHABLE', 3],
    ['NOT_INITIALISED', 4],
    ['SIBLING_LIMIT', 4],
    ['DISK_FULL', 5],
    ['CLUSTER_MISMATCH', 6],
    ['KEY_TOO_LARGE', 2],
  ] as const)('%s exits %i with one sentence and no stack', async (code, exitCode) => {
    world.put = new CoterieError(code, 'What happened');
    const plain = await world.run('put', 'k', 'v');
    expect(plain).toMatchObject({ exitCode, stdout: '' });
    expect(plain.stderr).toMatch(new RegExp(`^${code}: What happened\\..*\n$`));
    expect(plain.stderr).not.toMatch(/\bat \S+:\d+/);
    expect(world.closed).toBe(world.opened);
  });

  test('--json prints the error as one object on stderr', async () => {
    const details = { required: 2, received: 1, id: Uint8Array.of(1, 255) };
    world.put = new CoterieError('QUORUM_NOT_MET', 'Too few', { details });
    const { exitCode, stdout, stderr } = await world.run('put', 'k', 'v', '--json');
    expect([exitCode, stdout]).toEqual([3, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'QUORUM_NOT_MET',
        message: 'Too few',
        retryable: true,
        applied: 'unknown',
        details: { required: 2, received: 1, id: '01ff' },
      },
    });
  });

  test('a write of unknown outcome says how to repeat it', async () => {
    const details = { requestId: '00112233445566778899aabbccddeeff' };
    world.put = new CoterieError('DEADLINE_EXCEEDED', 'Too slow', { details });
    const { stderr } = await world.run('put', 'k', 'v');
    expect(stderr).toContain('--request-id 00112233445566778899aabbccddeeff');
  });

  test('a bug exits 70 with one structured dump', async () => {
    world.startError = new TypeError('x is not a function');
    const { exitCode, stderr } = await world.run('start');
    expect(exitCode).toBe(70);
    const { error } = JSON.parse(stderr);
    expect(error).toMatchObject({ code: 'ASSERTION_FAILED', applied: 'unknown' });
    expect(error.message).toContain('x is not a function');
    expect(error.stack.length).toBeGreaterThan(1);
  });
});

describe('help', () => {
  test('exits 0 on stdout when asked for, and 2 on stderr when nothing was asked', async () => {
    expect(await world.run('--help')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Exit codes'),
      stderr: '',
    });
    expect((await world.run('put', '--help')).stdout).toContain('--request-id');
    expect((await world.run('get', '--help')).stdout).not.toContain('--request-id');
    expect(await world.run()).toMatchObject({ exitCode: 2, stdout: '' });
    expect((await world.run('cluster')).stderr).toContain('init');
    expect((await world.run('--version')).stdout).toBe('9.9.9\n');
  });
});
