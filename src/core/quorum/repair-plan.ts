/** What the answers to a read come to, and who must be written to before (or after) the client gets
 *  it.
 *  Invariants: the result is the merge of every answer counted; a replica is a holder only if its
 *  record equals the result; reading equal replicas plans nothing.
 *  Not here: sending the repairs (node/coordinator/read.ts).
 *  Source: ARCHITECTURE 4, 5.25. */
import { bytesEqual } from '../bytes.ts';
import type { Dot } from '../version/dot.ts';
import type { VersionedRecord } from '../version/record.ts';
import { mergeRecords } from '../version/record.ts';
import type { ReplicaGroup, Requirement } from './level.ts';
import { majority } from './level.ts';
import type { ReadAnswer } from './read-tally.ts';

export interface RecordBytes {
  decode(bytes: Uint8Array): VersionedRecord;
  encode(record: VersionedRecord): Uint8Array;
}

export interface MergedAnswers {
  /** `undefined`: no replica asked has a record. */
  readonly record: VersionedRecord | undefined;
  readonly bytes: Uint8Array | undefined;
  /** Replicas that hold exactly this. */
  readonly holders: readonly number[];
  /** Replicas that answered with less. */
  readonly stale: readonly number[];
  /** Equal dots with different content: a cloned disk or a fault. */
  readonly collisions: readonly Dot[];
}

export function mergeAnswers(answers: readonly ReadAnswer[], codec: RecordBytes): MergedAnswers {
  let record: VersionedRecord | undefined;
  let bytes: Uint8Array | undefined;
  const collisions: Dot[] = [];
  for (const answer of answers) {
    if (answer.bytes === undefined) continue;
    if (bytes !== undefined && bytesEqual(bytes, answer.bytes)) continue;
    const other = codec.decode(answer.bytes);
    if (record === undefined) {
      record = other;
      bytes = answer.bytes;
      continue;
    }
    const merged = mergeRecords(record, other);
    collisions.push(...merged.collisions);
    record = merged.record;
    if (merged.relation === 'right') bytes = answer.bytes;
    else if (merged.relation === 'merged') bytes = codec.encode(merged.record);
  }
  const holders: number[] = [];
  const stale: number[] = [];
  for (const answer of answers) {
    const isHolder = isSame(bytes, answer.bytes);
    (isHolder ? holders : stale).push(answer.nodeIndex);
  }
  return { record, bytes, holders, stale, collisions };
}

/** How many of which replicas must hold the result before a strict read may answer: a majority of
 *  every group. */
export function repairGroups(requirement: Requirement): ReplicaGroup[] {
  return requirement.groups.map(({ members }) => ({ members, need: majority(members.length) }));
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return bytesEqual(a, b);
}
