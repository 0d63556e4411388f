/** Rules about one file at a time: size, width, header, names, and words with their replacement. */
import { type Finding, GENERATED, lineAt, type Source } from './sources.ts';

export const FILE_LINES_MAX = 400;
export const LINE_COLUMNS_MAX = 100;
export const HEADER_LINES_MIN = 3;

interface BannedWord {
  readonly pattern: RegExp;
  /** Where it is banned. */
  readonly within: RegExp;
  /** Where it is allowed all the same, because it lives there. */
  readonly except?: RegExp;
  /** Look into comments and strings too. */
  readonly everywhere?: boolean;
  readonly say: string;
}

const PURE = /^src\/(core|env|wire|node|client|sim)\//;
const SRC = /^src\//;
const CODE = /^(src|test|bin)\//;
const TEXT = /^(src|test|bin|docs|proto|config)\/|^[^/]+\.md$/;
const PATTERNS = /^test\/tidy\//;
const SYSTEM = /^src\/platform\/system/;

export const BANNED_WORDS: readonly BannedWord[] = [
  {
    pattern: /\bFIXME\b|\bXXX\b|\bHACK\b/g,
    within: TEXT,
    except: PATTERNS,
    everywhere: true,
    say: 'fix it, or write TODO(#issue)',
  },
  {
    pattern: /\bTODO\b(?!\(#\d+\))/g,
    within: TEXT,
    except: PATTERNS,
    everywhere: true,
    say: 'write TODO(#issue): who finds it must know where it is tracked',
  },
  {
    pattern: /\bRULINGS?\b|\bPROTOCOLS\b|\bSTYLE\.md\b|\bPRACTICE\b|\bTESTING\.md\b/g,
    within: TEXT,
    except: PATTERNS,
    everywhere: true,
    say: 'name a page of docs/ or the paper: a reader of this repository has no other',
  },
  {
    pattern: /\bas any\b|[:<,|&]\s*any\b(?=\s*[>,;)=|&[\]}]|\s*$)/gm,
    within: CODE,
    say: 'name the type, or take unknown and check it',
  },
  {
    pattern: /\bas unknown as\b/g,
    within: SRC,
    say: 'validate, and let the check narrow the type',
  },
  {
    pattern: /@ts-(ignore|nocheck|expect-error)\b/g,
    within: SRC,
    everywhere: true,
    say: 'make the types true',
  },
  { pattern: /\bMath\.random\b/g, within: CODE, except: SYSTEM, say: 'use the Random port' },
  {
    pattern: /\bMath\.(pow|exp|log|log2|log10|sin|cos|tan|cbrt|expm1|log1p|sinh|cosh|tanh)\b/g,
    within: /^src\/(core|sim)\//,
    say: 'engines differ in the last bit: stay with integers and + - * / sqrt',
  },
  {
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b/g,
    within: SRC,
    except: SYSTEM,
    say: 'use the Clock port',
  },
  {
    pattern: /\bset(Timeout|Interval|Immediate)\b/g,
    within: SRC,
    except: SYSTEM,
    say: 'use Clock.setTimer or Clock.defer',
  },
  {
    pattern: /\bprocess\.env\b/g,
    within: SRC,
    except: /^src\/(config\/load\.ts|cli\/)/,
    say: 'settings come from src/config/load.ts',
  },
  {
    pattern: /\bconsole\./g,
    within: SRC,
    except: /^src\/cli\//,
    say: 'use the Log port; what users see is printed by src/cli',
  },
  { pattern: /\benum\s+\w+\s*\{/g, within: CODE, say: 'use a union of strings' },
  {
    pattern: /\b(BigInt64Array|BigUint64Array|SharedArrayBuffer|Atomics)\b/g,
    within: PURE,
    say: 'nothing here shares memory; 64-bit numbers are bigint at the wire only',
  },
  {
    pattern: /\bvi\.(mock|doMock|spyOn|stubGlobal)\b/g,
    within: /^test\//,
    say: 'hand in a fake through the constructor, and assert what comes out',
  },
  {
    pattern: /\bMath\.random\b|node:timers\/promises|\bsleep\(/g,
    within: /^test\//,
    except: PATTERNS,
    everywhere: true,
    say: 'wait for a condition (test/support/wait-until.ts) or move a virtual clock',
  },
];

/** A test's title is a whole sentence, and the formatter keeps it on one line. */
const TEST_TITLE = /^\s*(test|it|describe)(\.\w+)*\(/;

export function checkFile(source: Source): readonly Finding[] {
  if (source.path.startsWith(GENERATED)) return [];
  return [
    ...checkSize(source),
    ...checkHeader(source),
    ...checkName(source),
    ...checkWords(source),
    ...checkMachine(source),
  ];
}

export function checkSize({ path, lines }: Source): readonly Finding[] {
  if (!CODE.test(path)) return [];
  const findings: Finding[] = [];
  const count = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  if (count > FILE_LINES_MAX) {
    const message = `has ${count} lines of ${FILE_LINES_MAX} allowed: split it by noun`;
    findings.push({ rule: 'length', path, line: 0, message });
  }
  for (const [index, line] of lines.entries()) {
    const columns = [...line].length;
    if (columns <= LINE_COLUMNS_MAX || TEST_TITLE.test(line)) continue;
    const message = `${columns} columns of ${LINE_COLUMNS_MAX} allowed: break the line`;
    findings.push({ rule: 'columns', path, line: index + 1, message });
  }
  return findings;
}

/** Files that hold decisions open with what they answer, what always holds, what they are not and
 *  where it is from. */
export function checkHeader({ path, text }: Source): readonly Finding[] {
  if (!/^src\/(core|node|sim)\/.*\.ts$/.test(path) || path.endsWith('.d.ts')) return [];
  const comment = /^\/\*\*[\s\S]*?\*\/|^(?:\/\/.*\n)+/.exec(text)?.[0].trimEnd();
  const count = comment?.split('\n').length ?? 0;
  if (count >= HEADER_LINES_MIN) return [];
  const message =
    `opens with a header of ${count} lines, ${HEADER_LINES_MIN} at least: ` +
    'the question it answers, its invariants, what it is not, its source';
  return [{ rule: 'header', path, line: 1, message }];
}

export function checkName({ path }: Source): readonly Finding[] {
  if (!CODE.test(path)) return [];
  const bad = /(^|[/-])(utils?|helpers?|common|misc|shared|stuff)([-./]|$)/.exec(path);
  const findings: Finding[] = [];
  if (bad !== null) {
    const message = `is called '${bad[2]}': name the noun it is about (bytes.ts, deadline.ts)`;
    findings.push({ rule: 'names', path, line: 0, message });
  }
  if (!/^[a-z0-9/.-]+$/.test(path)) {
    findings.push({ rule: 'names', path, line: 0, message: 'is not kebab-case' });
  }
  return findings;
}

export function checkWords(source: Source): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { pattern, within, except, everywhere, say } of BANNED_WORDS) {
    if (!within.test(source.path) || except?.test(source.path)) continue;
    const text = everywhere === true ? source.text : source.code;
    for (const match of text.matchAll(pattern)) {
      const message = `'${match[0].trim()}': ${say}`;
      findings.push({ rule: 'words', path: source.path, line: lineAt(text, match.index), message });
    }
  }
  return findings;
}

const MACHINE_PATH = /(?<![\w.~@$-])\/(?:home|root|Users|work)\/\w+|\b[A-Z]:\\Users\b/g;
const REGISTRY = /\bregistry\.[a-z0-9.-]+\.[a-z]{2,}|"resolved":|\bnpm\.pkg\.\w+/g;

/** Nothing in the repository knows the machine or the package source it was written with. */
export function checkMachine({ path, text }: Source): readonly Finding[] {
  if (PATTERNS.test(path)) return [];
  const findings: Finding[] = [];
  for (const [pattern, say] of [
    [MACHINE_PATH, 'an absolute path of one machine: make it relative, or use os.tmpdir()'],
    [REGISTRY, 'names a package registry: the one who installs chooses it'],
  ] as const) {
    for (const match of text.matchAll(pattern)) {
      const line = lineAt(text, match.index);
      findings.push({ rule: 'machine', path, line, message: `'${match[0]}': ${say}` });
    }
  }
  return findings;
}
