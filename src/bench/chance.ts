/** The part of a source of random numbers that the generators need: a seeded one, so that two runs
 *  ask for the same keys in the same order. */
export interface Chance {
  /** Uniform in [0, 1). */
  float(): number;
}
