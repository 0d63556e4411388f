/** The port to the event loop, for simulations: calls `step` again and again, each time in a
 *  macrotask of its own so that every microtask is drained between, until it returns false. Rejects
 *  with what a step throws. */
export type Driver = (step: () => boolean) => Promise<void>;
