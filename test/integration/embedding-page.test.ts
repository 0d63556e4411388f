/** The snippets of docs/embedding.md run, as they stand but for their ports, and print what they
 *  say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { testedSnippets } from '../docs/snippets.ts';
import {
  assertNothingLeft,
  freePorts,
  ROOT,
  runNode,
  temporaryFolder,
} from '../support/processes.ts';

const PAGE = readFileSync(join(ROOT, 'docs', 'embedding.md'), 'utf8');
const PACKAGE = pathToFileURL(join(ROOT, 'dist', 'index.js')).href;
const SNIPPETS = testedSnippets(PAGE);
/** The ports of the page begin here. */
const FIRST_PORT = 7501;

afterAll(assertNothingLeft);

const PRINTED: Readonly<Record<string, readonly string[]>> = {
  cluster: ['hello'],
  service: ['true 32', 'true true', '3'],
  client: ['quorum 2 true', 'ABORTED no too late', '3'],
};

test('every JavaScript snippet of the page is run', () => {
  expect(SNIPPETS.map(({ name }) => name)).toEqual(Object.keys(PRINTED));
  expect(PAGE.match(/^```js$/gm)).toHaveLength(SNIPPETS.length);
});

test.each(SNIPPETS)('$name', async ({ name, text }) => {
  await using folder = await temporaryFolder();
  const port = await freePorts(3);
  const program = text
    .replaceAll("from 'coterie'", `from ${JSON.stringify(PACKAGE)}`)
    .replaceAll(/:(750\d)/g, (_, told) => `:${port + Number(told) - FIRST_PORT}`)
    .replaceAll('coterie-data', folder.path);
  const { code, stdout, stderr } = await runNode(['--input-type=module', '--eval', program]);
  const isOfTheMachine = (line: string) => line.includes('"event":"node-paused"');
  expect(stderr.split('\n').filter((line) => line !== '' && !isOfTheMachine(line))).toEqual([]);
  expect(code).toBe(0);
  expect(stdout.trimEnd().split('\n')).toEqual(PRINTED[name]);
});
