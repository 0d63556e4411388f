/** A retry: may an earlier try of this request have been applied, and does this node know of it?
 *  The node that minted the first try answers by its own table and the siblings of its record. Any
 *  other first brings what a majority knows of the key here, so that the sibling of the first try,
 *  if there is one, is found and not made again.
 *  Invariants: before the mint of a retry a failure is `unknown`, because the first try may have
 *  been applied; a write that needs no majority is not refused for want of one (two siblings of one
 *  request are shown as one).
 *  Not here: the mint that finds the sibling (core/version/mint.ts).
 *  Source: docs/ARCHITECTURE.md 5.22. */

import { bytesEqual } from '../../core/bytes.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import { majority } from '../../core/quorum/level.ts';
import type { LocalReplica, Merged } from '../contracts.ts';
import type { Plan } from './plan.ts';
import { promised } from './promised.ts';
import type { ReadOutcome } from './read.ts';

export interface FirstTryParts {
  readonly replica: LocalReplica;
  /** Reads the key at a majority. */
  readonly readMajority: (plan: Plan) => Promise<ReadOutcome>;
  readonly deadlines: Pick<Deadlines, 'nowMs'>;
}

/** True when this node has minted the request before, as far as it knows. */
export function isKnownHere(
  replica: LocalReplica,
  plan: Plan,
  requestId: Uint8Array,
): Promise<boolean> {
  const { key, partition, epochs, deadlineMs } = plan;
  return replica.recalls({ key, partition, epochs, deadlineMs }, requestId);
}

/** Brings the first try here if a majority knows of it. */
export async function learnFirstTry(
  parts: FirstTryParts,
  plan: Plan,
  requestId: Uint8Array,
): Promise<void> {
  try {
    if (await isKnownHere(parts.replica, plan, requestId)) return;
    const outcome = await parts.readMajority(withTimeToWrite(plan, parts.deadlines.nowMs()));
    if (outcome.bytes === undefined || outcome.holders.includes(plan.place.nodeIndex)) return;
    const { key, partition, epochs, deadlineMs } = plan;
    const record = outcome.bytes;
    await promised<Merged>((done) => {
      parts.replica.merge({ key, partition, epochs, deadlineMs }, record, false, done);
    });
  } catch (error) {
    if (!needsMajority(plan) && isAvailability(error)) return;
    throw asUnknown(error);
  }
}

/** Does the record hold the tombstone that an earlier try of this delete left. */
export function isDeletedBy(outcome: ReadOutcome, requestId: Uint8Array | undefined): boolean {
  if (requestId === undefined || outcome.record === undefined) return false;
  return outcome.record.siblings.some(
    (sibling) =>
      sibling.isTombstone &&
      sibling.requestId !== undefined &&
      bytesEqual(sibling.requestId, requestId),
  );
}

/** Silent replicas must not use up the time of a write that can do without them. */
function withTimeToWrite(plan: Plan, nowMs: number): Plan {
  if (needsMajority(plan)) return plan;
  return { ...plan, deadlineMs: nowMs + (plan.deadlineMs - nowMs) / 2 };
}

function needsMajority(plan: Plan): boolean {
  return plan.requirement.groups.some(({ members, need }) => need >= majority(members.length));
}

const AVAILABILITY: ReadonlySet<string> = new Set([
  'NO_REPLICA',
  'QUORUM_NOT_MET',
  'DEADLINE_EXCEEDED',
]);

function isAvailability(error: unknown): boolean {
  return error instanceof CoterieError && AVAILABILITY.has(error.code);
}

/** What comes before the mint of a retry: if it fails, the first try may have been applied. */
export async function beforeMint<T>(isRetry: boolean, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isRetry ? asUnknown(error) : error;
  }
}

function asUnknown(error: unknown): unknown {
  if (!(error instanceof CoterieError) || error.applied === 'unknown') return error;
  const { code, message, details, retryable } = error;
  return new CoterieError(code, `${message} (an earlier try may have been applied)`, {
    cause: error,
    details,
    retryable,
    applied: 'unknown',
  });
}
