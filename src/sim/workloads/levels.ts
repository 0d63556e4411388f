/** Every consistency level and raw numbers, mixed on the same keys: weak ones promise less, and
 *  must not take anything from the strong ones beside them.
 *  Invariant: levels are drawn among those that fit verb and replica count; the others are usage
 *  errors, which unit tests cover. */
import type { RandomStream } from '../kernel/random-stream.ts';
import type { LevelChoice } from '../scenario.ts';
import { compose } from './compose.ts';
import { getStep, QUORUM, writeStep } from './steps.ts';
import type { Workload } from './workload.ts';

const READ_LEVELS: readonly LevelChoice[] = [
  { level: 'one' },
  { level: 'all' },
  { level: 'local_one' },
  { level: 'local_quorum' },
  { level: 'each_quorum' },
];

export const LEVELS: Workload = {
  name: 'levels',
  summary: 'All consistency levels and raw numbers mixed on the same keys',
  script: (stream, facts) =>
    compose(stream, facts, (place) => {
      const draw = stream.float();
      const level = drawLevel(stream, facts.replicas, draw >= 0.5);
      if (draw < 0.5) return getStep(place, level);
      if (draw < 0.85) return writeStep('put', place, 'last', level);
      if (draw < 0.93) return writeStep('put', place, 'none', level);
      return writeStep('delete', place, 'last', level);
    }),
};

function drawLevel(stream: RandomStream, replicas: number, isWrite: boolean): LevelChoice {
  if (stream.chance(0.3)) return QUORUM;
  if (stream.chance(0.3)) return { r: 1 + stream.below(replicas), w: 1 + stream.below(replicas) };
  const levels = [...READ_LEVELS];
  if (isWrite) levels.push({ level: 'any' });
  if (replicas >= 2) levels.push({ level: 'two' });
  if (replicas >= 3) levels.push({ level: 'three' });
  return stream.pick(levels);
}
