/** The programs in examples/ run against the built package (`npm run build`), as a reader would run
 *  them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT, runNode, type ServedProcess, serve } from '../support/processes.ts';

const FOLDER = join(ROOT, 'examples');

async function run(name: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runNode([join(FOLDER, name), ...args]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

let dev: ServedProcess;

beforeAll(async () => {
  dev = await serve(['dev', '--memory', '--port', '0']);
});

afterAll(async () => {
  await dev?.stop('SIGTERM');
});

test('every example is run here', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(['carts.mjs', 'embedded.mjs', 'levels.mjs']);
});

test('carts: what two shoppers added at the same time is merged', async () => {
  const addresses = dev.ready.split(' ').slice(1);
  const output = await run('carts.mjs', ...addresses);
  // Siblings come in the order of their dots, which is not the order in which they were written.
  const sorted = output.replace('"cable":1,"book":1', '"book":1,"cable":1');
  expect(sorted.split('\n')).toEqual([
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
