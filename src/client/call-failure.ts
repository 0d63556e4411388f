/** The error a request ends with, told from all its attempts.
 *  Invariant: an attempt with an unknown outcome is never hidden by a later definite refusal
 * . */
import { CoterieError } from '../core/errors.ts';

/** How one attempt failed. */
export interface AttemptNote {
  /** Address. */
  readonly node: string;
  readonly error: CoterieError;
  readonly applied: 'no' | 'unknown';
  readonly wasSent: boolean;
}

export interface CallFailure {
  /** What ended the request. */
  readonly error: CoterieError;
  /** The latest attempt whose outcome is unknown. */
  readonly unknown: CoterieError | undefined;
  readonly notes: readonly AttemptNote[];
  readonly isWrite: boolean;
  readonly requestId: string | undefined;
}

export function describeFailure(failure: CallFailure): CoterieError {
  const { error, unknown, notes, isWrite, requestId } = failure;
  const last = notes.at(-1);
  // An error of this side (deadline, abort) has judged all attempts already.
  const isOfAttempt = last?.error === error;
  const appliedLast = isOfAttempt ? last.applied : error.applied;
  const isHidden = unknown !== undefined && appliedLast === 'no' && unknown !== error;
  const base = isHidden ? unknown : error;
  const applied =
    isWrite && (unknown !== undefined || appliedLast === 'unknown') ? 'unknown' : 'no';
  const node = isHidden ? notes.find((note) => note.error === unknown)?.node : last?.node;
  const attempts = notes.map(({ node: address, error: { code }, applied: fate, wasSent }) => {
    return { node: address, code, applied: fate, wasSent };
  });
  const cause = isHidden ? error : base.cause;
  return new CoterieError(base.code, messageOf(base, isHidden ? error : undefined, notes), {
    applied,
    retryable: base.retryable,
    details: {
      ...(node === undefined ? {} : { node }),
      ...base.details,
      ...(requestId === undefined ? {} : { requestId }),
      ...(attempts.length > 1 ? { attempts } : {}),
    },
    ...(cause === undefined ? {} : { cause }),
  });
}

function messageOf(
  base: CoterieError,
  later: CoterieError | undefined,
  notes: readonly AttemptNote[],
): string {
  if (later !== undefined) return `${base.message}; the retry was refused: ${later.message}`;
  const isNobodyThere = notes.length > 1 && notes.every((note) => !note.wasSent);
  if (!isNobodyThere || base.code !== 'UNREACHABLE') return base.message;
  return `No node can be reached: ${notes.map(({ error }) => error.message).join('; ')}`;
}
