import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RocksdbStore } from '../../../src/platform/rocksdb/rocksdb-store.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** What `npm run build` made: a child process runs JavaScript. */
const BUILT = join(import.meta.dirname, '../../../dist/platform/rocksdb/rocksdb-store.js');
const WRITER = join(import.meta.dirname, 'crash-writer.mjs');
const ROW_COUNT = 20;
const DEADLINE_MS = 20_000;

type Writer = ChildProcessByStdio<null, Readable, Readable>;

let folder: string;
let writer: Writer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coterie-crash-'));
});

afterEach(async () => {
  if (writer !== undefined) await kill(writer);
  writer = undefined;
  await rm(folder, { recursive: true });
});

it('every batch that was reported durable is whole after kill -9, and no other is torn', async () => {
  for (const reportedCount of [1, 25, 60]) {
    const location = join(folder, `after-${reportedCount}`);
    const reported = await writeAndKill(location, reportedCount);
    const rows = await rowsOfBatches(location);
    expect(reported).toBeGreaterThanOrEqual(reportedCount);
    expect(rows.length).toBeGreaterThanOrEqual(reported);
    expect(new Set(rows)).toEqual(new Set([ROW_COUNT]));
  }
});

it('a folder that another process has open is refused with CONFLICT until that process is gone', async () => {
  const location = join(folder, 'store');
  const { process: other } = await startWriter(location, 1);
  const store = new RocksdbStore({ location });
  await expect(store.open()).rejects.toMatchObject({ code: 'CONFLICT', applied: 'no' });
  await kill(other);
  await store.open();
  await store.close();
});

/** How many batches the writer had reported when it was killed. */
async function writeAndKill(location: string, reportedCount: number): Promise<number> {
  const { process: child, reported } = await startWriter(location, reportedCount);
  await kill(child);
  return reported();
}

async function startWriter(
  location: string,
  reportedCount: number,
): Promise<{ process: Writer; reported: () => number }> {
  const args = [WRITER, pathToFileURL(BUILT).href, location, `${ROW_COUNT}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  writer = child;
  let lines = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const reported = (): number => lines.split('\n').length - 1;
  await waitUntil(
    () => {
      if (child.exitCode !== null) throw new Error(`the writer ended by itself: ${complaints}`);
      return reported() >= reportedCount;
    },
    { deadlineMs: DEADLINE_MS, everyMs: 1, what: `${reportedCount} batches to be reported` },
  );
  return { process: child, reported };
}

/** Resolves when it is gone and everything it had printed was read. */
async function kill(child: Writer): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

/** Rows found of each batch that left any, checked to have the content of their batch. */
async function rowsOfBatches(location: string): Promise<number[]> {
  const store = new RocksdbStore({ location });
  await store.open();
  const counts: number[] = [];
  const iterator = store.iterate({ from: new Uint8Array([0]), to: new Uint8Array([0xff]) });
  for (;;) {
    const entries = await iterator.next(500);
    if (entries.length === 0) break;
    for (const { key, value } of entries) {
      const batch = Number(new TextDecoder().decode(key).split('/')[0]);
      counts[batch] = (counts[batch] ?? 0) + 1;
      expect(value).toEqual(new Uint8Array(300).fill(batch));
    }
  }
  await store.close();
  return counts;
}
