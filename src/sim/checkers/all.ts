/** Every checker that judges a run; what each one looks for is its promise.
 *  Invariant: names are unique, for runs and reports call checkers by name.
 *  Not here: which of them a run can use so far (capabilities.ts). */
import { bounds } from './bounds.ts';
import type { Checker } from './checker.ts';
import { copiesCompared } from './copies-compared.ts';
import { damagedFiles } from './damaged-files.ts';
import { dotUsedOnce } from './dot-used-once.ts';
import { hintsDrain } from './hints-drain.ts';
import { honestErrors } from './honest-errors.ts';
import { keptWrites } from './kept-writes.ts';
import { membersAgree } from './members-agree.ts';
import { monotonicReads } from './monotonic-reads.ts';
import { noFalseDown } from './no-false-down.ts';
import { noInvention } from './no-invention.ts';
import { noLostWrite } from './no-lost-write.ts';
import { noZombie } from './no-zombie.ts';
import { progress } from './progress.ts';
import { refusalToServe } from './refusal-to-serve.ts';
import { registerRegularity } from './register-regularity.ts';
import { replicasEqual } from './replicas-equal.ts';
import { requestMintedOnce } from './request-minted-once.ts';
import { setElements } from './set-elements.ts';
import { siblingBound } from './sibling-bound.ts';

/** The most telling first: the first violation of a run is the one that is shrunk. */
export const CHECKERS: readonly Checker[] = [
  dotUsedOnce,
  noInvention,
  noLostWrite,
  keptWrites,
  registerRegularity,
  monotonicReads,
  noZombie,
  siblingBound,
  requestMintedOnce,
  setElements,
  honestErrors,
  refusalToServe,
  damagedFiles,
  noFalseDown,
  membersAgree,
  copiesCompared,
  hintsDrain,
  replicasEqual,
  progress,
  bounds,
];
