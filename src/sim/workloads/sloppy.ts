/** Writers that would rather be taken than be sure: sloppy quorums and level ANY, beside strict
 *  writes and reads of the same keys.
 *  Invariant: levels are those that members may stand in at.
 *  Not here: what a stand-in is worth (checkers/strictness.ts). */
import type { RandomStream } from '../kernel/random-stream.ts';
import type { LevelChoice } from '../scenario.ts';
import { compose } from './compose.ts';
import { getStep, QUORUM, sloppyStep, writeStep } from './steps.ts';
import type { Workload } from './workload.ts';

export const SLOPPY: Workload = {
  name: 'sloppy',
  summary: 'Sloppy quorums and level ANY beside strict writes and reads',
  script: (stream, facts) =>
    compose(stream, facts, (place) => {
      const draw = stream.float();
      if (draw < 0.3) return getStep(place, stream.chance(0.5) ? QUORUM : { level: 'one' });
      const context = stream.pick(['last', 'last', 'none', 'overwrite'] as const);
      if (draw < 0.4) return writeStep('put', place, context);
      const level = drawLevel(stream, facts.replicas);
      if (draw < 0.92) return sloppyStep('put', place, context, level);
      return sloppyStep('delete', place, 'last', level);
    }),
};

function drawLevel(stream: RandomStream, replicas: number): LevelChoice {
  if (stream.chance(0.5)) return { level: 'any' };
  return stream.chance(0.5) ? QUORUM : { r: 1, w: 1 + stream.below(replicas) };
}
