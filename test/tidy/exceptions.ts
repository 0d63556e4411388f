/** Where a rule is knowingly not held, with the reason. The list only gets shorter: an entry that is no longer needed
 *  fails the test. */
import type { Finding } from './sources.ts';

export interface Exception {
  readonly rule: string;
  readonly path: string;
  /** Part of the finding's message, when the file may have this finding only. */
  readonly about?: string;
  readonly reason: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  { rule: 'header', path: 'src/core/limits.ts', reason: 'a page of constants' },
  { rule: 'header', path: 'src/core/checksum.ts', reason: 'one type' },
  { rule: 'examples', path: 'src/core/limits.ts', reason: 'constants; users of each test it' },
  { rule: 'laws', path: 'src/core/limits.ts', reason: 'constants' },
  { rule: 'examples', path: 'src/core/checksum.ts', reason: 'one type, nothing runs' },
  { rule: 'laws', path: 'src/core/checksum.ts', reason: 'one type, nothing runs' },
];

export interface Sifted {
  readonly left: readonly Finding[];
  /** Exceptions that nothing needs. */
  readonly stale: readonly Exception[];
}

/** Takes the findings of the rules `rules` that no exception covers. */
export function sift(
  findings: readonly Finding[],
  rules: readonly string[],
  exceptions: readonly Exception[] = EXCEPTIONS,
): Sifted {
  const covers = (exception: Exception, finding: Finding): boolean =>
    exception.rule === finding.rule &&
    exception.path === finding.path &&
    finding.message.includes(exception.about ?? '');
  return {
    left: findings.filter((finding) => !exceptions.some((exception) => covers(exception, finding))),
    stale: exceptions.filter(
      (exception) =>
        rules.includes(exception.rule) && !findings.some((finding) => covers(exception, finding)),
    ),
  };
}
