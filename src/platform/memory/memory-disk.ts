/** What a memory store keeps: it outlives the store, so that a test can close one and open the next
 *  on it. It is not a model of a real disk: everything that was applied is kept, synced or not. */
import { ByteMap } from '../../core/byte-map.ts';
import { CoterieError } from '../../core/errors.ts';

const GIB = 1_024 * 1_024 * 1_024;

export interface MemoryDiskOptions {
  /** Most bytes of keys and values; 1 GiB by default. */
  readonly capacityBytes?: number;
}

/** A store's hold on a disk. */
export interface MemoryDiskHold {
  /** undefined once the power was cut. */
  readonly content: ByteMap | undefined;
}

export class MemoryDisk {
  readonly capacityBytes: number;
  readonly #content = new ByteMap();
  #hold: { content: ByteMap | undefined } | undefined;

  constructor(options: MemoryDiskOptions = {}) {
    this.capacityBytes = options.capacityBytes ?? GIB;
  }

  /** Errors: CONFLICT when another store holds it. */
  take(): MemoryDiskHold {
    if (this.#hold !== undefined) {
      throw new CoterieError(
        'CONFLICT',
        'Another store has this memory disk open: close it, or give this node a disk of its own',
        { details: { operation: 'open' } },
      );
    }
    this.#hold = { content: this.#content };
    return this.#hold;
  }

  release(hold: MemoryDiskHold): void {
    if (this.#hold === hold) this.#hold = undefined;
  }

  /** As kill -9 of the node: the store that holds the disk reaches it no more, the next may open
   *  it. */
  cutPower(): void {
    if (this.#hold === undefined) return;
    this.#hold.content = undefined;
    this.#hold = undefined;
  }
}
