/** Every checker that judges a run. What each one looks for: its promise. */
import { bounds } from './bounds.ts';
import type { Checker } from './checker.ts';
import { dotUsedOnce } from './dot-used-once.ts';
import { honestErrors } from './honest-errors.ts';
import { progress } from './progress.ts';
import { refusalToServe } from './refusal-to-serve.ts';
import { replicasEqual } from './replicas-equal.ts';
import { setElements } from './set-elements.ts';

export const CHECKERS: readonly Checker[] = [
  dotUsedOnce,
  honestErrors,
  refusalToServe,
  setElements,
  replicasEqual,
  progress,
  bounds,
];
