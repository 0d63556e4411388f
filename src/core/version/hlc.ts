/** The one clock of a node: it issues the seq of dots and the epochs of actors.
 *
 *      tick = ms since 2025-01-01T00:00Z (41 bits) x 4096 + counter (12 bits), a safe integer
 *
 *  Invariants: every tick is above every earlier one and above the ceiling found at the start; a
 *  counter that is full carries into the milliseconds; contexts and messages never move the clock.
 *  The wall clock is followed only as far as the monotonic one confirms it: a jump by more than
 *  maxSkewMs between two readings would otherwise be stamped on dots for ever. While it is jumped
 *  the clock runs on monotonic time.
 *  Not here: making the ceiling durable (it rides in every batch that holds a mint), the median of
 *  the peers' clocks.
 *  Source: Kulkarni, Demirbas et al., "Logical Physical Clocks", 2014. */
import { CoterieError } from '../errors.ts';

/** 2025-01-01T00:00:00Z as Unix time, ms. */
export const HLC_EPOCH_UNIX_MS = 1_735_689_600_000;
const TICKS_PER_MS = 4_096;
const CEILING_LEAD_MS = 250;
const MAX_SKEW_MS = 500;

/** Both clocks, read at the same moment. */
export interface ClockReading {
  /** Unix time, ms. */
  readonly wallMs: number;
  /** Milliseconds since an arbitrary start, never going back. */
  readonly monotonicMs: number;
}

export interface HybridLogicalClockOptions {
  /** No tick up to this one may be issued: what the store remembers; 0 for a new one. */
  readonly ceiling: number;
  readonly reading: ClockReading;
  /** How far the wall clock may move against the monotonic one between two readings; 500 when not
   *  given. */
  readonly maxSkewMs?: number;
}

export class HybridLogicalClock {
  readonly #maxSkewMs: number;
  #latest: number;
  /** The last reading that was believed; the wall time of it may be extrapolated. */
  #trustedMs: number;
  #monotonicMs: number;
  #isJumped = false;

  /** Errors: CLOCK_SKEW when the wall clock is before 2025. */
  constructor(options: HybridLogicalClockOptions) {
    const { ceiling, reading } = options;
    requireEpoch(reading.wallMs);
    this.#maxSkewMs = options.maxSkewMs ?? MAX_SKEW_MS;
    this.#latest = ceiling;
    this.#trustedMs = reading.wallMs;
    this.#monotonicMs = reading.monotonicMs;
  }

  /** The last tick issued, or the ceiling of the start. */
  get latest(): number {
    return this.#latest;
  }

  /** The wall clock moved against the monotonic one and is not followed: raise CLOCK_JUMP. */
  get isJumped(): boolean {
    return this.#isJumped;
  }

  /** The next tick. Errors: CLOCK_SKEW when ticks are used up, in the year 2094 or with a ceiling
   *  from there. */
  issue(reading: ClockReading): number {
    this.#follow(reading);
    const physical = hlcFromUnixMs(this.#trustedMs);
    const tick = Math.max(this.#latest + 1, physical);
    if (!Number.isSafeInteger(tick)) {
      throw new CoterieError(
        'CLOCK_SKEW',
        `Clock tick ${tick} is above 2^53 - 1: the clock or the stored ceiling ${this.#latest} ` +
          'is wrong',
      );
    }
    this.#latest = tick;
    return tick;
  }

  /** An earlier life of this node has issued this tick, as others remember. */
  raise(tick: number): void {
    if (tick > this.#latest) this.#latest = tick;
  }

  /** The peers' median confirms the wall clock as it reads now: it is followed again. Errors:
   *  CLOCK_SKEW when it is before 2025. */
  agree(reading: ClockReading): void {
    requireEpoch(reading.wallMs);
    this.#trustedMs = reading.wallMs;
    this.#monotonicMs = reading.monotonicMs;
    this.#isJumped = false;
  }

  #follow(reading: ClockReading): void {
    const expectedMs = this.#trustedMs + (reading.monotonicMs - this.#monotonicMs);
    this.#isJumped = !(Math.abs(reading.wallMs - expectedMs) <= this.#maxSkewMs);
    this.#trustedMs = this.#isJumped ? expectedMs : reading.wallMs;
    this.#monotonicMs = reading.monotonicMs;
  }
}

/** What must be durable before `seq` leaves the node: 250 ms above it. */
export function ceilingFor(seq: number): number {
  return seq + CEILING_LEAD_MS * TICKS_PER_MS;
}

/** Unix time, ms, of a tick. */
export function hlcToUnixMs(seq: number): number {
  return HLC_EPOCH_UNIX_MS + Math.floor(seq / TICKS_PER_MS);
}

/** First tick of the millisecond; negative before 2025. */
export function hlcFromUnixMs(unixMs: number): number {
  return Math.floor(unixMs - HLC_EPOCH_UNIX_MS) * TICKS_PER_MS;
}

function requireEpoch(wallMs: number): void {
  if (wallMs >= HLC_EPOCH_UNIX_MS) return;
  throw new CoterieError(
    'CLOCK_SKEW',
    `The wall clock reads ${wallMs} ms, which is before 2025: set it and start again`,
  );
}
