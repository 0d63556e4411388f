/** Impatient clients that repeat their writes with the same request id, through another node, and
 *  sometimes long after: a write asked for twice is one write.
 *  Invariant: a repeat names a node, not a write; the client repeats its last write of the key. */

import { compose } from './compose.ts';
import { getStep, repeatStep, writeStep } from './steps.ts';
import type { Workload } from './workload.ts';

export const RETRIES: Workload = {
  name: 'retries',
  summary: 'Impatient clients that repeat writes under the same request id at other nodes',
  script: (stream, facts) => {
    /** Key of each client's last write. */
    const written = new Map<number, string>();
    return compose(
      stream,
      facts,
      (arrival) => {
        const { client, key } = arrival;
        const last = written.get(client);
        const draw = stream.float();
        if (draw < 0.3) return getStep(arrival);
        if (draw < 0.55 && last !== undefined) {
          return repeatStep(arrival, last, stream.below(facts.nodes));
        }
        written.set(client, key);
        if (draw < 0.93) return writeStep('put', arrival, draw < 0.65 ? 'none' : 'last');
        return writeStep('delete', arrival, 'last');
      },
      { retries: ['any', 'any', 'same', 'none'], timeoutsMs: [100, 200, 400, 1_000] },
    );
  },
};
