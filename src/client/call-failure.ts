/** The error a request ends with, told from all its attempts.
 *  Invariants: an attempt with an unknown outcome is never hidden by a later definite refusal; a
 *  write under the id of an earlier one is not said to be not applied, because that one may be,
 *  unless it was wrong in itself. */
import { CoterieError, ERROR_CODES } from '../core/errors.ts';

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
  /** It repeats an earlier request, as far as the caller's id says. */
  readonly isRepeat: boolean;
  readonly requestId: string | undefined;
}

export function describeFailure(failure: CallFailure): CoterieError {
  const { error, unknown, notes, isWrite, isRepeat, requestId } = failure;
  const last = notes.at(-1);
  // An error of this side (deadline, abort) has judged all attempts already.
  const isOfAttempt = last?.error === error;
  const appliedLast = isOfAttempt ? last.applied : error.applied;
  const isHidden = unknown !== undefined && appliedLast === 'no' && unknown !== error;
  const base = isHidden ? unknown : error;
  const mayBeEarlier = isRepeat && ERROR_CODES[error.code].family !== 'usage';
  const isUnknown = unknown !== undefined || appliedLast === 'unknown' || mayBeEarlier;
  const applied = isWrite && isUnknown ? 'unknown' : 'no';
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
