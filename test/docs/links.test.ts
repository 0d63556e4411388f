/** The pages for readers: their links lead somewhere, and the first page stays short. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRepository } from '../tidy/sources.ts';
import { brokenLinks, citedSections, headingsOf, linksOf, pathsInCode } from './links.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join('docs', name)),
];
const read = (path: string): string | undefined => {
  try {
    return readFileSync(join(ROOT, path), 'utf8');
  } catch {
    return undefined;
  }
};
const entriesOf = (folder: string): readonly string[] => {
  try {
    return readdirSync(join(ROOT, folder));
  } catch {
    return [];
  }
};

test.each(PAGES)('every link in %s leads to a file and a heading that are there', (page) => {
  expect(brokenLinks(page, read(page) ?? '', { read, entriesOf })).toEqual([]);
});

test.each(PAGES)('every file of ours that %s names in code marks is there', (page) => {
  const missing = pathsInCode(read(page) ?? '').filter(
    (path) => !entriesOf(posix.dirname(path)).includes(posix.basename(path)),
  );
  expect(missing).toEqual([]);
});

test('the README has at most 150 lines', () => {
  expect(read('README.md')?.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

test('the README reaches every page of docs, directly or over one other page', () => {
  const reached = new Set(['README.md']);
  for (const page of ['README.md', 'docs/ARCHITECTURE.md', 'CONTRIBUTING.md']) {
    for (const link of linksOf(read(page) ?? '')) {
      if (!link.includes(':')) reached.add(posix.join(dirname(page), link.split('#')[0] ?? ''));
    }
  }
  const isExempt = (page: string): boolean => page.startsWith('docs/decisions/0');
  expect(PAGES.filter((page) => !reached.has(page) && !isExempt(page))).toEqual([]);
});

test('every section of the architecture that a source cites is there', () => {
  const page = read('docs/ARCHITECTURE.md') ?? '';
  const sections = [...page.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\b/gm)].map((match) => match[1]);
  const broken = readRepository()
    .filter(({ path }) => /^(src|test|bin)\//.test(path))
    .flatMap(({ path, text }) => citedSections(text).map((section) => ({ path, section })))
    .filter(({ section }) => !sections.includes(section));
  expect(sections.length).toBeGreaterThan(20);
  expect(broken).toEqual([]);
});

describe('the check of links', () => {
  const pages: Readonly<Record<string, string>> = { 'docs/a.md': '# One\n## Two `words`, here' };
  const world = {
    read: (path: string) => pages[path],
    entriesOf: (folder: string) => (folder === 'docs' ? ['a.md'] : ['docs']),
  };

  test('finds a missing file, a missing heading, and nothing else', () => {
    const text = [
      '[a](docs/a.md) [b](docs/b.md) [c](docs/a.md#one) [d](docs/a.md#two-words-here)',
      '[e](docs/a.md#three) [f](https://example.org/x) [g](docs) ![h](h.png)',
      '`[i](code.md)`',
      '```',
      '[j](code.md)',
      '```',
    ].join('\n');
    expect(brokenLinks('README.md', text, world)).toEqual([
      'docs/b.md',
      'docs/a.md#three',
      'h.png',
    ]);
  });

  test('makes anchors of headings as code hosts do', () => {
    expect([...headingsOf('# A b\n## A b\n### `c_d`: E/f')]).toEqual(['a-b', 'a-b-1', 'c_d-ef']);
  });

  test('sees every section that a comment cites', () => {
    const text = 'Source: ARCHITECTURE 5.4 to 5.6, 4; ARCHITECTURE\n *  5.12. ARCHITECTURE.md 3';
    expect(citedSections(text)).toEqual(['5.4', '5.6', '4', '5.12']);
  });

  test('takes paths of ours out of code marks', () => {
    expect(pathsInCode('`src/a.ts` `src/core/` `x/y.ts` `test/<name>.ts` `src/*.ts`')).toEqual([
      'src/a.ts',
      'src/core',
    ]);
  });
});
