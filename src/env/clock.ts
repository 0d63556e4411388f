/** The port to time. Production hands in the system's clock, the simulator a virtual one. */

/** A timer that has been set; cancelling it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Unix time in milliseconds. May jump in either direction. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start, with fractions. Never goes back. */
  monotonicMs(): number;
  /** Calls back once, `delayMs` (0 or more) from now, in a turn of its own. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Calls back once everything that is ready now has run: what has been collected until then makes
   *  one batch. */
  defer(callback: () => void): void;
}
