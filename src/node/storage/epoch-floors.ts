/** Which own epochs may a mint of a partition still use? Those at or above its floor. A floor is
 *  raised above every tick issued so far whenever a record of the partition may have been lost
 *  here: an old epoch, used again on a copy refilled by an older container, would cover events the
 *  copy never held.
 *  Invariants: a floor only rises; the raised floor is durable no later than the first mint that
 *  was decided under it (its row rides in the same batch or an earlier one).
 *  Not here: the rest of the epoch rule (core/version/mint.ts). Source: docs/ARCHITECTURE.md
 *  5.16. */
import type { StoreOperation } from '../../env/store.ts';
import { encodeNumber, floorName, META } from './meta-rows.ts';
import { metaRowKey } from './table-keys.ts';

/** What was found at opening. */
export interface FloorsFound {
  readonly all: number;
  readonly ofPartition: ReadonlyMap<number, number>;
}

export class EpochFloors {
  #all = 0;
  #ofPartition = new Map<number, number>();

  restore(found: FloorsFound): void {
    this.#all = found.all;
    this.#ofPartition = new Map(found.ofPartition);
  }

  floorOf(partition: number): number {
    if (this.#ofPartition.size === 0) return this.#all;
    return Math.max(this.#all, this.#ofPartition.get(partition) ?? 0);
  }

  /** Raises one floor and returns the row that makes it last. */
  raise(partition: number, floor: number): StoreOperation {
    const raised = Math.max(floor, this.floorOf(partition));
    this.#ofPartition.set(partition, raised);
    return put(floorName(partition), raised);
  }

  /** Raises every floor and returns the row that makes it last. */
  raiseAll(floor: number): StoreOperation {
    this.#all = Math.max(this.#all, floor);
    return put(META.floorAll, this.#all);
  }
}

function put(name: string, floor: number): StoreOperation {
  return { type: 'put', key: metaRowKey(name), value: encodeNumber(floor) };
}
