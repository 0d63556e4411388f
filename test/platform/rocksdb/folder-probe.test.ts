/** Only an end that the engine is known for, and damage in its own words, count as damage. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { probeFolder } from '../../../src/platform/rocksdb/folder-probe.ts';
import { ReadingNotes } from '../../../src/platform/rocksdb/reading-notes.ts';
import { RocksdbStore } from '../../../src/platform/rocksdb/rocksdb-store.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/processes.ts';
import {
  EVERYTHING,
  fillTable,
  flipByte,
  makeDeadly,
  ROW_COUNT,
  rowKey,
  tableFile,
} from './damaged-table.ts';

let temporary: TemporaryFolder;
let location: string;

beforeEach(async () => {
  temporary = await temporaryFolder();
  location = join(temporary.path, 'data');
  await fillTable(location);
});

afterEach(() => temporary[Symbol.asyncDispose]());

function note(range: { from: Uint8Array; to: Uint8Array; reverse?: boolean }): void {
  const notes = new ReadingNotes();
  notes.open(location);
  notes.take()?.note({ reverse: false, ...range });
  notes.close();
}

/** What a process tells that runs this text instead of the probe. */
async function answerTo(text: string) {
  const script = join(temporary.path, 'probe.mjs');
  await writeFile(script, `import { writeSync } from 'node:fs';\n${text}`);
  return probeFolder(location, script);
}

test('a sound folder is sound, also while another has it open', async () => {
  note(EVERYTHING);
  expect(await probeFolder(location)).toEqual({ kind: 'sound' });
  const store = new RocksdbStore({ location });
  await store.open();
  await store.batch([{ type: 'put', key: rowKey(0), value: rowKey(1) }], { sync: true });
  expect(await probeFolder(location)).toEqual({ kind: 'sound' });
  await store.close();
});

test.each([false, true])(
  'a block that ends its reader is damage (reverse: %s)',
  async (reverse) => {
    await makeDeadly(location, rowKey(ROW_COUNT / 2));
    note({ ...EVERYTHING, reverse });
    expect(await probeFolder(location)).toEqual({
      kind: 'damaged',
      reason: expect.stringMatching(/RocksDB ends a process that reads there \(SIG[A-Z]+\)/),
    });
  },
);

test('a block that fails its checksum is damage, whether its reader ends of it or not', async () => {
  note(EVERYTHING);
  const file = await tableFile(location);
  for (let at = 0.05; at < 0.9; at += 0.17) {
    await flipByte(file, at);
    expect(await probeFolder(location), `at ${at}`).toMatchObject({ kind: 'damaged' });
    await flipByte(file, at);
  }
});

test('only what was noted is read', async () => {
  await makeDeadly(location, rowKey(ROW_COUNT / 2));
  note({ from: rowKey(0), to: rowKey(50) });
  expect(await probeFolder(location)).toEqual({ kind: 'sound' });
});

test.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'])(
  'a probe that somebody ends with %s says nothing of the folder',
  async (signal) => {
    const killed = `writeSync(1, 'loaded\\n'); process.kill(process.pid, '${signal}');`;
    const answer = await answerTo(`${killed} setInterval(() => {}, 1_000);`);
    expect(answer).toEqual({ kind: 'unknown', reason: `it was ended by ${signal}` });
  },
);

test('nor does one that ends before the engine is loaded, or cannot be started', async () => {
  expect(await answerTo('process.abort();')).toMatchObject({ kind: 'unknown' });
  expect(await answerTo(`writeSync(1, 'no disk'); process.exit(1);`)).toEqual({
    kind: 'unknown',
    reason: 'no disk',
  });
  const missing = await probeFolder(location, join(temporary.path, 'missing.mjs'));
  expect(missing).toEqual({ kind: 'unknown', reason: 'it ended with 1' });
});

test('a probe has no terminal and no settings of the process that asks', async () => {
  const seen = `JSON.stringify([process.execArgv, Object.keys(process.env).sort(),
    process.stdin.isTTY === true])`;
  const answer = await answerTo(`writeSync(1, ${seen}); process.exit(1);`);
  expect(answer).toMatchObject({ reason: '[[],["ELECTRON_RUN_AS_NODE"],false]' });
});
