/** Each decision has a table of examples and a law: src/core/a/b.ts has test/core/a/b.test.ts and
 *  b.prop.test.ts. */
import type { Finding, Source } from './sources.ts';

export function missingTests(sources: readonly Source[]): readonly Finding[] {
  const paths = new Set(sources.map(({ path }) => path));
  const findings: Finding[] = [];
  for (const { path } of sources) {
    if (!path.startsWith('src/core/') || !path.endsWith('.ts') || path.endsWith('.d.ts')) continue;
    const stem = path.replace(/^src\//, 'test/').replace(/\.ts$/, '');
    for (const [kind, wanted] of [
      ['examples', `${stem}.test.ts`],
      ['laws', `${stem}.prop.test.ts`],
    ] as const) {
      if (paths.has(wanted)) continue;
      findings.push({ rule: kind, path, line: 0, message: `has no ${wanted}` });
    }
  }
  return findings;
}

/** Tests of core that test nothing any more: their module was renamed or is gone. */
export function strayTests(sources: readonly Source[]): readonly Finding[] {
  const paths = new Set(sources.map(({ path }) => path));
  const findings: Finding[] = [];
  for (const { path } of sources) {
    if (!/^test\/core\/.*\.test\.ts$/.test(path)) continue;
    const wanted = path.replace(/^test\//, 'src/').replace(/(\.prop)?\.test\.ts$/, '.ts');
    if (paths.has(wanted)) continue;
    findings.push({
      rule: 'stray',
      path,
      line: 0,
      message: `mirrors ${wanted}, which is not there`,
    });
  }
  return findings;
}
