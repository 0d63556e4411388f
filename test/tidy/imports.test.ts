import { expect, test } from 'vitest';
import { importCycles, importsOf, orphans, packageOf, unresolvedImports } from './imports.ts';
import { sourceOf } from './sources.ts';

test('every form of import is seen, with its line and whether it is of types', () => {
  const text = [
    "import a from './a.ts';",
    'import {',
    '  b,',
    "} from './b.ts';",
    "import type { C } from './c.ts';",
    "import { type D } from './d.ts';",
    "import './e.ts';",
    "export { f } from './f.ts';",
    "export type { G } from './g.ts';",
    "export * from './h.ts';",
    "const i = await import('./i.ts');",
    "type J = import('./j.ts').J;",
    "const k = require('./k.ts');",
  ].join('\n');
  const seen = importsOf(sourceOf('src/x/y.ts', text));
  expect(
    seen.map(({ line, target, isType }) => `${line} ${target}${isType ? ' type' : ''}`),
  ).toEqual([
    '1 src/x/a.ts',
    '2 src/x/b.ts',
    '5 src/x/c.ts type',
    '6 src/x/d.ts',
    '7 src/x/e.ts',
    '8 src/x/f.ts',
    '9 src/x/g.ts type',
    '10 src/x/h.ts',
    '11 src/x/i.ts',
    '12 src/x/j.ts',
    '13 src/x/k.ts',
  ]);
});

test('a package is named by its scope and name, whatever the path behind it', () => {
  expect(packageOf('@noble/hashes/sha2.js')).toBe('@noble/hashes');
  expect(packageOf('rocksdb/binding')).toBe('rocksdb');
});

test('an import without suffix, of nothing, or of a computed name is a fault', () => {
  const bad = sourceOf(
    'src/a.ts',
    "import './b';\nimport './gone.ts';\nawait import(name);\nimport './b.ts';",
  );
  const lines = unresolvedImports([bad, sourceOf('src/b.ts', '')]).map(({ line }) => line);
  expect(lines).toEqual([1, 2, 3]);
});

test('a cycle is found through three files and through types', () => {
  const sources = [
    sourceOf('src/a.ts', "import { b } from './b.ts';"),
    sourceOf('src/b.ts', "import type { C } from './c.ts';"),
    sourceOf('src/c.ts', "export { a } from './a.ts';"),
    sourceOf('src/d.ts', "import { a } from './a.ts';"),
  ];
  const cycles = importCycles(sources);
  expect(cycles).toHaveLength(1);
  expect(cycles[0]?.path).toBe('src/a.ts');
  expect(cycles[0]?.message).toContain('src/b.ts, src/c.ts');
});

test('a diamond is no cycle, an import of itself is one', () => {
  const diamond = [
    sourceOf('src/a.ts', "import './b.ts';\nimport './c.ts';"),
    sourceOf('src/b.ts', "import './d.ts';"),
    sourceOf('src/c.ts', "import './d.ts';"),
    sourceOf('src/d.ts', ''),
  ];
  expect(importCycles(diamond)).toEqual([]);
  expect(importCycles([sourceOf('src/a.ts', "import './a.ts';")])).toHaveLength(1);
});

test('a file that only itself imports is an orphan; entries and used files are none', () => {
  const sources = [
    sourceOf('bin/coterie', "import '../dist/cli/main.js';"),
    sourceOf('src/index.ts', "export { used } from './used.ts';"),
    sourceOf('src/used.ts', ''),
    sourceOf('src/cli/main.ts', ''),
    sourceOf('src/env/globals.d.ts', ''),
    sourceOf('src/dead.ts', "import './dead.ts';"),
  ];
  const paths = orphans(sources, ['src/index.ts']).map(({ path }) => path);
  expect(paths).toEqual(['src/dead.ts']);
});

test('a script that a file starts is used, one of that name elsewhere is not', () => {
  const sources = [
    sourceOf('src/cli/pool.ts', "fork(new URL('./worker.js', import.meta.url));"),
    sourceOf('src/cli/worker.ts', ''),
    sourceOf('src/worker.ts', ''),
  ];
  const paths = orphans(sources, ['src/cli/pool.ts']).map(({ path }) => path);
  expect(paths).toEqual(['src/worker.ts']);
});
