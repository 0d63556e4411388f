/** Which key an operation takes.
 *  Keys have numbers: those that were loaded are 0 to `keys` - 1, and what client c of C inserts
 *  gets `keys` + c, `keys` + c + C, ..., so that clients never insert the same one. A client knows
 *  of its own inserts only.
 *  Invariants: an inserted key is chosen only after its insert was acknowledged, and so that no
 *  earlier one is missing; loaded keys keep their numbers for ever. */
import type { Chance } from './chance.ts';
import { ScrambledZipfian, Zipfian } from './zipfian.ts';

export const DISTRIBUTIONS = ['zipfian', 'uniform', 'latest'] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

export interface ClientPlace {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

export interface KeyChooserOptions {
  readonly distribution: Distribution;
  /** Loaded, 1 or more. */
  readonly keys: number;
  readonly client: ClientPlace;
}

export class KeyChooser {
  readonly #keys: number;
  readonly #client: ClientPlace;
  readonly #nextPosition: () => number;
  readonly #onGrowth: ((count: number) => void) | undefined;
  /** Positions: loaded keys, then this client's inserts in order. */
  #positions: number;
  #begun: number;
  readonly #acknowledged = new Set<number>();

  constructor(random: Chance, { distribution, keys, client }: KeyChooserOptions) {
    this.#keys = keys;
    this.#client = client;
    this.#positions = keys;
    this.#begun = keys;
    if (distribution === 'uniform') {
      this.#nextPosition = () => Math.floor(random.float() * this.#positions);
    } else if (distribution === 'zipfian') {
      // What is popular must not move when keys are added: these are drawn among the loaded.
      const scrambled = new ScrambledZipfian(random, keys);
      this.#nextPosition = () => scrambled.next();
    } else {
      const ages = new Zipfian(random, keys);
      this.#nextPosition = () => this.#positions - 1 - ages.next();
      this.#onGrowth = (count) => ages.grow(count);
    }
  }

  /** Of a key that is there. */
  next(): number {
    return this.#keyAt(this.#nextPosition());
  }

  /** Number of a key that was never used; `acknowledge` it once it is there. */
  beginInsert(): number {
    const position = this.#begun;
    this.#begun += 1;
    return this.#keyAt(position);
  }

  /** Also after a failed insert: its number is never used again, and reads of it find nothing. */
  acknowledge(key: number): void {
    this.#acknowledged.add(key);
    const before = this.#positions;
    while (this.#acknowledged.delete(this.#keyAt(this.#positions))) this.#positions += 1;
    if (this.#positions > before) this.#onGrowth?.(this.#positions);
  }

  #keyAt(position: number): number {
    if (position < this.#keys) return position;
    return this.#keys + this.#client.index + (position - this.#keys) * this.#client.count;
  }
}

const KEY_DIGITS = 12;

/** 16 bytes, in the style of YCSB. */
export function keyName(key: number): string {
  return `user${String(key).padStart(KEY_DIGITS, '0')}`;
}
