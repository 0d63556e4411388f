/** Where does a run draw its numbers from? One stream per purpose, each named by a label and forked
 *  from the seed of the run.
 *  Invariants: equal seed and label give equal numbers on every machine; a draw in one stream
 *  shifts no other, so that a trace stays meaningful when parts of it are left out.
 *  Not here: when and for what is drawn.
 *  Source: sfc32 (Doty-Humphrey, PractRand); label hashing by FNV-1a. */
import { naturalLogarithm } from '../../core/logarithm.ts';
import type { Random } from '../../env/random.ts';

const WARM_UP_ROUNDS = 15;
const TWO_TO_32 = 4_294_967_296;

export class RandomStream implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `seed`: a safe integer, 0 or more. */
  constructor(seed: number, label: string) {
    const named = hashOfLabel(label);
    this.#a = seed | 0;
    this.#b = Math.floor(seed / TWO_TO_32) ^ named;
    this.#c = Math.imul(named, 0x9e3779b1);
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) this.uint32();
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  float(): number {
    return this.uint32() / TWO_TO_32;
  }

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

function hashOfLabel(label: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < label.length; at += 1) {
    hash = Math.imul(hash ^ label.charCodeAt(at), 0x01000193);
  }
  return hash;
}
