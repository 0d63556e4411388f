/** Clients with old papers: contexts of several reads ago, of another key, or none.
 *  Invariant of the product that it looks for: an old context replaces only what it had seen; one
 *  of another key is refused and changes nothing. */
import type { ContextChoice } from '../scenario.ts';
import { compose } from './compose.ts';
import { getStep, writeStep } from './steps.ts';
import type { Workload } from './workload.ts';

const CONTEXTS: readonly ContextChoice[] = ['stale', 'stale', 'stale', 'last', 'last', 'none'];

export const STALE: Workload = {
  name: 'stale',
  summary: 'Writes and deletes with contexts of long ago, of other keys, or none',
  script: (stream, facts) =>
    compose(stream, facts, (place) => {
      const draw = stream.float();
      if (draw < 0.45) return getStep(place);
      const context = stream.chance(0.08) ? 'other-key' : stream.pick(CONTEXTS);
      return writeStep(draw < 0.85 ? 'put' : 'delete', place, context);
    }),
};
