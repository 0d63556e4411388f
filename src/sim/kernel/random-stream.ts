/** Where does a run draw its numbers from? One stream per purpose, each named by a label and forked
 *  from the seed of the run.
 *  Invariants: equal seed and label give equal numbers on every machine; a draw in one stream
 *  shifts no other, so that a trace stays meaningful when parts of it are left out.
 *  Not here: the generator (core/seeded-random.ts), when and for what is drawn. */
import { naturalLogarithm } from '../../core/logarithm.ts';
import { SeededRandom } from '../../core/seeded-random.ts';
import type { Random } from '../../env/random.ts';

export class RandomStream extends SeededRandom implements Random {
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 1) bytes[at] = this.uint32();
    return bytes;
  }

  /** A whole number, 0 to `end` - 1. */
  below(end: number): number {
    return Math.floor(this.float() * end);
  }

  /** In [from, to). */
  between(from: number, to: number): number {
    return from + this.float() * (to - from);
  }

  /** True with this probability, 0..1. */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** Exponentially distributed around the mean. */
  exponential(mean: number): number {
    return -naturalLogarithm(1 - this.float()) * mean;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('Nothing to pick from');
    return item;
  }

  /** A new array with the same items in a drawn order. */
  shuffled<Item>(items: readonly Item[]): Item[] {
    const keyed = items.map((item) => ({ item, key: this.uint32() }));
    return keyed.sort((one, other) => one.key - other.key).map(({ item }) => item);
  }
}
