/** The port to randomness. Production hands in the system's source, the simulator a seeded one. */
export interface Random {
  /** Uniform in [0, 1). */
  float(): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}
