/** When did the process of a node run, and when did that change?
 *  Invariant: a node of which nothing is told ran all the time.
 *  Not here: what follows from it (members-agree.ts, no-false-down.ts). */
import type { StateChange } from '../history.ts';
import type { Span } from './spans.ts';

const NOT_RUNNING: readonly string[] = ['DOWN', 'FAILED', 'STOPPING'];

/** Whether a node that says this of itself takes part. */
export function isRunningState(state: string): boolean {
  return !NOT_RUNNING.includes(state);
}

/** When the process began or ended, in the order of time; the first begin is the first of all. */
export function changesOfRunning(states: readonly StateChange[], node: string): readonly number[] {
  const times: number[] = [];
  let wasRunning = false;
  for (const { node: whose, state, atUs } of states) {
    if (whose !== node || isRunningState(state) === wasRunning) continue;
    wasRunning = !wasRunning;
    times.push(atUs);
  }
  return times;
}

/** When the node did not run. */
export function restOf(states: readonly StateChange[], node: string): readonly Span[] {
  if (!states.some(({ node: whose }) => whose === node)) return [];
  const rests: Span[] = [];
  let fromUs: number | undefined = Number.NEGATIVE_INFINITY;
  for (const atUs of changesOfRunning(states, node)) {
    if (fromUs === undefined) {
      fromUs = atUs;
    } else {
      rests.push({ fromUs, toUs: atUs });
      fromUs = undefined;
    }
  }
  if (fromUs !== undefined) rests.push({ fromUs, toUs: Number.POSITIVE_INFINITY });
  return rests;
}
