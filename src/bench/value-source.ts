/** Values of one length whose bytes do not compress: windows of one random block, so that making
 *  one costs next to nothing. */
import type { Chance } from './chance.ts';

const SPARE_BYTES = 65_536;

export class ValueSource {
  readonly #random: Chance;
  readonly #bytes: number;
  readonly #block: Uint8Array;

  constructor(random: Chance, bytes: number) {
    this.#random = random;
    this.#bytes = bytes;
    this.#block = new Uint8Array(bytes + SPARE_BYTES);
    for (let at = 0; at < this.#block.length; at += 1) {
      this.#block[at] = Math.floor(random.float() * 256);
    }
  }

  /** Must not be changed. */
  next(): Uint8Array {
    const at = Math.floor(this.#random.float() * SPARE_BYTES);
    return this.#block.subarray(at, at + this.#bytes);
  }
}
