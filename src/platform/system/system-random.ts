/** The system's cryptographic source, drawn in blocks: one call of it costs more than the bytes
 *  that an id needs. */
import { randomFillSync } from 'node:crypto';
import { assert } from '../../core/errors.ts';
import type { Random } from '../../env/random.ts';

const BLOCK_BYTES = 4_096;
const FLOAT_BYTES = 8;
const TWO_POW_26 = 2 ** 26;
const TWO_POW_53 = 2 ** 53;

export class SystemRandom implements Random {
  readonly #block = new Uint8Array(BLOCK_BYTES);
  readonly #view = new DataView(this.#block.buffer);
  #used = BLOCK_BYTES;

  float(): number {
    const at = this.#take(FLOAT_BYTES);
    const high = this.#view.getUint32(at) >>> 5;
    const low = this.#view.getUint32(at + 4) >>> 6;
    return (high * TWO_POW_26 + low) / TWO_POW_53;
  }

  bytes(length: number): Uint8Array {
    assert(Number.isInteger(length) && length >= 0, `${length} random bytes were asked for`);
    if (length > BLOCK_BYTES) return randomFillSync(new Uint8Array(length));
    const at = this.#take(length);
    return this.#block.slice(at, at + length);
  }

  /** Each byte of the block is handed out once. */
  #take(length: number): number {
    if (this.#used + length > BLOCK_BYTES) {
      randomFillSync(this.#block);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += length;
    return at;
  }
}
