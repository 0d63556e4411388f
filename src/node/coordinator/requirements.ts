/** What does a request need, of which replicas? Resolved once for each level and partition: nearly
 *  all requests ask for one of a few levels.
 *  Invariants: what is kept is of one layout; at most REQUIREMENTS_MAX are kept, then all are
 *  forgotten and made again on use; raw numbers are never kept.
 *  Not here: the rules (core/quorum/level.ts). */
import type { ConsistencyLevel, Requirement, Verb } from '../../core/quorum/level.ts';
import { resolveRequirement } from '../../core/quorum/level.ts';
import type { Ring } from '../../core/ring/ring.ts';
import type { Place } from '../contracts.ts';
import type { LevelChoice } from './requests.ts';

const REQUIREMENTS_MAX = 16_384;

type ByPartition = Map<number, Requirement>;

export class Requirements {
  #ring: Ring | undefined;
  #count = 0;
  readonly #reads = new Map<ConsistencyLevel | undefined, ByPartition>();
  readonly #writes = new Map<ConsistencyLevel | undefined, ByPartition>();

  /** Errors: INVALID_ARGUMENT, NO_REPLICA as `resolveRequirement`. */
  of(verb: Verb, place: Place, partition: number, choice: LevelChoice): Requirement {
    const { level, raw } = choice;
    if (raw !== undefined) return resolve(verb, place, partition, choice);
    if (place.ring !== this.#ring) this.#forget(place.ring);
    const levels = verb === 'read' ? this.#reads : this.#writes;
    const known = levels.get(level)?.get(partition);
    if (known !== undefined) return known;
    const made = resolve(verb, place, partition, choice);
    if (this.#count === REQUIREMENTS_MAX) this.#forget(place.ring);
    this.#count += 1;
    const partitions: ByPartition = levels.get(level) ?? new Map();
    levels.set(level, partitions.set(partition, made));
    return made;
  }

  #forget(ring: Ring): void {
    this.#ring = ring;
    this.#count = 0;
    this.#reads.clear();
    this.#writes.clear();
  }
}

function resolve(verb: Verb, place: Place, partition: number, choice: LevelChoice): Requirement {
  const { level, raw } = choice;
  return resolveRequirement({
    verb,
    ...(level === undefined ? {} : { level }),
    ...(raw === undefined ? {} : { raw }),
    replicas: place.ring.places(partition),
    datacentre: place.datacentre,
  });
}
