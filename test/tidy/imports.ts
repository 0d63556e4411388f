/** Who imports whom, by a scan of the text: static, side-effect and dynamic imports, re-exports and
 *  `import('x')` types. A cycle of types counts like any other. */
import { posix } from 'node:path';
import { type Finding, lineAt, type Source } from './sources.ts';

export interface Import {
  readonly from: string;
  readonly line: number;
  readonly specifier: string;
  /** Path in the repository of what a relative specifier names; absent for packages. */
  readonly target?: string;
  /** `import type`, which leaves nothing at run time. */
  readonly isType: boolean;
}

const STATIC = /\b(?:import|export)\b(?<clause>[^'"`;]*?)\bfrom\s*(['"])(?<name>[^'"]*)\2/dg;
const SIDE_EFFECT = /\bimport\s*(['"])(?<name>[^'"]*)\1/dg;
const CALL = /\b(?:import|require|require\.resolve)\s*\(\s*(['"])(?<name>[^'"]*)\1\s*[,)]/dg;
const COMPUTED = /\bimport\s*\(\s*[^'"\s)]/g;

export function importsOf(source: Source): readonly Import[] {
  const imports: Import[] = [];
  for (const pattern of [STATIC, SIDE_EFFECT, CALL]) {
    for (const match of source.code.matchAll(pattern)) {
      const [start, end] = match.indices?.groups?.['name'] ?? [0, 0];
      const specifier = source.text.slice(start, end);
      const isRelative = specifier.startsWith('.');
      imports.push({
        from: source.path,
        line: lineAt(source.text, match.index),
        specifier,
        isType: /^\s*type\b(?!\s*,|\s+from\b)/.test(match.groups?.['clause'] ?? ''),
        ...(isRelative ? { target: targetOf(source.path, specifier) } : {}),
      });
    }
  }
  return imports.sort((a, b) => a.line - b.line);
}

function targetOf(path: string, specifier: string): string {
  const target = posix.join(posix.dirname(path), specifier);
  return target.replace(/^dist\/(.*)\.js$/, 'src/$1.ts');
}

/** `@scope/name/deep/path` -> `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Relative imports that name no file, and dynamic ones that no scan can follow. */
export function unresolvedImports(sources: readonly Source[]): readonly Finding[] {
  const paths = new Set(sources.map((source) => source.path));
  const findings: Finding[] = [];
  for (const source of sources) {
    for (const { target, line, specifier } of importsOf(source)) {
      if (target !== undefined && !paths.has(target)) {
        const message = `'${specifier}' names no file: write the path with its .ts suffix`;
        findings.push({ rule: 'imports', path: source.path, line, message });
      }
    }
    for (const match of source.code.matchAll(COMPUTED)) {
      const message = 'import() of a computed name: write the name out, so that it can be checked';
      const line = lineAt(source.text, match.index);
      findings.push({ rule: 'imports', path: source.path, line, message });
    }
  }
  return findings;
}

/** One finding per group of files that reach each other (a strongly connected component). */
export function importCycles(sources: readonly Source[]): readonly Finding[] {
  const targets = new Map<string, readonly string[]>();
  for (const source of sources) {
    targets.set(
      source.path,
      importsOf(source).flatMap(({ target }) => target ?? []),
    );
  }
  return stronglyConnected(targets).map((group) => ({
    rule: 'cycles',
    path: group[0] ?? '',
    line: 0,
    message:
      `is in an import cycle with ${group.slice(1).join(', ') || 'itself'}: move ` +
      'what both need down',
  }));
}

/** Tarjan 1972. Groups of one count only when the file imports itself. */
function stronglyConnected(targets: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const stack: string[] = [];
  const groups: string[][] = [];
  const visit = (path: string): number => {
    const index = order.size;
    let lowest = index;
    order.set(path, index);
    stack.push(path);
    for (const target of targets.get(path) ?? []) {
      if (!targets.has(target)) continue;
      if (!order.has(target)) lowest = Math.min(lowest, visit(target));
      else if (stack.includes(target)) lowest = Math.min(lowest, order.get(target) ?? lowest);
    }
    if (lowest === index) {
      const group = stack.splice(stack.indexOf(path));
      const isSelfImport = targets.get(path)?.includes(path) ?? false;
      if (group.length > 1 || isSelfImport) groups.push(group.sort());
    }
    return lowest;
  };
  for (const path of targets.keys()) if (!order.has(path)) visit(path);
  return groups;
}

/** Files of src that nothing in src or bin imports and that are no entry: dead, however well
 *  tested. */
export function orphans(
  sources: readonly Source[],
  entries: readonly string[],
): readonly Finding[] {
  const imported = new Set(entries);
  for (const source of sources) {
    for (const { target, from } of importsOf(source)) {
      if (target !== undefined && target !== from) imported.add(target);
    }
    for (const script of startedScripts(source)) imported.add(script);
  }
  return sources
    .filter(({ path }) => path.startsWith('src/') && path.endsWith('.ts'))
    .filter(({ path }) => !path.endsWith('.d.ts') && !imported.has(path))
    .map(({ path }) => ({
      rule: 'orphans',
      path,
      line: 0,
      message: 'is imported by nothing in src or bin: use it, make it an entry, or delete it',
    }));
}

/** Scripts beside a file that it starts in a process or thread of their own. */
function startedScripts({ path, text }: Source): readonly string[] {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const names = text.matchAll(/\bnew URL\('\.\/([\w-]+)\.js', import\.meta\.url\)/g);
  return [...names].map((match) => `${folder}${match[1]}.ts`);
}
