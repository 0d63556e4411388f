/** The usual way to use the store: read a key, write it with the context of what was last seen;
 *  some writers forget the context. Shows lost writes, wrong sibling sets, reads that go back.
 *  Invariant: quorum reads and quorum writes only, so that every promise of quorums applies. */

import { compose } from './compose.ts';
import { getStep, writeStep } from './steps.ts';
import type { Workload } from './workload.ts';

export const REGISTER: Workload = {
  name: 'register',
  summary: 'Reads and writes of few keys at quorum, with contexts, some without, and some deletes',
  script: (stream, facts) =>
    compose(stream, facts, (place) => {
      const draw = stream.float();
      if (draw < 0.45) return getStep(place);
      if (draw < 0.85) return writeStep('put', place, 'last');
      if (draw < 0.93) return writeStep('put', place, 'none');
      return writeStep('delete', place, stream.chance(0.5) ? 'last' : 'none');
    }),
};
