/** What may a client be told to do at an arrival? The steps of all workloads, made in one place.
 *  Invariant: steps of one kind have one shape. They are written out field by field: an object made
 *  by a spread in code that is run often gets a shape of its own, and whoever reads thousands of
 *  them is slow from then on.
 *  Not here: which step is drawn (the workloads), carrying it out (clients/script-client.ts). */
import type { ClientStep, ContextChoice, LevelChoice } from '../scenario.ts';

export const QUORUM: LevelChoice = { level: 'quorum' };

/** Which step, when and where. */
export interface StepPlace {
  readonly id: number;
  readonly atMs: number;
  readonly key: string;
}

export function getStep({ id, atMs, key }: StepPlace, level: LevelChoice = QUORUM): ClientStep {
  return { kind: 'get', id, atMs, key, level };
}

/** `kind`: put or delete. */
export function writeStep(
  kind: 'put' | 'delete',
  { id, atMs, key }: StepPlace,
  context: ContextChoice,
  level: LevelChoice = QUORUM,
): ClientStep {
  return { kind, id, atMs, key, level, context };
}

/** The same, and members without a replica may stand in. */
export function sloppyStep(
  kind: 'put' | 'delete',
  { id, atMs, key }: StepPlace,
  context: ContextChoice,
  level: LevelChoice,
): ClientStep {
  return { kind, id, atMs, key, level, context, isSloppy: true };
}

/** `removes`: steps whose elements are left out of the set. */
export function changeSetStep(
  { id, atMs, key }: StepPlace,
  removes: readonly number[],
): ClientStep {
  return { kind: 'change-set', id, atMs, key, level: QUORUM, removes };
}

/** The client's last write of `key` once more, through a connection to the node of this index. */
export function repeatStep({ id, atMs }: StepPlace, key: string, through: number): ClientStep {
  return { kind: 'repeat', id, atMs, key, level: QUORUM, through };
}
