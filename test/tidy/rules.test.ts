import { expect, test } from 'vitest';
import { type Exception, sift } from './exceptions.ts';
import { missingTests, strayTests } from './mirror.ts';
import { checkFile } from './rules.ts';
import { sourceOf } from './sources.ts';

const HEADER = '/** What it answers.\n *  Invariant: this.\n *  Not here: that. */\n';

function rules(path: string, text: string): readonly string[] {
  return checkFile(sourceOf(path, text)).map(({ rule }) => rule);
}

test('a file of 400 lines passes, one of 401 does not', () => {
  expect(rules('src/cli/a.ts', 'a;\n'.repeat(400))).toEqual([]);
  expect(rules('src/cli/a.ts', 'a;\n'.repeat(401))).toEqual(['length']);
  expect(rules('src/wire/generated/a.ts', 'a;\n'.repeat(401))).toEqual([]);
});

test('a line of 100 columns passes, one of 101 does not, a title of a test may be longer', () => {
  expect(rules('src/cli/a.ts', '🎈'.repeat(100))).toEqual([]);
  expect(rules('src/cli/a.ts', 'x'.repeat(101))).toEqual(['columns']);
  expect(rules('test/cli/a.test.ts', `  test('${'x'.repeat(101)}', () => {`)).toEqual([]);
});

test('core, node and sim open with a header of three lines', () => {
  for (const zone of ['core', 'node', 'sim']) {
    expect(rules(`src/${zone}/a.ts`, `${HEADER}export {};`)).toEqual([]);
    expect(rules(`src/${zone}/a.ts`, '/** Short. */\nexport {};')).toEqual(['header']);
    expect(rules(`src/${zone}/a.ts`, `import './b.ts';\n${HEADER}`)).toEqual(['header']);
  }
  expect(rules('src/cli/a.ts', 'export {};')).toEqual([]);
});

test.each([
  'src/cli/utils.ts',
  'src/cli/string-helpers.ts',
  'src/core-util/a.ts',
  'test/support/common.ts',
  'src/cli/camelCase.ts',
])('the name %s is a fault', (path) => {
  expect(rules(path, '')).toContain('names');
});

test.each([
  ['src/cli/a.ts', '// FIXME later'],
  ['docs/a.md', 'TODO: write this'],
  ['src/cli/a.ts', '// as PROTOCOLS c says'],
  ['src/cli/a.ts', 'const a = b as any;'],
  ['src/cli/a.ts', 'function f(a: any, b: number) {}'],
  ['src/cli/a.ts', 'const a: Map<string, any> = b;'],
  ['test/a.test.ts', 'let a: any\nlet b = 1'],
  ['src/cli/a.ts', 'const a = b as unknown as C;'],
  ['src/cli/a.ts', '// @ts-expect-error'],
  ['src/cli/a.ts', 'Math.random()'],
  ['test/a.test.ts', 'Math.random()'],
  ['src/core/a.ts', `${HEADER}Math.pow(2, 3)`],
  ['src/client/a.ts', 'Date.now()'],
  ['src/cli/a.ts', 'new Date( )'],
  ['src/platform/grpc/a.ts', 'performance.now()'],
  ['src/platform/grpc/a.ts', 'setTimeout(f, 1)'],
  ['src/embed.ts', 'process.env.HOME'],
  ['src/config/schema.ts', "process.env['HOME']"],
  ['src/platform/grpc/a.ts', 'console.log(1)'],
  ['src/cli/a.ts', 'enum Level { One }'],
  ['src/client/a.ts', 'new SharedArrayBuffer(8)'],
  ['test/a.test.ts', "vi.mock('./b.ts')"],
  ['test/a.test.ts', "import { setTimeout } from 'node:timers/promises';"],
])('in %s the text %j is a fault', (path, text) => {
  expect(rules(path, text)).toContain('words');
});

test.each([
  ['src/cli/a.ts', '// TODO(#12) with elasticity'],
  ['src/cli/a.ts', "print('Date.now() of any: any');"],
  ['src/cli/a.ts', "const level = 'any' as const; const many: Many = anything;"],
  ['src/platform/system/clock.ts', 'Date.now(); setTimeout(f, 1);'],
  ['src/cli/a.ts', 'console.log(process.env.NO_COLOR, new Date(writtenAtMs));'],
  ['src/config/load.ts', 'process.env'],
])('in %s the text %j is in order', (path, text) => {
  expect(rules(path, text)).toEqual([]);
});

test.each([
  ['docs/a.md', 'see /home/somebody/coterie'],
  ['test/a.test.ts', "open('/home/ada/dist')"],
  ['package-lock.json', '"resolved": "https://somewhere/a.tgz"'],
  ['.npmrc', 'registry=https://registry.example.org/'],
])('in %s the text %j is of one machine', (path, text) => {
  expect(rules(path, text)).toEqual(expect.arrayContaining(['machine']));
});

test('a path inside an address or a relative path is of no machine', () => {
  expect(rules('docs/a.md', 'https://example.org/home/a ./work/a ../root/b framework/x')).toEqual(
    [],
  );
});

test('a core module without examples or laws is missed, and a test without its module too', () => {
  const sources = [
    sourceOf('src/core/ring/token.ts', ''),
    sourceOf('test/core/ring/token.test.ts', ''),
    sourceOf('test/core/ring/gone.prop.test.ts', ''),
  ];
  expect(missingTests(sources).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
    'laws: has no test/core/ring/token.prop.test.ts',
  ]);
  expect(strayTests(sources).map(({ path }) => path)).toEqual(['test/core/ring/gone.prop.test.ts']);
});

test('an exception covers its own finding only, and is stale without one', () => {
  const exception: Exception = { rule: 'names', path: 'src/a.ts', about: "'utils'", reason: 'r' };
  const found = { rule: 'names', path: 'src/a.ts', line: 0, message: "is called 'utils'" };
  expect(sift([found], ['names'], [exception])).toEqual({ left: [], stale: [] });
  const other = { ...found, path: 'src/b.ts' };
  expect(sift([other], ['names'], [exception])).toEqual({ left: [other], stale: [exception] });
  expect(sift([], ['length'], [exception]).stale).toEqual([]);
});
