/** `coterie bench report` and `coterie bench compare` on files. The page itself is tested in a
 *  browser (test/integration/report-page.test.ts). */
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleQuorum, sampleRun } from '../bench/report/sample.ts';
import { FakeWorld } from './fake-world.ts';

let folder: string;
let world: FakeWorld;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coterie-test-'));
  world = new FakeWorld();
});

afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('bench report', () => {
  it('prints every figure with its range, tab-separated, for programs', async () => {
    const { exitCode, stdout } = await world.run(
      'bench',
      'report',
      await file('a', sampleQuorum()),
    );
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n').map((line) => line.split('\t'));
    expect(lines).toContainEqual(
      expect.arrayContaining(['N 3, R 1, W 1', '120,000', '11,700 (11,115 to 12,285)']),
    );
    expect(lines).toContainEqual(['R 3, W 1', 'kill n3', '100 %', '32.54 %', '100 %']);
    expect(stdout).toContain('command: coterie bench quorum --spawn 3 --fault kill\n');
  });

  it('prints tables that fit for people', async () => {
    world.isTerminal = true;
    const { stdout } = await world.run('bench', 'report', await file('a', sampleQuorum()));
    expect(stdout).toContain('11,700 ±5 %');
    const widest = Math.max(...stdout.split('\n').map((line) => line.length));
    expect(widest).toBeLessThan(180);
  });

  it.each([
    ['what is not there', undefined, 'cannot be read'],
    ['what is not JSON', '\u001b[2J{', 'is no report that this version reads'],
    ['a report of another version', { format: 'coterie-bench-run/9' }, 'this version reads'],
  ])('refuses %s with one sentence', async (_what, content, reason) => {
    const path = content === undefined ? join(folder, 'none') : await file('a', content);
    const { exitCode, stdout, stderr } = await world.run('bench', 'report', path);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('\u001b');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('refuses a file that no report is as large as, without reading it', async () => {
    const path = await file('a', '{}');
    await truncate(path, 64 * 1_024 * 1_024);
    const { exitCode, stderr } = await world.run('bench', 'report', path);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('a report has at most 33554432');
  });
});

describe('bench compare', () => {
  it('ends with 0 when all figures agree', async () => {
    const a = await file('a', sampleQuorum());
    const b = await file('b', sampleQuorum({ slowdown: 1.05 }));
    const { exitCode, stdout } = await world.run('bench', 'compare', a, b);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('\n108 agree, 0 differ.\n');
    expect(stdout).toContain(
      'N 3, R 1, W 1\tread p50, ms\t1.40 [1.29..1.51]\t1.47 [1.35..1.59]\t1.050\tagrees\n',
    );
  });

  it('ends with 1 when some differ, and says which way', async () => {
    const a = await file('a', sampleQuorum());
    const b = await file('b', sampleQuorum({ slowdown: 1.2 }));
    const { exitCode, stdout } = await world.run('bench', 'compare', a, b);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('\n45 agree, 63 differ.\n');
    expect(stdout).toMatch(/read p99, ms\t.*\t1\.200\tdiffers, b is worse\n/);
    const back = await world.run('bench', 'compare', b, a);
    expect(back.stdout).toMatch(/read p99, ms\t.*\t0\.833\tdiffers, b is better\n/);
  });

  it('does not judge single runs, whose noise nobody knows', async () => {
    const a = await file('a', sampleRun());
    const b = await file('b', { ...sampleRun({ slowdown: 2 }), seed: 2 });
    const { exitCode, stdout } = await world.run('bench', 'compare', a, b);
    expect(exitCode).toBe(7);
    expect(stdout).toContain('8 agree, 0 differ, 2 cannot be judged, for neither report knows');
    expect(stdout).toContain('NOTHING WAS JUDGED');
    const same = await world.run('bench', 'compare', a, a);
    expect(same.exitCode).toBe(0);
  });

  it('judges single runs by their slices: one that is ten times as slow differs', async () => {
    const noise = { throughput: 1.1, readP50Ms: 1.2, writeP50Ms: 1.2 };
    const a = await file('a', { ...sampleRun(), noise });
    const alike = await file('alike', { ...sampleRun({ slowdown: 1.1 }), noise });
    const slow = await file('slow', { ...sampleRun({ slowdown: 10 }), noise });
    expect((await world.run('bench', 'compare', a, alike)).exitCode).toBe(0);
    const { exitCode, stdout } = await world.run('bench', 'compare', a, slow);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/read p50, ms\t1.40 \[1.17..1.68\]\t.*\t10.0\tdiffers, b is worse\n/);
    expect(stdout).not.toContain('NOTHING WAS JUDGED');
  });

  it('prints one object with --json', async () => {
    const a = await file('a', sampleQuorum());
    const b = await file('b', sampleQuorum({ slowdown: 1.2 }));
    const { exitCode, stdout } = await world.run('bench', 'compare', a, b, '--json');
    expect(exitCode).toBe(1);
    const printed = JSON.parse(stdout);
    expect(printed).toMatchObject({
      format: 'coterie-bench-compare/1',
      a,
      b,
      agree: 45,
      differ: 63,
      unknown: 0,
      asked: [],
      surroundings: [],
      onlyA: [],
      onlyB: [],
    });
    expect(printed.figures[0]).toEqual({
      setting: 'N 3, R 1, W 1',
      figure: 'throughput',
      a: { value: 11_700, low: 11_115, high: 12_285 },
      b: { value: 9_750, low: 9_262.5, high: 10_237.5 },
      ratio: 9_750 / 11_700,
      verdict: 'differs',
    });
  });

  it('refuses reports of different things', async () => {
    const a = await file('a', sampleQuorum());
    const b = await file('b', sampleRun());
    const { exitCode, stderr } = await world.run('bench', 'compare', a, b);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('no figure of one setting in common');
  });
});
