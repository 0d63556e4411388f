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
  /** a, b, c and the counter: as fields of their own they would be an object for every draw. */
  readonly #state = new Int32Array(4);

  /** `seed`: a safe integer, 0 or more. */
  constructor(seed: number, label: string) {
    const named = hashOfLabel(label);
    this.#state[0] = seed;
    this.#state[1] = Math.floor(seed / TWO_TO_32) ^ named;
    this.#state[2] = Math.imul(named, 0x9e3779b1);
    this.#state[3] = 1;
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) this.uint32();
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const state = this.#state;
    const b = state[1] ?? 0;
    const c = state[2] ?? 0;
    const counter = state[3] ?? 0;
    const sum = ((state[0] ?? 0) + b + counter) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + sum;
    state[3] = counter + 1;
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
