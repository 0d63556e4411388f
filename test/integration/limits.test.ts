/** The largest, the smallest and the wrong, through the command line and the SDK: the right answer
 *  or the right error, nothing changed by a refusal, and a healthy cluster after each. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Client, connect } from '../../src/index.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft, coterie } from '../support/processes.ts';

const MIB = 1_024 * 1_024;
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

let cluster: ProcessCluster;
let client: Client;

beforeAll(async () => {
  // The largest values take more than the usual second on a busy machine.
  const env = { COTERIE_QUORUM_REPLICA_WRITE_TIMEOUT_MS: '20000' };
  cluster = await ProcessCluster.start(3, { env });
  client = await connect({ nodes: cluster.addresses });
});

afterEach(async () => {
  for (const index of [0, 1, 2]) {
    const { state, members } = await cluster.status(index);
    expect(state).toBe('SERVING');
    expect(members.map(({ link }) => link).toSorted()).toEqual(['connected', 'connected', 'self']);
  }
  await client.put('health', 'good', { overwrite: true, consistency: 'all' });
  expect((await client.get('health', { consistency: 'all' })).text()).toBe('good');
});

afterAll(async () => {
  await client?.close();
  await cluster?.[Symbol.asyncDispose]();
  assertNothingLeft();
});

async function put(key: string, args: readonly string[], input?: Uint8Array) {
  const options = input === undefined ? {} : { input };
  return coterie(['put', key, ...args, ...cluster.nodes(), '--json'], options);
}

async function getRaw(key: string): Promise<Buffer> {
  const read = await coterie(['get', key, '--raw', ...cluster.nodes()]);
  expect(read.stderr).toBe('');
  expect(read.code).toBe(0);
  return read.bytes;
}

describe('values', () => {
  it('of 0 bytes are found, and are not nothing', async () => {
    expect((await put('empty', ['-'])).code).toBe(0);
    expect(await getRaw('empty')).toHaveLength(0);
    expect((await client.get('empty')).value).toEqual(new Uint8Array(0));
  });

  it('of every byte come back as they were, as base64 in JSON', async () => {
    expect((await put('every-byte', ['-'], EVERY_BYTE)).code).toBe(0);
    expect(await getRaw('every-byte')).toEqual(Buffer.from(EVERY_BYTE));
    const json = await coterie(['get', 'every-byte', ...cluster.nodes(), '--json']);
    expect(json.json<{ siblings: object[] }>().siblings).toMatchObject([
      { encoding: 'base64', value: Buffer.from(EVERY_BYTE).toString('base64') },
    ]);
    await client.put('every-byte-too', EVERY_BYTE);
    expect((await client.get('every-byte-too')).value).toEqual(EVERY_BYTE);
  });

  it('of 1 MiB come from a file and go to a pipe byte for byte', async () => {
    const value = randomBytes(MIB);
    const path = join(cluster.folder, 'large');
    await writeFile(path, value);
    expect((await put('large', ['--file', path])).code).toBe(0);
    expect((await getRaw('large')).equals(value)).toBe(true);
  });

  it('of 4 MiB are taken, of one byte more are refused with VALUE_TOO_LARGE', async () => {
    const largest = randomBytes(4 * MIB);
    await client.put('largest', largest, { timeoutMs: 20_000 });
    const { value } = await client.get('largest', { consistency: 'all', timeoutMs: 20_000 });
    expect(largest.equals(value ?? new Uint8Array(0))).toBe(true);

    const tooLarge = new Uint8Array(4 * MIB + 1);
    const refused = await put('too-large', ['-'], tooLarge);
    expect(refused.code).toBe(2);
    expect(refused.error()).toMatchObject({
      code: 'VALUE_TOO_LARGE',
      applied: 'no',
      message: expect.stringContaining('4194304'),
    });
    await expect(client.put('too-large', tooLarge)).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
      applied: 'no',
    });
    expect((await client.get('too-large', { consistency: 'all' })).found).toBe(false);
  });
});

describe('keys', () => {
  it.each([
    ['1 byte', 'k'],
    ['1,024 bytes', 'k'.repeat(1_024)],
  ])('of %s are stored and found', async (_, key) => {
    expect((await put(key, [`${key.length}`])).code).toBe(0);
    expect((await client.get(key)).text()).toBe(`${key.length}`);
  });

  it('of every byte are keys of their own', async () => {
    await client.put(EVERY_BYTE, 'all of them');
    expect((await client.get(EVERY_BYTE)).text()).toBe('all of them');
    expect((await client.get(EVERY_BYTE.slice(0, 255))).found).toBe(false);
  });

  it('of 1,025 bytes are refused with KEY_TOO_LARGE, counted in bytes', async () => {
    // 342 characters, 1,026 bytes.
    const key = '€'.repeat(342);
    const refused = await put(key, ['x']);
    expect(refused.code).toBe(2);
    expect(refused.error()).toMatchObject({
      code: 'KEY_TOO_LARGE',
      applied: 'no',
      message: expect.stringMatching(/1026.*1024|1024.*1026/),
    });
    const tooLong = Buffer.alloc(1_025, 'k');
    const failure = { code: 'KEY_TOO_LARGE', applied: 'no' };
    await expect(client.put(tooLong, 'x')).rejects.toMatchObject(failure);
    await expect(client.get(tooLong)).rejects.toMatchObject(failure);
    await expect(client.delete(tooLong)).rejects.toMatchObject(failure);
  });

  it('that are empty are refused', async () => {
    const refused = await put('', ['x']);
    expect(refused.code).toBe(2);
    expect(refused.error()).toMatchObject({ code: 'INVALID_ARGUMENT', applied: 'no' });
    await expect(client.get('')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(client.delete('')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('contexts', () => {
  it('that are garbage, cut or of another key are refused and change nothing', async () => {
    const { context } = await client.put('one-key', 'as it was');
    const { context: other } = await client.put('other-key', 'x');
    const garbage = await put('one-key', ['changed', '--context', 'not-a-context']);
    expect(garbage.code).toBe(2);
    expect(garbage.error()).toMatchObject({ code: 'INVALID_CONTEXT', applied: 'no' });
    expect(garbage.stderr).not.toContain('    at ');
    const foreign = await put('one-key', ['changed', '--context', other]);
    expect(foreign.code).toBe(2);
    expect(foreign.error()).toMatchObject({ code: 'INVALID_CONTEXT', applied: 'no' });
    const flipped = context.replace(/(?<=^.{9})./, (char) => (char === 'x' ? 'y' : 'x'));
    for (const wrong of [context.slice(0, -2), `${context}AA`, flipped, other]) {
      const failure = { code: 'INVALID_CONTEXT', applied: 'no' };
      await expect(client.put('one-key', 'x', { context: wrong })).rejects.toMatchObject(failure);
      await expect(client.delete('one-key', { context: wrong })).rejects.toMatchObject(failure);
    }
    expect((await client.get('one-key', { consistency: 'all' })).text()).toBe('as it was');
  });
});

describe('levels', () => {
  it.each([
    ['an unknown level', ['--consistency', 'most'], /quorum/],
    ['w above the replicas', ['--w', '4'], /4.*3/],
    ['dw above w', ['--w', '1', '--dw', '2'], /2.*1|1.*2/],
    ['a level and raw numbers at once', ['--consistency', 'one', '--w', '1'], /not both/],
  ])('%s is refused and names what is wrong', async (_, flags, reason) => {
    const refused = await put('never', ['x', ...flags]);
    expect(refused.code).toBe(2);
    expect(refused.error()).toMatchObject({
      code: 'INVALID_ARGUMENT',
      applied: 'no',
      message: expect.stringMatching(reason),
    });
    expect((await client.get('never', { consistency: 'all' })).found).toBe(false);
  });

  it('any on a read and r above the replicas are refused', async () => {
    const read = await coterie(['get', 'k', '--consistency', 'any', ...cluster.nodes()]);
    expect(read.code).toBe(2);
    await expect(client.get('k', { r: 4 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(client.get('k', { consistency: 'any' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

describe('a second init', () => {
  it('with the same arguments is harmless and says so', async () => {
    const before = await cluster.status(0);
    const again = await cluster.init();
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/^Already initialised, nothing changed: cluster [0-9a-f]{32}/);
    const reversed = [2, 1, 0].flatMap((index) => cluster.nodes(index));
    const shuffled = await coterie(['cluster', 'init', ...reversed, '--json']);
    expect(shuffled.json()).toMatchObject({ changed: false });
    expect((await cluster.status(0)).layoutHash).toEqual(before.layoutHash);
  });

  it.each([
    ['other replicas', ['--replicas', '2'], /has 3 replicas and not 2/],
    ['other partitions', ['--partitions', '64'], /has 256 partitions and not 64/],
  ])('with %s is refused and changes nothing', async (_, flags, reason) => {
    const before = await cluster.status(0);
    const refused = await cluster.init(...flags, '--json');
    expect(refused.code).toBe(6);
    expect(refused.error()).toMatchObject({ code: 'CLUSTER_MISMATCH', applied: 'no' });
    expect(refused.error().message).toMatch(reason);
    expect((await cluster.status(0)).layoutHash).toEqual(before.layoutHash);
  });

  it('with fewer of its nodes is refused and changes nothing', async () => {
    const refused = await coterie(['cluster', 'init', ...cluster.nodes(0, 1), '--replicas', '2']);
    expect(refused.code).toBe(6);
    expect(refused.stderr).toMatch(/^CLUSTER_MISMATCH: .*nothing was changed/);
  });
});
