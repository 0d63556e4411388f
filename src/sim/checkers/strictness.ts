/** What an operation's level comes to in numbers, and whether a read's replicas and a write's must
 *  have one in common.
 *  Invariants: named levels are counted here, not taken from replies, so that a product that asks
 *  too few is not judged by its own number; local levels, whose number depends on where replicas
 *  are, come from the reply. A write of which fewer were durable than its level needs counts as
 *  acknowledged by these alone.
 *  Source: docs/guarantees.md, "Levels". */
import { majority } from '../../core/quorum/level.ts';
import type { Operation, ReadOperation, WriteOperation } from '../history.ts';

/** Replicas that an operation of this level waits for, 1 to `replicas`. */
export function neededBy(operation: Operation, replicas: number): number {
  const { level } = operation;
  if (!('level' in level)) return operation.kind === 'get' ? level.r : level.w;
  switch (level.level) {
    case 'any':
    case 'one':
      return 1;
    case 'two':
      return 2;
    case 'three':
      return 3;
    case 'quorum':
      return majority(replicas);
    case 'all':
      return replicas;
    case 'local_one':
    case 'local_quorum':
    case 'each_quorum':
      return operation.required;
  }
}

/** Replicas that certainly had the acknowledged write durable. */
export function heldBy(write: WriteOperation, replicas: number): number {
  return Math.min(neededBy(write, replicas), write.durable);
}

/** Does a majority hold what this read returned before it returned. */
export function isRepairing(read: ReadOperation, replicas: number): boolean {
  const { level } = read;
  const isMajority = neededBy(read, replicas) >= majority(replicas);
  if (!('level' in level)) return isMajority;
  return isMajority && !['any', 'one', 'two', 'three', 'local_one'].includes(level.level);
}
