/** Links and file names in Markdown, without a parser: code is cut out first. */
import { posix } from 'node:path';

export interface World {
  /** Text of a file of the repository, or undefined. */
  read(path: string): string | undefined;
  /** Names in a folder of the repository; empty when there is no such folder. */
  entriesOf(folder: string): readonly string[];
}

export function linksOf(text: string): readonly string[] {
  const prose = withoutFences(text).replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
}

export function brokenLinks(page: string, text: string, world: World): readonly string[] {
  return linksOf(text).filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : posix.join(posix.dirname(page), path);
    const isThere = world.entriesOf(posix.dirname(target)).includes(posix.basename(target));
    if (!isThere || anchor === undefined) return !isThere;
    return !headingsOf(target === page ? text : (world.read(target) ?? '')).has(anchor);
  });
}

/** Anchors of a page's headings. */
export function headingsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6} +(.*)$/gm)) {
    const words = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '');
    const anchor = words.trim().replaceAll(/\s/g, '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Names like `src/core/errors.ts` between code marks; patterns with placeholders are left out. */
export function pathsInCode(text: string): readonly string[] {
  const names = [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  return names
    .filter((name) => /^(src|test|docs|proto|config|bin|\.ci)\/[\w./-]*$/.test(name))
    .map((name) => name.replace(/\/$/, ''));
}

/** Sections cited in comments: `ARCHITECTURE 5.4, 5.6`, also over the end of a line. */
export function citedSections(text: string): readonly string[] {
  const flat = text.replaceAll(/\s*\n\s*(?:\*|\/\/)?\s*/g, ' ');
  return [...flat.matchAll(/\bARCHITECTURE((?:(?:,| to| and)? \d+(?:\.\d+)?)+)/g)].flatMap(
    (match) => match[1]?.match(/\d+(?:\.\d+)?/g) ?? [],
  );
}

function withoutFences(text: string): string {
  return text.replaceAll(/^(```+|~~~+)[^\n]*\n[\s\S]*?^\1/gm, '');
}
