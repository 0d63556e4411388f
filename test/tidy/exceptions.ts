/** Where a rule is knowingly not held, with the reason. The list only gets shorter: an entry that
 *  is no longer needed fails the test. */
import type { Finding } from './sources.ts';

export interface Exception {
  readonly rule: string;
  readonly path: string;
  /** Part of the finding's message, when the file may have this finding only. */
  readonly about?: string;
  readonly reason: string;
}

const GRPC_TIME =
  'gRPC runs on the time of the machine, its deadlines are wall-clock times; the adapter is ' +
  'replaced as a whole';
const NO_ZLIB =
  'the checksum where there is no zlib (simulator, browser); held to the native one by tests';
const IN_PROCESS = 'the network of tests that run several nodes on a virtual clock';

const REALITY = 'shows that the simulation refuses it';

export const EXCEPTIONS: readonly Exception[] = [
  { rule: 'header', path: 'src/core/limits.ts', reason: 'a page of constants' },
  { rule: 'examples', path: 'src/core/limits.ts', reason: 'constants; users of each test it' },
  { rule: 'laws', path: 'src/core/limits.ts', reason: 'constants' },
  { rule: 'examples', path: 'src/core/checksum.ts', reason: 'one type, nothing runs' },
  { rule: 'laws', path: 'src/core/checksum.ts', reason: 'one type, nothing runs' },
  { rule: 'orphans', path: 'src/platform/system/crc32-table.ts', reason: NO_ZLIB },
  { rule: 'orphans', path: 'src/page/draw.ts', reason: 'read as text, and put into a page' },
  { rule: 'orphans', path: 'src/platform/memory/memory-transport.ts', reason: IN_PROCESS },
  {
    rule: 'words',
    path: 'src/platform/grpc/call-stream.ts',
    about: 'setTimeout',
    reason: GRPC_TIME,
  },
  {
    rule: 'words',
    path: 'src/platform/grpc/dial-stream.ts',
    about: 'setTimeout',
    reason: GRPC_TIME,
  },
  { rule: 'words', path: 'src/platform/grpc/open-channel.ts', about: 'Clock', reason: GRPC_TIME },
  {
    rule: 'words',
    path: 'src/platform/grpc/unary-client.ts',
    about: 'Date.now',
    reason: GRPC_TIME,
  },
  {
    rule: 'words',
    path: 'src/platform/grpc/unary-handler.ts',
    about: 'Date.now',
    reason: GRPC_TIME,
  },
  {
    rule: 'words',
    path: 'test/sim/kernel/kernel.test.ts',
    about: 'Math.random',
    reason: REALITY,
  },
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
