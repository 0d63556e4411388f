/** The rules of this repository, run over this repository. What each rule catches is shown in
 *  test/tidy. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sift } from './tidy/exceptions.ts';
import { importCycles, importsOf, orphans, unresolvedImports } from './tidy/imports.ts';
import { checkLayers } from './tidy/layers.ts';
import { checkLock } from './tidy/lock.ts';
import { missingTests, strayTests } from './tidy/mirror.ts';
import { checkFile } from './tidy/rules.ts';
import { type Finding, formatFinding, GENERATED, ROOT, readRepository } from './tidy/sources.ts';

const everything = readRepository();
const src = everything.filter(({ path }) => /^src\/.*\.ts$/.test(path));
const code = everything.filter(({ path }) => /^(src|test)\/.*\.ts$|^bin\//.test(path));

/** Files that are started or named from outside: the package's exports, and what bin and
 *  package.json scripts run. */
const ENTRIES = [
  'src/index.ts',
  ...everything
    .filter(({ path }) => path === 'package.json')
    .flatMap(({ text }) => [...text.matchAll(/\bdist\/([\w/-]+)\.js\b/g)])
    .map((match) => `src/${match[1]}.ts`),
];

function expectNone(findings: readonly Finding[], ...rules: readonly string[]): void {
  const { left, stale } = sift(findings, rules);
  const strange = findings.filter(({ rule }) => !rules.includes(rule));
  expect(strange, 'findings under a rule that is not named here').toEqual([]);
  expect(left.map(formatFinding)).toEqual([]);
  expect(stale, 'exceptions that are no longer needed: delete them').toEqual([]);
}

test('the scan sees the repository', () => {
  expect(src.length).toBeGreaterThan(10);
  expect(src.flatMap(importsOf).length).toBeGreaterThan(10);
});

test('who imports whom, and which packages, is as the table of layers says', () => {
  expectNone(checkLayers(src), 'layers');
});

test('every import names a file with its suffix, or a package, in plain text', () => {
  expectNone(unresolvedImports(code), 'imports');
});

test('no import leads back to its file, type imports counted', () => {
  expectNone(importCycles(code), 'cycles');
});

test('every file of src is used by src, by bin, or is an entry of the package', () => {
  const users = code.filter(({ path }) => !path.startsWith('test/'));
  expectNone(orphans(users, ENTRIES), 'orphans');
});

test('sizes, widths, headers, names and words are as CONTRIBUTING.md says', () => {
  const rules = ['length', 'columns', 'header', 'names', 'words', 'machine'];
  expectNone(everything.flatMap(checkFile), ...rules);
});

test('every core module has a test of examples and a test of laws', () => {
  expectNone(missingTests(everything), 'examples', 'laws');
});

test('every test in test/core mirrors a core module', () => {
  expectNone(strayTests(everything), 'stray');
});

test('the lock file has what `npm ci` needs on every platform', () => {
  const text = (path: string): string => everything.find((each) => each.path === path)?.text ?? '';
  expectNone(checkLock(text('package.json'), text('package-lock.json')), 'lock');
});

test('generated code is what the protocol files generate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coterie-proto-'));
  try {
    const buf = join(ROOT, 'node_modules', '.bin', 'buf');
    execFileSync(buf, ['generate', '--output', folder], { cwd: ROOT, stdio: 'pipe' });
    const files = (root: string): Record<string, string> =>
      Object.fromEntries(
        readdirSync(join(root, GENERATED), { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.ts'))
          .sort()
          .map((name) => [name, readFileSync(join(root, GENERATED, name), 'utf8')]),
      );
    expect(files(ROOT), 'run `npm run proto`').toEqual(files(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
