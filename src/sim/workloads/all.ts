/** Every workload that there is; a run draws one of them.
 *  Invariant: names are unique, and stay: stored scenarios and commands speak of them.
 *  Not here: what they do. */
import { CoterieError } from '../../core/errors.ts';
import { BLIND } from './blind.ts';
import { CART } from './cart.ts';
import { LEVELS } from './levels.ts';
import { REGISTER } from './register.ts';
import { RETRIES } from './retries.ts';
import { SET } from './set.ts';
import { SLOPPY } from './sloppy.ts';
import { STALE } from './stale.ts';
import type { Workload } from './workload.ts';

export const WORKLOADS: readonly Workload[] = [
  REGISTER,
  BLIND,
  SET,
  CART,
  LEVELS,
  RETRIES,
  STALE,
  SLOPPY,
];

/** Errors: INVALID_ARGUMENT naming those there are. */
export function workloadByName(name: string): Workload {
  const workload = WORKLOADS.find((one) => one.name === name);
  if (workload !== undefined) return workload;
  const names = WORKLOADS.map((one) => one.name).join(', ');
  throw new CoterieError('INVALID_ARGUMENT', `There is no workload ${name}; there are ${names}`);
}
