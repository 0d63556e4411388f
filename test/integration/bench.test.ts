/** `coterie bench` on real processes: the figures are there, and nothing is left behind. */
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QuorumReport } from '../../src/bench/quorum/quorum-report.ts';
import type { Comparison } from '../../src/bench/report/compare.ts';
import type { RunReport } from '../../src/bench/run-report.ts';
import {
  assertNothingLeft,
  coterie,
  type TemporaryFolder,
  temporaryFolder,
} from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const DEADLINE_MS = 100_000;
const START_DEADLINE_MS = 30_000;

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
  assertNothingLeft();
});

/** Whatever the command starts has its temporary files here, and this path in its environment. */
function bench(...args: string[]) {
  const env = { TMPDIR: folder.path };
  return coterie(['bench', ...args], { env, deadlineMs: DEADLINE_MS });
}

/** Their ids, the oldest first. */
async function processesLeft(): Promise<string[]> {
  if (!existsSync('/proc/self/environ')) return [];
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    ids.map((id) => readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')),
  );
  const left = ids.filter((_, index) => environments[index]?.includes(folder.path));
  return left.sort((a, b) => Number(a) - Number(b));
}

async function expectNothingLeft(): Promise<void> {
  expect(await processesLeft()).toEqual([]);
  expect(await readdir(folder.path)).toEqual([]);
}

describe('bench run', () => {
  it(
    'measures three processes that it starts, in the documented JSON',
    async () => {
      const result = await bench(
        ...['run', '--spawn', '3', '--operations', '2000', '--keys', '200', '--warmup', '0'],
        ...['--clients', '2', '--json'],
      );
      expect(result.stderr).toBe('');
      expect(result.code).toBe(0);
      const report = result.json<RunReport>();
      expect(report).toMatchObject({
        workload: 'a',
        operations: 2_000,
        errors: {},
        notFound: 0,
        cluster: { kind: 'spawned', nodes: 3, replicas: 3 },
      });
      const { read, write, throughput, elapsedSeconds, cpuSecondsPer1000 } = report;
      expect(read.count + write.count).toBe(2_000);
      expect(throughput).toBeCloseTo(2_000 / elapsedSeconds, 6);
      for (const { p50Ms, p99Ms, p999Ms, maxMs } of [read, write]) {
        const ordered = [0, p50Ms, p99Ms, p999Ms, maxMs].map(Number);
        expect(ordered.toSorted((a, b) => a - b)).toEqual(ordered);
        expect(ordered[1]).toBeGreaterThan(0);
      }
      expect(cpuSecondsPer1000.client).toBeGreaterThan(0);
      if (existsSync('/proc/self/stat')) expect(cpuSecondsPer1000.nodes).toBeGreaterThan(0);
      await expectNothingLeft();
    },
    DEADLINE_MS,
  );

  it(
    'stops in order when it is interrupted, and says what was done until then',
    async () => {
      const running = bench(
        ...['run', '--embedded', '3', '--engine', 'memory', '--keys', '10', '--warmup', '0'],
        ...['--seconds', '1000', '--json'],
      );
      const [parent] = await waitUntil(
        async () => {
          const processes = await processesLeft();
          return processes.length === 2 && processes;
        },
        { deadlineMs: START_DEADLINE_MS, what: 'the benchmark and its client process' },
      );
      process.kill(Number(parent), 'SIGINT');
      const { code, stderr, stdout } = await running;
      expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
      if (stdout !== '') expect(JSON.parse(stdout)).toMatchObject({ isInterrupted: true });
      await expectNothingLeft();
    },
    DEADLINE_MS,
  );
});

describe('bench run that is killed', () => {
  it(
    'takes its nodes and its client process with it',
    async () => {
      if (!existsSync('/proc/self/environ')) return;
      const running = bench('run', '--spawn', '2', '--replicas', '2', '--seconds', '90');
      const [parent] = await waitUntil(
        async () => {
          const processes = await processesLeft();
          return processes.length === 4 && processes;
        },
        { deadlineMs: START_DEADLINE_MS, what: 'the benchmark, two nodes and its client process' },
      );
      process.kill(Number(parent), 'SIGKILL');
      await running;
      await waitUntil(async () => (await processesLeft()).length === 0, {
        deadlineMs: START_DEADLINE_MS,
        what: 'the end of its nodes and client process',
      });
      const folders = await readdir(folder.path);
      await Promise.all(folders.map((name) => rm(join(folder.path, name), { recursive: true })));
    },
    DEADLINE_MS,
  );
});

