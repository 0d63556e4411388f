/** The measured part of a run in slices: how far they are from each other says how far a second run
 *  may be from this one (quorum/noise.ts).
 *  Invariants: each operation counts in one slice, by when it was meant to begin, also when it ends
 *  in a later one; slices follow each other without a gap, so what is due during a stall is charged
 *  as without them. */
import { Outcomes } from './outcomes.ts';

export interface LoadSlice {
  /** 0: nothing was to begin in it. */
  readonly seconds: number;
  readonly outcomes: Outcomes;
}

export interface LoadSlicesOptions {
  readonly count: number;
  /** The run ends after so much time or so many operations, whichever comes first. */
  readonly seconds: number | undefined;
  readonly operations: number | undefined;
}

export class LoadSlices {
  readonly #options: LoadSlicesOptions;
  readonly #startMs: number;
  readonly #all: readonly Outcomes[];
  /** When the first operation of each was meant to begin. */
  readonly #startsMs: (number | undefined)[] = [];
  #at = 0;
  #begun = 0;

  constructor(options: LoadSlicesOptions, startMs: number) {
    this.#options = options;
    this.#startMs = startMs;
    this.#all = Array.from({ length: options.count }, () => new Outcomes());
  }

  /** Where the next operation counts. */
  of(intendedMs: number): Outcomes {
    const { count, seconds, operations } = this.#options;
    const ofTime = seconds === undefined ? 0 : (intendedMs - this.#startMs) / (seconds * 1_000);
    const ofWork = operations === undefined ? 0 : this.#begun / operations;
    const at = Math.floor(Math.max(ofTime, ofWork) * count);
    this.#at = Math.max(this.#at, Math.min(count - 1, at));
    this.#begun += 1;
    this.#startsMs[this.#at] ??= intendedMs;
    return this.#all[this.#at] as Outcomes;
  }

  get all(): readonly Outcomes[] {
    return this.#all;
  }

  total(): Outcomes {
    const total = new Outcomes();
    for (const each of this.#all) total.merge(each);
    return total;
  }

  /** When all has ended. */
  slices(endMs: number): LoadSlice[] {
    let nextMs = endMs;
    const slices: LoadSlice[] = [];
    for (let at = this.#all.length - 1; at >= 0; at -= 1) {
      const startMs = this.#startsMs[at] ?? nextMs;
      const outcomes = this.#all[at] as Outcomes;
      slices.unshift({ seconds: (nextMs - startMs) / 1_000, outcomes });
      nextMs = startMs;
    }
    return slices;
  }
}
