/** How many hints are held for each member, how large are they, and is there room for one more?
 *  Invariants: count and bytes are those of the rows that are stored or about to be; what is new
 *  is refused at the bounds of its target; nothing that is stored is pushed out.
 *  Not here: rows (node/handoff), what becomes of what was refused (the partition of a mark goes to
 *  anti-entropy first, a copy is kept by another member).
 *  Source: docs/guarantees.md, hints. */

export interface HintCount {
  readonly count: number;
  readonly bytes: number;
  /** Unix time of the oldest, ms; 0 = there is none. It may be that of one that has been delivered
   *  since the last look at all of them. */
  readonly oldestMs: number;
}

/** What one target has, or is to have more. */
export interface HintLoad {
  readonly count: number;
  readonly bytes: number;
}

/** Of one target. */
export interface HintBounds {
  readonly hintsPerTargetMax: number;
  /** What rows and their keys take. */
  readonly hintBytesPerTargetMax: number;
}

export function hasRoom(held: HintLoad, more: HintLoad, bounds: HintBounds): boolean {
  if (held.count + more.count > bounds.hintsPerTargetMax) return false;
  return held.bytes + more.bytes <= bounds.hintBytesPerTargetMax;
}

export interface StoredHint {
  readonly bytes: number;
  readonly isCopy: boolean;
  readonly firstAtMs: number;
}

interface Mutable {
  count: number;
  bytes: number;
  oldestMs: number;
}

export class HintCounts {
  readonly #targets = new Map<number, Mutable>();

  /** Members that hints are held for, ascending. */
  get targets(): readonly number[] {
    return [...this.#targets.keys()].sort((a, b) => a - b);
  }

  of(target: number): HintCount {
    return this.#targets.get(target) ?? NONE;
  }

  added(target: number, hint: StoredHint): void {
    const entry = this.#targets.get(target) ?? { count: 0, bytes: 0, oldestMs: hint.firstAtMs };
    this.#targets.set(target, entry);
    entry.count += 1;
    entry.bytes += hint.bytes;
    entry.oldestMs = Math.min(entry.oldestMs, hint.firstAtMs);
  }

  removed(target: number, { bytes }: Pick<StoredHint, 'bytes'>): void {
    const entry = this.#targets.get(target);
    if (entry === undefined) return;
    entry.count -= 1;
    entry.bytes -= bytes;
    if (entry.count <= 0) this.#targets.delete(target);
  }
}

const NONE: HintCount = Object.freeze({ count: 0, bytes: 0, oldestMs: 0 });
