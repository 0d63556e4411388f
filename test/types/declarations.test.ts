/** What a program that uses the package sees: it compiles under nodenext, and no type of it is
 *  `any`. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf } from '../tidy/imports.ts';
import { checkWords } from '../tidy/rules.ts';
import { ROOT, type Source, sourceOf } from '../tidy/sources.ts';

const INDEX = join(ROOT, 'dist', 'index.d.ts');

/** Every declaration that can be reached from the package's entry, each once. */
function reachableDeclarations(): readonly Source[] {
  const seen = new Map<string, Source>();
  const waiting = [INDEX];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    const name = relative(ROOT, path).split(sep).join('/');
    const source = sourceOf(name, readFileSync(path, 'utf8'));
    seen.set(path, source);
    for (const { specifier } of importsOf(source)) {
      if (!specifier.startsWith('.')) continue;
      waiting.push(join(dirname(path), specifier.replace(/\.(ts|js)$/, '.d.ts')));
    }
  }
  return [...seen.values()];
}

const isAny = (source: Source): readonly string[] =>
  // The rule is the one for our sources: the declarations are judged as if they were such.
  checkWords({ ...source, path: source.path.replace('dist/', 'src/') })
    .filter(({ message }) => /\bany\b/.test(message.split("'")[1] ?? ''))
    .map(({ path, line }) => `${path}:${line}`);

test('the package is built (npm run build)', () => {
  expect(existsSync(INDEX)).toBe(true);
});

test('no declaration that a user can reach contains any', () => {
  const declarations = reachableDeclarations();
  expect(declarations.length).toBeGreaterThan(3);
  expect(declarations.flatMap(isAny)).toEqual([]);
});

test('the check sees any where it is', () => {
  const text = 'export declare function f(a: any): string;\nexport type T = Map<string, any>;\n';
  expect(isAny(sourceOf('dist/sample.d.ts', text))).toEqual([
    'src/sample.d.ts:1',
    'src/sample.d.ts:2',
  ]);
  expect(isAny(sourceOf('dist/sample.d.ts', "export type L = 'any' | 'one';\n"))).toEqual([]);
});

test('declarations name no package that users do not install with ours', () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  const names = reachableDeclarations()
    .flatMap(importsOf)
    .map(({ specifier }) => specifier)
    .filter((specifier) => !/^(\.|node:)/.test(specifier))
    .filter((specifier) => !Object.keys(dependencies).some((name) => specifier.startsWith(name)));
  expect(names).toEqual([]);
});

const PROGRAM = `
import { type Client, CoterieError, connect, initCluster, startCluster, startNode } from 'coterie';
import manifest from 'coterie/package.json' with { type: 'json' };

export async function program(): Promise<string> {
  await using client: Client = await connect({ nodes: ['127.0.0.1:7400'] });
  const put = await client.put('key', new Uint8Array(1), { w: 2, timeoutMs: 500 });
  const signal: AbortSignal = AbortSignal.timeout(100);
  const get = await client.get('key', { consistency: 'quorum', signal });
  await client.delete('key', { context: put.context });
  // @ts-expect-error there is no such level
  await client.get('key', { consistency: 'most' });
  // @ts-expect-error a value is bytes or a string
  await client.put('key', 1);
  const bytes: Uint8Array | undefined = get.siblings[0]?.value;
  await using cluster = await startCluster({ nodes: 3 });
  const { clusterId, members } = await initCluster({ nodes: ['127.0.0.1:7400'], replicas: 1 });
  const names: readonly string[] = [...members, clusterId];
  // @ts-expect-error nodes are needed
  await initCluster({ replicas: 1 });
  await using node = await startNode({ node: { id: names[0] ?? 'a', engine: 'memory' } });
  node.onMemberEvent(({ kind, name }) => [kind, name]);
  return [manifest.version, bytes?.length, typeof cluster, typeof startNode].join();
}

export function isRetryable(error: unknown): boolean {
  return error instanceof CoterieError && error.applied === 'no' && error.retryable;
}
`;

test('a program in a strict nodenext project compiles against the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coterie-types-'));
  try {
    const modules = join(folder, 'node_modules');
    mkdirSync(modules);
    symlinkSync(ROOT, join(modules, 'coterie'), 'junction');
    symlinkSync(join(ROOT, 'node_modules', '@types'), join(modules, '@types'), 'junction');
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'es2023',
          lib: ['es2023', 'esnext.disposable'],
          types: ['node'],
          module: 'nodenext',
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          resolveJsonModule: true,
          noEmit: true,
        },
        files: ['program.ts'],
      }),
    );
    const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
    const { stdout } = spawnSync(tsc, ['-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
