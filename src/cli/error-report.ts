/** A failure as people and programs see it: one sentence with what to do next, or one JSON object;
 *  and the exit code. Never a stack trace, except for a bug, which gets one structured dump. */
import { CommanderError } from 'commander';
import { bytesToHex } from '../core/bytes.ts';
import { CoterieError, ERROR_CODES, type ErrorCode, type ErrorFamily } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';

const EXIT_CODES: Readonly<Record<ErrorFamily, number>> = {
  usage: 2,
  availability: 3,
  state: 4,
  storage: 5,
  protocol: 6,
  bug: 70,
};

export const EXIT_KEY_NOT_FOUND = 1;

export function exitCodeOf({ code }: { readonly code: ErrorCode }): number {
  return EXIT_CODES[ERROR_CODES[code].family];
}

/** What is not ours is either something the system refused, which has a sentence of its own, or a
 *  bug. */
export function toCoterieError(error: unknown): CoterieError {
  if (error instanceof CoterieError) return error;
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    return new CoterieError('INVALID_ARGUMENT', message.replace(/\.$/, ''), { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CoterieError('ASSERTION_FAILED', `Unexpected failure: ${message}`, { cause: error });
}

/** The one place where a failure is shown. `command`: the advice depends on it. */
export async function reportError(
  error: CoterieError,
  terminal: Pick<Terminal, 'writeError' | 'errorColors'>,
  isJson: boolean,
  command = '',
): Promise<void> {
  if (isJson || isBug(error)) return terminal.writeError(errorJson(error));
  const { code } = error;
  await terminal.writeError(
    errorText(error, command).replace(code, terminal.errorColors.red(code)),
  );
}

/** The line for stderr with `--json`. */
export function errorJson(error: CoterieError): string {
  const { code, message, retryable, applied, details } = error;
  const dump = isBug(error) ? { stack: stacksOf(error) } : {};
  return `${stringify({ error: { code, message, retryable, applied, details, ...dump } })}\n`;
}

/** The line for stderr without it. */
export function errorText(error: CoterieError, command = ''): string {
  const sentences = [error.message, nextStep(error, command), doubt(error)];
  const text = sentences.filter((sentence) => sentence !== undefined).join('. ');
  return `${error.code}: ${text}.\n`;
}

const NEXT_STEPS: Partial<Record<ErrorCode, string>> = {
  QUORUM_NOT_MET:
    'See `coterie status` and `coterie status --repair` for what is wrong with the others',
  DEADLINE_EXCEEDED: 'Give it longer with --timeout, or see `coterie status` for what is slow',
  OVERLOADED: 'Try again in a moment',
  UNREACHABLE: 'Is the node running? Name others with --node HOST:PORT or COTERIE_NODES',
  NOT_RECOVERED: 'Ask another node with --node HOST:PORT',
  SIBLING_LIMIT: 'Read the key, merge its values, and put the result with --context',
  SIBLINGS: 'Take one with --sibling I, or read the key without --raw to see all',
  INVALID_CONTEXT: 'Read the key again and give the context of that reply',
  CORRUPT_RECORD: 'Another replica may still have it: ask again',
  DISK_FULL: 'Free space on the disk of the node, or give it a larger one',
  STORAGE_IO: 'Look at the log of the node and at its disk, then start it again',
};

const BEFORE_DELETE =
  'Start the nodes that are missing (see `coterie status`), or take a weaker --consistency ' +
  'together with --blind or with the --context of an earlier read';

/** What serve.ts does with it. */
const STARTS_ANEW = 'It starts again by itself now';

const START_MISSING = 'Start the nodes that are missing (see `coterie status`)';

/** What helps beside starting nodes: fewer replicas, other members in their place, or none. */
function withoutReplicas({ details }: CoterieError, command: string): string {
  const { level, required, reachable, others, sloppy } = details;
  const isWrite = command === 'put' || command === 'delete';
  if (reachable === 0) {
    const isAny = !isWrite || level === 'any';
    return isAny ? START_MISSING : `${START_MISSING}, or take --consistency any, which needs none`;
  }
  const weaker = `${START_MISSING}, or take a weaker --consistency`;
  const canStandIn =
    isWrite &&
    sloppy !== true &&
    STOOD_IN_FOR.test(String(level)) &&
    Number(reachable) + Number(others) >= Number(required);
  return canStandIn ? `${weaker}, or --sloppy, and other members stand in` : weaker;
}

/** Levels that --sloppy goes with (core/quorum/level.ts). */
const STOOD_IN_FOR = /^(one|two|three|quorum|w=\d+)$/;

const BENCH_NODES =
  'Is the node running? Name those of the cluster with --nodes HOST:PORT,HOST:PORT';

function nextStep(error: CoterieError, command: string): string | undefined {
  // A folder that cannot be opened says itself what to do, and no node has a log of it.
  if (error.details['operation'] === 'open') return undefined;
  if (error.details['startsAnew'] === true) return STARTS_ANEW;
  if (error.code === 'UNREACHABLE' && command === 'bench') return BENCH_NODES;
  if (error.code === 'NO_REPLICA' && error.details['readsFirst'] === true) return BEFORE_DELETE;
  if (error.code === 'NO_REPLICA') return withoutReplicas(error, command);
  return NEXT_STEPS[error.code];
}

/** Only failed writes carry their request id. */
function doubt(error: CoterieError): string | undefined {
  const { requestId } = error.details;
  if (error.applied !== 'unknown' || typeof requestId !== 'string') return undefined;
  return `The write may have been applied; repeat it safely with --request-id ${requestId}`;
}

function isBug(error: CoterieError): boolean {
  return ERROR_CODES[error.code].family === 'bug';
}

const CAUSES_MAX = 8;

function stacksOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error && stacks.length < CAUSES_MAX; at = at.cause) {
    stacks.push(at.stack ?? at.message);
  }
  return stacks;
}

function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member instanceof Uint8Array) return bytesToHex(member);
    return typeof member === 'bigint' ? member.toString() : member;
  });
}
