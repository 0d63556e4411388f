/** How far are the wall clocks of other members from this node's?
 *  Each answer to a question gives one sample: the other clock, against the middle of the time
 *  between question and answer. Of the last few samples the one with the shortest round trip
 *  counts, because its error is at most half of that.
 *  Invariants: memory is bounded per member and by the members that are kept; a sample never makes
 *  an estimate worse by more than its own round trip.
 *  Not here: what follows from an offset (the hybrid logical clock, alarms).
 *  Source: Mills, RFC 5905 (NTP) section 10, the clock filter. */

/** Samples of one member among which the best is chosen. */
const SAMPLES = 8;
/** When this node's own clock has moved by more, what was measured with it is of no use. */
const OWN_JUMP_MS = 50;
/** Further apart no two dates can be: what says so is no clock. */
const OFFSET_MAX_MS = 8_640_000_000_000_000;

export interface ClockSample {
  /** Of this node, monotonic: when the question was sent and the answer came. */
  readonly sentMs: number;
  readonly receivedMs: number;
  /** This node's wall clock when the answer came. */
  readonly ownWallMs: number;
  /** The other's wall clock when it answered. */
  readonly peerWallMs: number;
}

interface Estimate {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

export class ClockOffsets {
  readonly #samples = new Map<string, Estimate[]>();
  /** Wall minus monotonic time of this node. */
  #baseMs: number | undefined;

  /** A sample that is no time is left out. Whose ids are noted bounds the memory: `forget` the
   *  others. */
  note(id: string, sample: ClockSample): void {
    const roundTripMs = Math.max(0, sample.receivedMs - sample.sentMs);
    const offsetMs = sample.peerWallMs - (sample.ownWallMs - roundTripMs / 2);
    if (!(Math.abs(offsetMs) <= OFFSET_MAX_MS)) return;
    this.#noticeJump(sample.ownWallMs - sample.receivedMs);
    const kept = this.#samples.get(id) ?? [];
    kept.push({ offsetMs, roundTripMs });
    if (kept.length > SAMPLES) kept.shift();
    this.#samples.set(id, kept);
  }

  /** Its wall clock minus this node's, in milliseconds; undefined before the first sample. */
  of(id: string): number | undefined {
    let best: Estimate | undefined;
    for (const estimate of this.#samples.get(id) ?? []) {
      if (best === undefined || estimate.roundTripMs <= best.roundTripMs) best = estimate;
    }
    return best?.offsetMs;
  }

  forget(id: string): void {
    this.#samples.delete(id);
  }

  /** This node's wall clock minus the middle of all clocks, its own among them; 0 while it is
   *  alone. */
  ownMs(ids: Iterable<string>): number {
    const offsets = [0];
    for (const id of ids) {
      const offsetMs = this.of(id);
      if (offsetMs !== undefined) offsets.push(offsetMs);
    }
    offsets.sort((a, b) => a - b);
    const middle = offsets.length >> 1;
    const upper = offsets[middle] ?? 0;
    const lower = offsets.length % 2 === 1 ? upper : (offsets[middle - 1] ?? 0);
    const medianMs = (upper + lower) / 2;
    return medianMs === 0 ? 0 : -medianMs;
  }

  #noticeJump(baseMs: number): void {
    const isJump = Math.abs(baseMs - (this.#baseMs ?? baseMs)) > OWN_JUMP_MS;
    if (isJump) this.#samples.clear();
    if (isJump || this.#baseMs === undefined) this.#baseMs = baseMs;
  }
}
