/** The files that the tidy rules look at, read once. Paths are relative to the repository, with
 *  forward slashes. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { blank } from './blank.ts';

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** The text with the contents of comments and strings blanked: what is left is code. */
  readonly code: string;
}

/** One place where a rule does not hold. */
export interface Finding {
  readonly rule: string;
  readonly path: string;
  /** Counted from 1; 0 = the file as a whole. */
  readonly line: number;
  /** What is wrong and what to do instead. */
  readonly message: string;
}

export const ROOT: string = join(import.meta.dirname, '..', '..');
export const GENERATED = 'src/wire/generated/';

/** Besides what is not ours: stored scenarios (test/sim/traces), which nobody reads line by line.
 */
const SKIPPED = new Set(['node_modules', 'dist', '.git', 'coverage', 'coterie-data', 'traces']);
const CODE = /\.(ts|js|mjs|cjs)$|^bin\/\w+$/;

export function sourceOf(path: string, text: string): Source {
  const code = CODE.test(path) ? blank(text, 'comments and strings') : text;
  return { path, text, lines: text.split('\n'), code };
}

/** Every text file of the repository. */
export function readRepository(root: string = ROOT): readonly Source[] {
  const sources: Source[] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      if (SKIPPED.has(name)) continue;
      const path = join(folder, name);
      if (statSync(path).isDirectory()) {
        visit(path);
        continue;
      }
      const bytes = readFileSync(path);
      if (bytes.includes(0)) continue;
      sources.push(sourceOf(relative(root, path).split(sep).join('/'), bytes.toString('utf8')));
    }
  };
  visit(root);
  return sources;
}

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

export function formatFinding(finding: Finding): string {
  const place = finding.line > 0 ? `${finding.path}:${finding.line}` : finding.path;
  return `${place} [${finding.rule}] ${finding.message}`;
}
