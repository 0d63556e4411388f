/** The one vocabulary of errors. Behaviour hangs on `code` and its two facts, never on the message.
 *  Invariant: `applied` is 'no' only when no replica will ever show the write (docs/guarantees.md,
 *  G4). docs/errors.md is made from ERROR_CODES and a test compares both. */

export type ErrorFamily = 'usage' | 'availability' | 'state' | 'storage' | 'protocol' | 'bug';

export interface ErrorSpec {
  readonly family: ErrorFamily;
  /** May the same request (with the same request id) be sent again as it is. */
  readonly retryable: boolean;
  /** Can an error of this code mean that the write was applied somewhere. */
  readonly applied: 'no' | 'unknown';
  readonly meaning: string;
}

export const ERROR_CODES = {
  INVALID_ARGUMENT: {
    family: 'usage',
    retryable: false,
    applied: 'no',
    meaning: 'An argument is missing, malformed or contradicts another',
  },
  KEY_TOO_LARGE: {
    family: 'usage',
    retryable: false,
    applied: 'no',
    meaning: 'The key is longer than the limit',
  },
  VALUE_TOO_LARGE: {
    family: 'usage',
    retryable: false,
    applied: 'no',
    meaning: 'The value is longer than the limit',
  },
  INVALID_CONTEXT: {
    family: 'usage',
    retryable: false,
    applied: 'no',
    meaning: 'The causal context is damaged, of another key, or ahead of every clock',
  },
  INVALID_CONFIG: {
    family: 'usage',
    retryable: false,
    applied: 'no',
    meaning: 'The configuration is not usable',
  },
  NO_REPLICA: {
    family: 'availability',
    retryable: true,
    applied: 'no',
    meaning: 'Too few replicas are reachable for the level; nothing was sent',
  },
  QUORUM_NOT_MET: {
    family: 'availability',
    retryable: true,
    applied: 'unknown',
    meaning: 'Too few replicas answered as the level requires',
  },
  DEADLINE_EXCEEDED: {
    family: 'availability',
    retryable: true,
    applied: 'unknown',
    meaning: 'The time budget ran out before the level was met',
  },
  OVERLOADED: {
    family: 'availability',
    retryable: true,
    applied: 'no',
    meaning: 'A named bound on work in flight is reached; nothing was done',
  },
  UNREACHABLE: {
    family: 'availability',
    retryable: true,
    applied: 'unknown',
    meaning: 'The connection to the node could not be made or broke before the reply',
  },
  ABORTED: {
    family: 'availability',
    retryable: true,
    applied: 'unknown',
    meaning: 'The caller gave the request up',
  },
  NOT_INITIALISED: {
    family: 'state',
    retryable: true,
    applied: 'no',
    meaning:
      'The node belongs to no cluster yet: `coterie status` says why, and whether to run ' +
      '`coterie cluster init`',
  },
  NOT_RECOVERED: {
    family: 'state',
    retryable: true,
    applied: 'no',
    meaning:
      'The node lost part of its data and does not serve until it is rebuilt, or has just ' +
      'started and has not heard from its peers yet',
  },
  NOT_RUNNING: {
    family: 'state',
    retryable: true,
    applied: 'no',
    meaning: 'The node, client or store is not started, is stopping or is closed',
  },
  STALE_LAYOUT: {
    family: 'state',
    retryable: true,
    applied: 'no',
    meaning: 'The sender works with another layout version than the replica',
  },
  NOT_OWNER: {
    family: 'state',
    retryable: true,
    applied: 'no',
    meaning: 'The node owns no replica of this key',
  },
  SIBLING_LIMIT: {
    family: 'state',
    retryable: false,
    applied: 'no',
    meaning: 'The key has too many siblings: read, merge, and put with the context',
  },
  CLOCK_SKEW: {
    family: 'state',
    retryable: false,
    applied: 'no',
    meaning: 'The clock of the node is too far from what the request requires',
  },
  CONFLICT: {
    family: 'state',
    retryable: false,
    applied: 'no',
    meaning: 'The state is not the one the request requires',
  },
  SIBLINGS: {
    family: 'state',
    retryable: false,
    applied: 'no',
    meaning: 'The key has several siblings and the caller asked for one value',
  },
  CORRUPT_RECORD: {
    family: 'storage',
    retryable: true,
    applied: 'no',
    meaning: 'A stored record does not pass its checksum; it is never served',
  },
  DISK_FULL: {
    family: 'storage',
    retryable: true,
    applied: 'no',
    meaning: 'The disk is above its watermark; the write was refused before anything was done',
  },
  STORAGE_IO: {
    family: 'storage',
    retryable: false,
    applied: 'unknown',
    meaning: 'The storage engine failed; the node stops acknowledging',
  },
  MALFORMED_MESSAGE: {
    family: 'protocol',
    retryable: false,
    applied: 'no',
    meaning: 'A message or stored row could not be decoded',
  },
  VERSION_UNSUPPORTED: {
    family: 'protocol',
    retryable: false,
    applied: 'no',
    meaning: 'A protocol or format version is newer (or older) than this software takes',
  },
  CLUSTER_MISMATCH: {
    family: 'protocol',
    retryable: false,
    applied: 'no',
    meaning: 'The two sides belong to different clusters or partitionings',
  },
  ASSERTION_FAILED: {
    family: 'bug',
    retryable: false,
    applied: 'unknown',
    meaning: 'A bug in Coterie: please report it with the log',
  },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERROR_CODES;
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface ErrorOptions {
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
  /** Overrides the code's own answer: a coordinator knows more about its request than the code
   *  does. */
  readonly applied?: 'no' | 'unknown';
  readonly retryable?: boolean;
}

export class CoterieError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** 'no': no replica will ever show this write. 'unknown': one may, now or later. */
  readonly applied: 'no' | 'unknown';
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CoterieError';
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.applied = options.applied ?? ERROR_CODES[code].applied;
    this.details = options.details ?? {};
  }
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

/** How long a refusal asks its reader to wait; undefined: it does not say. */
export function retryAfterMsOf({ details }: CoterieError): number | undefined {
  const value = details['retryAfterMs'];
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

/** Programmer errors only: data from outside is checked with errors of its own. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new CoterieError('ASSERTION_FAILED', message);
}
