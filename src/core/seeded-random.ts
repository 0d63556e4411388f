/** Where do repeatable numbers come from? One stream per purpose, each named by a label and forked
 *  from one seed.
 *  Invariants: equal seed and label give equal numbers on every machine; a draw in one stream
 *  shifts no other.
 *  Not here: chance that nobody may foresee (the Random port), what is drawn for which purpose.
 *  Source: sfc32 (Doty-Humphrey, PractRand); label hashing by FNV-1a. */
const WARM_UP_ROUNDS = 15;
const TWO_TO_32 = 4_294_967_296;

export class SeededRandom {
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

  /** In [0, 1), in steps of 2^-32. */
  float(): number {
    return this.uint32() / TWO_TO_32;
  }

  /** As many draws of `float` as there is room for. */
  fill(values: Float64Array): void {
    for (let at = 0; at < values.length; at += 1) values[at] = this.uint32() / TWO_TO_32;
  }
}

function hashOfLabel(label: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < label.length; at += 1) {
    hash = Math.imul(hash ^ label.charCodeAt(at), 0x01000193);
  }
  return hash;
}
