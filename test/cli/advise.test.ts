/** What `coterie advise` prints, its exit code, and what it says to wrong options. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeWorld } from './fake-world.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coterie-advise-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const adviceOf = (...flags: string[]) =>
  new FakeWorld().run('advise', '--trials', '2000', ...flags);

async function file(content: unknown): Promise<string> {
  const path = join(folder, 'evidence.json');
  await writeFile(path, JSON.stringify(content));
  return path;
}

const figure = (value: number) => ({ value, low: value / 1.2, high: value * 1.2 });

function measured(r: number, w: number, fresh: number) {
  return {
    n: 3,
    read: { r },
    write: { w },
    required: { r, w },
    isStrict: r + w > 3,
    figures: { readP99Ms: figure(2 * r), writeP99Ms: figure(3 * w) },
    freshness: { measured: [[0.3, fresh, 5_000]], predicted: null },
  };
}

const REPORT = {
  format: 'coterie-bench-quorum/1',
  settings: [measured(1, 1, 4_000), measured(1, 2, 4_990), measured(2, 2, 5_000)],
};

describe('coterie advise', () => {
  it('shows first what meets the goals in a report, and why the others do not', async () => {
    const path = await file(REPORT);
    const { stdout, exitCode } = await adviceOf('--from', path, '--fresh', '99%@0', '--keep', '1');
    expect(exitCode).toBe(0);
    const [summary, head, ...rows] = stdout.trim().split('\n');
    expect(summary).toBe(`2 of 3 settings meet the goals, as measured in ${path}.`);
    expect(head?.split('\t').slice(0, 4)).toEqual(['setting', 'levels', 'read p99', 'write p99']);
    expect(rows.map((row) => row.split('\t')[0])).toEqual([
      'N 3, R 1, W 2',
      'N 3, R 2, W 2',
      'N 3, R 1, W 1',
    ]);
    expect(rows[0]).toContain('read one, write quorum');
    expect(rows[0]).toContain('2 for reads, 1 for writes; lost for ever: 1');
    expect(rows[0]).toContain('met; 99.8 % fresh after 0 ms, measured');
    expect(rows[2]).toContain('80.0 % fresh at once (measured), not 99 %');
    expect(rows[2]).toContain('an acknowledged write survives 0 lost');
  });

  it('says of a report of the other benchmark which one it needs', async () => {
    const path = await file({ format: 'coterie-bench-run/1' });
    const { stderr, exitCode } = await adviceOf('--from', path, '--keep', '1');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/a report of `coterie bench run`.*give one of `coterie bench quorum/);
  });

  it('names a flag that is misspelt before one that is missing', async () => {
    const { stderr } = await adviceOf('--form', 'lnkd-ssd', '--keep', '1');
    expect(stderr).toContain("unknown option '--form'");
    expect((await adviceOf('--keep', '1')).stderr).toContain("required option '--from <name>'");
  });

  it('exits 1 when nothing meets, and says how far each is', async () => {
    const path = await file(REPORT);
    const { stdout, exitCode } = await adviceOf('--from', path, '--write-p99', '1ms');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('None of 3 settings meet the goals');
    expect(stdout).toContain('write p99 6.00 ms, not 1.00 ms');
  });

  it('says that a goal is within the noise, or that nobody knows', async () => {
    const path = await file(REPORT);
    const { stdout } = await adviceOf('--from', path, '--read-p99', '2.2ms');
    expect(stdout).toContain('met; read p99 within the noise');
    const { stdout: unknown } = await adviceOf('--from', path, '--read-p999', '1s');
    expect(unknown).toContain('read p999 is not known');
    const { stdout: few } = await adviceOf('--from', path, '--fresh', '99.85%@5');
    expect(few).toContain('too few reads to tell 99.85 % fresh after 5 ms');
  });

  it('prints one JSON object, here from a published profile', async () => {
    const flags = ['--from', 'lnkd-ssd', '--fresh', '99.9%@10ms', '--survive', '1', '--json'];
    const { stdout, exitCode } = await adviceOf(...flags);
    expect(exitCode).toBe(0);
    const { goals, evidence, settings } = JSON.parse(stdout);
    expect(goals).toEqual({
      readMs: {},
      writeMs: {},
      fresh: [{ share: 0.999, afterMs: 10 }],
      survive: 1,
    });
    expect(evidence).toEqual({ kind: 'profile', name: 'lnkd-ssd' });
    expect(settings).toHaveLength(9);
    expect(settings[0]).toMatchObject({
      n: 3,
      isMet: true,
      findings: {
        fresh: [{ share: 0.999, afterMs: 10, verdict: 'met' }],
        survive: 'met',
        keep: null,
      },
    });
    expect(settings[0].readMs.p99).toBeLessThan(5);
    expect(settings.at(-1)).toMatchObject({ isMet: false, findings: { survive: 'missed' } });
  });

  it('predicts for every N that is asked for, from a file of measured latencies', async () => {
    const way = { kind: 'constant', ms: 1 };
    const path = await file({
      format: 'coterie-latency-profile',
      version: 1,
      name: 'mine',
      legs: { write: way, ack: way, read: way, response: way, commit: way },
    });
    const flags = ['--from', path, '--n', '1', '--n', '3', '--write-p99', '3ms', '--json'];
    const { settings, evidence } = JSON.parse((await adviceOf(...flags)).stdout);
    expect(evidence).toEqual({ kind: 'profile', name: 'mine' });
    const met = settings.filter(({ isMet }: { isMet: boolean }) => isMet);
    expect(settings).toHaveLength(10);
    expect(met.map(({ n, w }: { n: number; w: number }) => [n, w])).toEqual([
      [1, 1],
      [3, 1],
      [3, 1],
      [3, 1],
    ]);
  });

  it('refuses goals and evidence that it cannot take', async () => {
    const report = await file(REPORT);
    const refused: [string[], string][] = [
      [['--from', 'lnkd-ssd'], 'No goal'],
      [['--read-p99', '5ms'], '--from'],
      [['--from', 'lnkd-ssd', '--read-p99', 'fast'], 'a time such as 5ms'],
      [['--from', 'lnkd-ssd', '--fresh', '99.9'], '99.9%@10ms'],
      [['--from', 'lnkd-ssd', '--fresh', '120%@1ms'], '99.9%@10ms'],
      [['--from', 'lnkd-ssd', '--survive', '-1'], 'whole number'],
      [['--from', report, '--keep', '1', '--n', '3'], 'It is a report'],
      [['--from', join(folder, 'none.json'), '--keep', '1'], 'cannot be read'],
    ];
    for (const [flags, message] of refused) {
      const { exitCode, stderr } = await adviceOf(...flags);
      expect(exitCode, message).toBe(2);
      expect(stderr).toContain(message);
    }
  });
});
