/** `coterie bench` on real processes: the figures are there, and nothing is left behind. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
