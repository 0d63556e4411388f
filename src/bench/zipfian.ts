/** Ranks by Zipf's law: rank 0 is drawn most often, rank i in proportion to 1 / (i + 1)^theta.
 *  Costs O(n) once, O(1) per draw; growing costs what is added.
 *  Invariants: every rank is from 0 to `items` - 1; growing by parts gives what one step gives.
 *  Source: Gray et al., "Quickly Generating Billion-Record Synthetic Databases", 1994, as YCSB
 *  (Cooper et al. 2010) uses it; its first two ranks are exact, the others an approximation. */
import { assert } from '../core/errors.ts';
import type { Chance } from './chance.ts';

export const THETA = 0.99;

export class Zipfian {
  readonly #random: Chance;
  readonly #theta: number;
  readonly #alpha: number;
  readonly #zetaOfTwo: number;
  #items: number;
  #zeta: number;
  #eta: number;

  /** `zeta` saves the sum over all items when it is known. */
  constructor(random: Chance, items: number, theta: number = THETA, zeta?: number) {
    assert(items >= 1 && theta > 0 && theta < 1, `zipfian over ${items} items, theta ${theta}`);
    this.#random = random;
    this.#theta = theta;
    this.#alpha = 1 / (1 - theta);
    this.#zetaOfTwo = zetaSum(0, 2, theta);
    this.#items = items;
    this.#zeta = zeta ?? zetaSum(0, items, theta);
    this.#eta = this.#etaOf();
  }

  get items(): number {
    return this.#items;
  }

  next(): number {
    const u = this.#random.float();
    const uz = u * this.#zeta;
    if (uz < 1 || this.#items === 1) return 0;
    if (uz < 1 + 0.5 ** this.#theta) return 1;
    const rank = Math.floor(this.#items * (this.#eta * u - this.#eta + 1) ** this.#alpha);
    return Math.min(this.#items - 1, rank);
  }

  grow(items: number): void {
    assert(items >= this.#items, `zipfian shrinks from ${this.#items} to ${items} items`);
    this.#zeta += zetaSum(this.#items, items, this.#theta);
    this.#items = items;
    this.#eta = this.#etaOf();
  }

  #etaOf(): number {
    return (1 - (2 / this.#items) ** (1 - this.#theta)) / (1 - this.#zetaOfTwo / this.#zeta);
  }
}

/** The sum of 1 / i^theta for i from `from` + 1 to `to`. */
export function zetaSum(from: number, to: number, theta: number): number {
  let sum = 0;
  for (let item = from + 1; item <= to; item += 1) sum += 1 / item ** theta;
  return sum;
}

/** YCSB scatters ranks of a fixed, much larger set, so that the shares of the hottest items do not
 *  depend on how many there are. */
const SCATTERED_ITEMS = 10_000_000_000;
const SCATTERED_ZETA = 26.46902820178302;

/** Zipf's law with the popular items spread over the whole range by a hash. */
export class ScrambledZipfian {
  readonly #ranks: Zipfian;
  readonly #items: number;

  constructor(random: Chance, items: number) {
    this.#ranks = new Zipfian(random, SCATTERED_ITEMS, THETA, SCATTERED_ZETA);
    this.#items = items;
  }

  next(): number {
    return fnvModulo(this.#ranks.next(), this.#items);
  }
}

const OFFSET_HIGH = 0xcbf29ce4;
const OFFSET_LOW = 0x84222325;
/** The prime is 2^40 + this. */
const PRIME_LOW = 0x1b3;
const TWO_POW_32 = 2 ** 32;
const TWO_POW_16 = 2 ** 16;

/** The absolute value of the signed 64-bit FNV hash of the eight bytes of `value` (0..2^53), lowest
 *  first, modulo `count` (up to 2^36): YCSB's `hash(value) % count`, without big integers. */
export function fnvModulo(value: number, count: number): number {
  let high = OFFSET_HIGH;
  let low = OFFSET_LOW;
  let rest = value;
  for (let octet = 0; octet < 8; octet += 1) {
    low = (low ^ (rest % 256)) >>> 0;
    rest = Math.floor(rest / 256);
    const product = low * PRIME_LOW;
    high = (high * PRIME_LOW + Math.floor(product / TWO_POW_32) + low * 256) % TWO_POW_32;
    low = product % TWO_POW_32;
  }
  if (high >= TWO_POW_32 / 2) {
    high = low === 0 ? (TWO_POW_32 - high) % TWO_POW_32 : TWO_POW_32 - 1 - high;
    low = (TWO_POW_32 - low) % TWO_POW_32;
  }
  let remainder = high % count;
  remainder = (remainder * TWO_POW_16 + Math.floor(low / TWO_POW_16)) % count;
  return (remainder * TWO_POW_16 + (low % TWO_POW_16)) % count;
}
