/** What the linter must catch by biome.json, tried on bad samples in a folder of their own. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './sources.ts';

const ZONES = ['core', 'env', 'wire', 'node', 'client', 'sim'];
const GLOBALS = [
  'Date.now()',
  'performance.now()',
  'setTimeout(f, 1)',
  'setInterval(f, 1)',
  'setImmediate(f)',
  'queueMicrotask(f)',
  'crypto.randomUUID()',
  'fetch(a)',
  'process.pid',
  'console.log(a)',
  'Buffer.from(a)',
  'new WeakRef(a)',
  'new FinalizationRegistry(f)',
];
const MODULES = ['node:fs', 'node:fs/promises', '@grpc/grpc-js', 'rocksdb', 'pino', '../cli/a.ts'];

const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(ZONES.map((zone) => [`src/${zone}/globals.ts`, GLOBALS])),
  'src/node/modules.ts': MODULES.map((name, index) => `import a${index} from '${name}'`),
  'src/cli/modules.ts': MODULES.map((name, index) => `import a${index} from '${name}'`),
  'src/platform/grpc/modules.ts': ["import a from '@grpc/grpc-js'"],
  'src/platform/rocksdb/modules.ts': ["import a from 'rocksdb'"],
  'src/cli/loose.ts': [
    'async function f(): Promise<void> {}',
    'f()',
    'const a: any = 1',
    'const b = a!',
    "export * from './barrel.ts'",
  ],
  'src/cli/long.ts': ['function f() {', ...'g();'.repeat(71).split(';'), '}'],
  'src/cli/cycle-a.ts': ["import type { B } from './cycle-b.ts'", 'export type A = B'],
  'src/cli/cycle-b.ts': ["import type { A } from './cycle-a.ts'", 'export type B = A'],
  'test/a.test.ts': ['test.only(a)', 'test.skip(a)'],
};

/** `path:line rule` of every finding. */
function lintSamples(): readonly string[] {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coterie-lint-')));
  try {
    copyFileSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
    for (const [path, lines] of Object.entries(SAMPLES)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `${lines.join('\n')}\n`);
    }
    const biome = join(ROOT, 'node_modules', '.bin', 'biome');
    const options = ['lint', '--reporter=github', '--max-diagnostics=none', '--vcs-enabled=false'];
    const { stdout } = spawnSync(biome, options, { cwd: folder, encoding: 'utf8' });
    const line = /^::\w+ title=lint\/\w+\/(\w+),file=([^,]+),line=(\d+)/gm;
    return [...stdout.matchAll(line)].map(([, rule, file = '', at]) => {
      const path = relative(folder, resolve(folder, file)).split(sep).join('/');
      return `${path}:${at} ${rule}`;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const found = lintSamples();

function linesOf(path: string, rule: string): readonly number[] {
  return found
    .map((finding) => /^(.*):(\d+) (\w+)$/.exec(finding))
    .filter((match) => match?.[1] === path && match[3] === rule)
    .map((match) => Number(match?.[2]))
    .sort((a, b) => a - b);
}

const everyLine = (lines: readonly string[]): readonly number[] => lines.map((_, at) => at + 1);

test.each(ZONES)('no clock, timer, chance or IO of the host is in reach of src/%s', (zone) => {
  expect(linesOf(`src/${zone}/globals.ts`, 'noRestrictedGlobals')).toEqual(everyLine(GLOBALS));
});

test('node modules and the libraries behind ports are out of reach of pure zones', () => {
  expect(linesOf('src/node/modules.ts', 'noRestrictedImports')).toEqual(everyLine(MODULES));
});

test('gRPC and RocksDB are in reach of the platform alone', () => {
  expect(linesOf('src/cli/modules.ts', 'noRestrictedImports')).toEqual([3, 4]);
  expect(linesOf('src/platform/grpc/modules.ts', 'noRestrictedImports')).toEqual([]);
  expect(linesOf('src/platform/rocksdb/modules.ts', 'noRestrictedImports')).toEqual([]);
});

test.each([
  ['src/cli/loose.ts', 'noFloatingPromises', 2],
  ['src/cli/loose.ts', 'noExplicitAny', 3],
  ['src/cli/loose.ts', 'noNonNullAssertion', 4],
  ['src/cli/loose.ts', 'noBarrelFile', 5],
  ['src/cli/long.ts', 'noExcessiveLinesPerFunction', 1],
  ['src/cli/cycle-a.ts', 'noImportCycles', 1],
  ['test/a.test.ts', 'noFocusedTests', 1],
  ['test/a.test.ts', 'noSkippedTests', 2],
])('in %s the rule %s fires', (path, rule, line) => {
  expect(linesOf(path, rule)).toContain(line);
});
