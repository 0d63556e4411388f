/** Why did a read fail, in the words and details that its client gets?
 *  Invariant: a read that failed has applied nothing of its own.
 *  Not here: when it fails (read.ts, majority-repair.ts). */
import { CoterieError } from '../../core/errors.ts';
import type { GroupCount } from '../../core/quorum/group-count.ts';
import type { ReadTally } from '../../core/quorum/read-tally.ts';
import type { Plan } from './plan.ts';
import { nodeNames } from './plan.ts';

export interface ReplicaFailure {
  readonly node: string;
  readonly code: string;
}

/** `asked`: how many replicas. */
export function readFailure(
  code: 'QUORUM_NOT_MET' | 'DEADLINE_EXCEEDED',
  { requirement, place }: Plan,
  tally: ReadTally,
  asked: number,
  failures: readonly ReplicaFailure[],
): CoterieError {
  const received = tally.answers.map((answer) => answer.nodeIndex);
  const why = failures.map((failure) => `${failure.node} ${failure.code}`).join(', ');
  return new CoterieError(
    code,
    `The read got ${received.length} of the ${tally.required} answers that ` +
      `${requirement.label} needs` +
      (why === '' ? ` (${asked} replicas were asked)` : ` (${why})`),
    {
      applied: 'no',
      details: {
        phase: 'read',
        required: tally.required,
        received: received.length,
        nodes: nodeNames(place, received),
        failures: [...failures],
      },
    },
  );
}

export function repairFailure({ requirement, place }: Plan, count: GroupCount): CoterieError {
  return new CoterieError(
    'QUORUM_NOT_MET',
    `Replicas differ and only ${count.answered.length} of the ${count.required} that ` +
      `${requirement.label} ` +
      'needs could be brought to the same record; read again or read at one',
    {
      applied: 'no',
      details: {
        phase: 'repair',
        required: count.required,
        received: count.answered.length,
        nodes: nodeNames(place, count.answered),
      },
    },
  );
}
