/** What `coterie bench predict` prints, and what it says to wrong options. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeWorld } from './fake-world.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coterie-predict-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const predict = (...flags: string[]) =>
  new FakeWorld().run('bench', 'predict', '--trials', '2000', ...flags);

const constant = (ms: number) => ({ kind: 'constant', ms });
const MEASURED = {
  format: 'coterie-latency-profile',
  version: 1,
  name: 'mine',
  legs: {
    write: constant(1),
    ack: constant(1),
    read: constant(2),
    response: constant(2),
    commit: constant(5),
  },
};

async function file(content: unknown): Promise<string> {
  const path = join(folder, 'profile.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('coterie bench predict', () => {
  it('names a flag that is misspelt before one that is missing', async () => {
    const { stderr, exitCode } = await predict('--profil', 'lnkd-disk');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/unknown option '--profil'.*--profile/);
    expect((await predict()).stderr).toContain("required option '--profile <name>' not specified");
  });

  it('prints the prediction as one JSON object, the same for the same seed', async () => {
    const flags = ['--profile', 'lnkd-disk', '--r', '2', '--json'];
    const { stdout, exitCode } = await predict(...flags);
    expect(exitCode).toBe(0);
    const printed = JSON.parse(stdout);
    expect(Object.keys(printed).slice(0, 9)).toEqual([
      'n',
      'r',
      'w',
      'readMs',
      'writeMs',
      'freshAtMs',
      't999Ms',
      'kStale',
      'monotonic',
    ]);
    expect(printed).toMatchObject({ n: 3, r: 2, w: 1, model: 'wars', trials: 2_000, seed: 1 });
    expect(Object.keys(printed.writeMs)).toEqual(['p50', 'p99', 'p999']);
    expect(printed.freshAtMs.slice(0, 2).map(([t]: [number]) => t)).toEqual([0, 1]);
    expect(printed.freshAtMs[0][1]).toBe(printed.kStale[0]);
    expect((await predict(...flags)).stdout).toBe(stdout);
    expect((await predict(...flags, '--seed', '2')).stdout).not.toBe(stdout);
  });

  it('predicts from the legs in a report of measured settings', async () => {
    const setting = (r: number, legs: unknown) => ({ n: 3, required: { r, w: 1 }, legs });
    const path = await file({
      format: 'coterie-bench-quorum/1',
      settings: [setting(1, null), setting(2, MEASURED)],
    });
    const { stdout } = await predict('--profile', path, '--r', '2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ model: 'coterie', profile: 'mine', r: 2 });
    const { exitCode, stderr } = await predict('--profile', path, '--n', '5');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('a list with legs of N 5');
  });

  it('predicts this database from a file of measured latencies', async () => {
    const path = await file(MEASURED);
    const { stdout } = await predict('--profile', path, '--r', '2', '--w', '2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      model: 'coterie',
      profile: 'mine',
      readMs: { p50: 4 },
      // The minter's commit, then a way, a commit and a way back.
      writeMs: { p50: 12 },
    });
    const wars = await predict('--profile', path, '--model', 'wars', '--w', '3', '--json');
    expect(JSON.parse(wars.stdout).writeMs.p50).toBe(7);
  });

  it('shows people when reads are fresh, and that a strict setting always is', async () => {
    const { stdout } = await predict('--profile', 'wan', '--w', '2', '--r', '2');
    expect(stdout).toContain('N 3, R 2, W 2 (every read is fresh)');
    expect(stdout).toContain('fresh at once\t100.00 %');
    const weak = await predict('--profile', 'wan', '--nodes', '5', '--model', 'coterie');
    expect(weak.stdout).toContain('wan, 5 nodes');
    expect(weak.stdout).toContain('fresh after 1 ms');
  });

  it('asks all replicas of a read when told so, which costs the slowest nothing', async () => {
    const flags = ['--profile', 'ymmr', '--model', 'coterie', '--nodes', '100', '--json'];
    const some = JSON.parse((await predict(...flags)).stdout);
    const all = JSON.parse((await predict(...flags, '--read-all')).stdout);
    expect(all.readMs.p99).toBeLessThan(some.readMs.p99);
  });

  it('counts the writes of others between two reads of one client', async () => {
    const flags = ['--profile', 'lnkd-disk', '--json', '--writes-per-read'];
    const [none, two] = await Promise.all([predict(...flags, '0'), predict(...flags, '2')]);
    const { kStale } = JSON.parse(none.stdout);
    expect(JSON.parse(none.stdout).monotonic).toBe(kStale[0]);
    expect(JSON.parse(two.stdout).monotonic).toBe(kStale[2]);
  });

  it.each([
    [[], "required option '--profile <name>' not specified"],
    [['--profile', 'lnkd'], 'it is none of lnkd-ssd, lnkd-disk, ymmr, wan'],
    [['--profile', 'wan', '--r', '4'], 'r is 4; it must be a whole number from 1 to 3'],
    [['--profile', 'wan', '--n', '0'], '--n'],
    [['--profile', 'wan', '--trials', '1e3'], '--trials'],
    [['--profile', 'wan', '--model', 'dynamo'], '--model'],
    [['--profile', 'wan', '--nodes', '2'], 'nodes is 2; it must be a whole number from 3'],
  ])('refuses %j as a usage error', async (flags, message) => {
    const { exitCode, stderr, stdout } = await predict(...flags);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('names the field of a file that cannot be used', async () => {
    const broken = { ...MEASURED, legs: { ...MEASURED.legs, ack: { kind: 'constant' } } };
    const refused = await predict('--profile', await file(broken));
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('legs.ack.ms is missing; it must be a number');
    const noJson = await predict('--profile', await file('legs: 3'));
    expect(noJson.exitCode).toBe(2);
    expect(noJson.stderr).toContain('profile.json: ');
  });

  it('lists its options', async () => {
    const { stdout, exitCode } = await new FakeWorld().run('bench', 'predict', '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('--writes-per-read');
  });
});
