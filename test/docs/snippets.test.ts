import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testedSnippets } from './snippets.ts';

const README = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');

test('a snippet is what stands between the fences behind its mark', () => {
  const text = '```sh\nno\n```\n<!-- tested: a-b -->\n\n```sh\none\ntwo\n```\n';
  expect(testedSnippets(text)).toEqual([{ name: 'a-b', text: 'one\ntwo\n' }]);
});

test('every mark in the README belongs to a snippet, and no two have one name', () => {
  const names = testedSnippets(README).map(({ name }) => name);
  expect(names).toHaveLength(README.match(/<!-- tested/g)?.length ?? 0);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(['try', 'three-processes']);
});
