/** Did two runs do the same? A rolling hash over everything that happened, in order.
 *  Invariants: it depends on the numbers, bytes and order noted and on nothing else; equal runs
 *  have equal hashes on every machine.
 *  Not here: what is noted (the kernel, the network, the disk).
 *  Source: two 32-bit lanes of multiply and rotate, mixed as in MurmurHash3 (Appleby). */

const LANE_A = 0xcc9e2d51;
const LANE_B = 0x1b873593;
const TWO_TO_32 = 4_294_967_296;

export class TraceHash {
  #a = 0x2545f491;
  #b = 0x4f6cdd1d;

  /** Any finite number; fractions below 2^-20 are not told apart. */
  number(value: number): void {
    const scaled = Math.floor(value * 1_048_576);
    this.#mix(scaled | 0);
    this.#mix(Math.floor(scaled / TWO_TO_32) | 0);
  }

  text(text: string): void {
    for (let at = 0; at < text.length; at += 1) this.#mix(text.charCodeAt(at));
    this.#mix(text.length);
  }

  bytes(bytes: Uint8Array): void {
    const whole = bytes.length - (bytes.length % 4);
    for (let at = 0; at < whole; at += 4) {
      const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
      this.#mix(low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24));
    }
    for (let at = whole; at < bytes.length; at += 1) this.#mix(bytes[at] ?? 0);
    this.#mix(bytes.length);
  }

  /** 16 hex digits of everything noted so far. */
  digest(): string {
    return finish(this.#a ^ this.#b) + finish(this.#b);
  }

  #mix(word: number): void {
    const a = Math.imul(this.#a ^ Math.imul(word, LANE_A), 5) + 0x6b64;
    this.#a = (a << 13) | (a >>> 19);
    const b = Math.imul(this.#b ^ Math.imul(word, LANE_B), 9) + 0x3ade;
    this.#b = (b << 15) | (b >>> 17);
  }
}

function finish(word: number): string {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return (hash >>> 0).toString(16).padStart(8, '0');
}
