/** Writers that never read: puts without a context, plain replacements (overwrite) and deletes that
 *  do not look first. Keys collect siblings up to the limit, where writers must merge.
 *  Invariant: now and then a reader merges, or every key would stand at the limit for good. */
import type { ContextChoice } from '../scenario.ts';
import { compose } from './compose.ts';
import { getStep, writeStep } from './steps.ts';
import type { Workload } from './workload.ts';

export const BLIND: Workload = {
  name: 'blind',
  summary: 'Writers that do not read: puts without context, overwrites and blind deletes',
  script: (stream, facts) =>
    compose(stream, facts, (place) => {
      const put = (context: ContextChoice) => writeStep('put', place, context);
      const draw = stream.float();
      if (draw < 0.4) return put('none');
      if (draw < 0.58) return put('overwrite');
      if (draw < 0.85) return getStep(place);
      if (draw < 0.92) return put('last');
      return writeStep('delete', place, stream.chance(0.5) ? 'overwrite' : 'none');
    }),
};