const SMALL_MATRIX = [
  ...['quorum', '--rounds', '2', '--slice-seconds', '0.5', '--keys', '20', '--trials', '10000'],
  ...['--r', '1,2', '--w', '1,2', '--fault-seconds', '4', '--fault-rate', '20', '--json'],
];

/** The page that came with it is the one that its JSON gives, and it agrees with itself. */
async function expectReports(path: string, json: string, page: string): Promise<void> {
  const file = join(path, 'report.json');
  await writeFile(file, json);
  const again = join(path, 'again.html');
  expect(await coterie(['bench', 'report', file, '--out', again])).toMatchObject({ code: 0 });
  expect(await readFile(again, 'utf8')).toBe(await readFile(page, 'utf8'));
  const compared = await coterie(['bench', 'compare', file, file, '--json']);
  expect(compared.code).toBe(0);
  const { agree, differ, unknown } = compared.json<Comparison>();
  expect(agree).toBeGreaterThan(4 * 9);
  expect({ differ, unknown }).toEqual({ differ: 0, unknown: 0 });
}

describe('bench quorum', () => {
  it(
    'measures settings on real processes beside their predictions, and a node that is killed',
    async () => {
      await using results = await temporaryFolder();
      const page = join(results.path, 'page.html');
      const result = await bench(...SMALL_MATRIX, '--fault', 'kill', '--html', page);
      expect(result.stderr).toBe('');
      expect(result.code).toBe(0);
      const report = result.json<QuorumReport>();
      await expectReports(results.path, result.stdout, page);
      expect(report.settings).toHaveLength(4);
      for (const { isStrict, operations, freshness, figures, availability } of report.settings) {
        expect(operations).toBeGreaterThan(10);
        expect(figures.writeP50Ms?.value).toBeGreaterThan(0);
        expect(freshness?.reads).toBeGreaterThan(10);
        if (isStrict) expect(freshness?.stale).toBe(0);
        const predicted = freshness?.predicted?.coterie.freshAtMs[0]?.[1] ?? Number.NaN;
        expect(predicted === 1).toBe(isStrict);
        expect(availability?.fault).toMatchObject({ kind: 'kill', node: 'n2' });
        const [before] = availability?.slices ?? [];
        expect(before?.[0]).toBeGreaterThan(0);
      }
      await expectNothingLeft();
    },
    DEADLINE_MS,
  );

  it(
    'stops and slows a node, which is there again at the end',
    async () => {
      for (const fault of ['stop', 'slow']) {
        const result = await bench(...SMALL_MATRIX, '--r', '2', '--w', '2', '--fault', fault);
        const { settings } = result.json<QuorumReport>();
        expect(settings[0]?.availability?.fault.kind).toBe(fault);
        const last = settings[0]?.availability?.slices.at(-1);
        expect(last?.[0]).toBeGreaterThan(0);
        await expectNothingLeft();
      }
    },
    DEADLINE_MS,
  );

  it.each(['kill', 'stop', 'slow'])(
    'puts a node of one process at fault (%s), which is there again at the end',
    async (fault) => {
      const result = await bench(
        ...[...SMALL_MATRIX, '--embedded', '3', '--engine', 'memory'],
        ...['--r', '2', '--w', '2', '--fault', fault],
      );
      expect(result.stderr).toBe('');
      const { settings } = result.json<QuorumReport>();
      const availability = settings[0]?.availability;
      expect(availability?.fault).toMatchObject({ kind: fault, node: 'node-3' });
      expect(availability?.slices.at(-1)?.[0]).toBeGreaterThan(0);
      await expectNothingLeft();
    },
    DEADLINE_MS,
  );
});
