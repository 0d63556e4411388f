/** Which blocks of a disk's files have gone bad? A block holds some neighbouring rows. Single reads
 *  verify it and fail; iterators verify nothing, and walking over it ends the process.
 *  Invariants: a row that is written anew is sound again (the engine finds it in its log), and bad
 *  again when that write is taken back; the old block stays bad for iterators, whatever is written
 *  over its rows, until the files are set aside.
 *  Not here: who reads (sim-store.ts), when a block goes bad (sim/faults).
 *  Source: RocksDB's block checksums; docs/ARCHITECTURE.md 5.17. */
import type { ByteMap } from '../../core/byte-map.ts';
import { bytesEqual, compareBytes } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import type { StoreEntry, StoreRange } from '../../env/store.ts';

/** Stands in the place of a row that cannot be read. Its bytes, not the array, are what counts:
 *  the log of replaced rows hands out copies. No row of the product is like it. */
const UNREADABLE: Uint8Array = new TextEncoder().encode('this block is bad');

/** `found`: a process was told of a bad block. `met`: a process has died of one. */
export type DiskDamage = 'found' | 'met' | 'set-aside';

/** An iterator has walked over a bad block: thrown to whoever is to end the process. */
export class BadBlockMet extends Error {
  override readonly name = 'BadBlockMet';
}

export class BadBlocks {
  /** All rows of all bad blocks. */
  #keys: readonly Uint8Array[] = [];
  #wasMet = false;
  #isKnown = false;

  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  /** A process has died of them since the files are these: whoever opens them can know. */
  get wasMet(): boolean {
    return this.#wasMet;
  }

  noteMet(): void {
    this.#wasMet = true;
  }

  /** The present process has been told. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  noteKnown(): void {
    this.#isKnown = true;
  }

  /** A process has opened the files. */
  opened(): void {
    this.#isKnown = false;
  }

  /** The rows, which lie side by side, become one bad block. */
  add(content: ByteMap, keys: readonly Uint8Array[]): void {
    for (const key of keys) content.set(key, UNREADABLE);
    this.#keys = [...this.#keys, ...keys];
  }

  /** There are other files now. */
  clear(): void {
    this.#keys = [];
    this.#wasMet = false;
    this.#isKnown = false;
  }

  /** Whether what is stored of a row is what the block had. */
  isBad(value: Uint8Array | undefined): boolean {
    return !this.isEmpty && value !== undefined && bytesEqual(value, UNREADABLE);
  }

  /** The entries of the range, in the iterator's order, up to the first bad block. Throws
   *  BadBlockMet where one comes before the next entry, or before the end. */
  *upTo(
    entries: Iterable<StoreEntry>,
    { from, to, reverse = false }: StoreRange,
  ): Generator<StoreEntry, void, void> {
    const isWithin = (key: Uint8Array): boolean =>
      compareBytes(from, key) <= 0 && compareBytes(key, to) < 0;
    const order = reverse ? -1 : 1;
    const comesBefore = (key: Uint8Array, other: Uint8Array): boolean =>
      order * compareBytes(key, other) < 0;
    let last: Uint8Array | undefined;
    for (const entry of entries) {
      this.#walk((key) => {
        return isWithin(key) && isBeyond(key, last, comesBefore) && !comesBefore(entry.key, key);
      });
      last = entry.key;
      yield entry;
    }
    this.#walk((key) => isWithin(key) && isBeyond(key, last, comesBefore));
  }

  #walk(isOnTheWay: (key: Uint8Array) => boolean): void {
    if (this.#keys.some(isOnTheWay)) throw new BadBlockMet();
  }
}

type Order = (key: Uint8Array, other: Uint8Array) => boolean;

function isBeyond(key: Uint8Array, last: Uint8Array | undefined, comesBefore: Order): boolean {
  return last === undefined || comesBefore(last, key);
}

/** As RocksDB fails where a checksum does not match. */
export function badBlockError(operation: string, disk: string): CoterieError {
  return new CoterieError('STORAGE_IO', `A block on the disk of ${disk} is bad`, {
    applied: 'no',
    details: { operation, isCorruption: true },
  });
}
