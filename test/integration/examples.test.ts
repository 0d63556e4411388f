/** The programs in examples/ run against the built package (`npm run build`), as a reader would run
 *  them. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServedProcess, serve } from '../support/processes.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'examples');
const DEADLINE_MS = 20_000;

async function run(name: string, ...args: readonly string[]): Promise<string> {
  const file = join(FOLDER, name);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, ...args], {
    timeout: DEADLINE_MS,
  });
  expect(stderr).toBe('');
  return stdout;
}

let dev: ServedProcess;

beforeAll(async () => {
  dev = await serve(['dev', '--memory', '--port', '0']);
});

afterAll(async () => {
  dev?.child.kill('SIGTERM');
  await dev?.exited();
});

test('every example is run here', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(['carts.mjs', 'embedded.mjs', 'levels.mjs']);
});

test('carts: what two shoppers added at the same time is merged', async () => {
  expect((await run('carts.mjs', ...dev.ready.split(' ').slice(1))).split('\n')).toEqual([
    'after two writes at the same time: 2 siblings',
    'a reader merges them: {"apple":1,"book":1,"cable":1}',
    'after its write: 1 sibling',
    'deleted: found is false',
    '',
  ]);
});

test('embedded: a cluster in one process stores and reads', async () => {
  const output = await run('embedded.mjs');
  expect(output).toContain('nodes: 3\nvisits: 1\n');
  expect(output).toContain('lives on node-1, node-2, node-3');
});

test('levels: with one node left, one goes on and quorum refuses', async () => {
  const [, left = ''] = (await run('levels.mjs')).split('one node\n');
  expect(left).toMatch(/one +put ok .*, get ok/);
  expect(left).toMatch(/quorum +put NO_REPLICA \(applied no\), get \w+ \(applied no\)/);
});
