/** What is wrong with one disk just now? Faults that last overlap: each is ended by itself, and
 *  what counts meanwhile is the worst of them (of stalls, their sum).
 *  Invariant: once every fault was ended the disk is well.
 *  Not here: what they lead to (sim-disk.ts), losses of data, when faults happen (sim/faults). */

const US_PER_MS = 1_000;

/** Ends a fault; harmless when it has ended already. */
export type EndFault = () => void;

export class DiskFaults {
  /** Of reads that fail, 0..1. */
  readFailureShare = 0;
  /** What everything takes longer. */
  stallUs = 0;
  /** Of the disk's bytes, 0..1, that are free at most. */
  freeShare = 1;
  readonly #readFailures = new Set<Active>();
  readonly #stalls = new Set<Active>();
  readonly #fills = new Set<Active>();
  readonly #syncFailures = new Set<Active>();

  failReads(share: number): EndFault {
    return begin(this.#readFailures, share, (values) => {
      this.readFailureShare = Math.max(0, ...values);
    });
  }

  stall(byMs: number): EndFault {
    return begin(this.#stalls, byMs * US_PER_MS, (values) => {
      this.stallUs = values.reduce((sum, value) => sum + value, 0);
    });
  }

  fill(freeShare: number): EndFault {
    return begin(this.#fills, freeShare, (values) => {
      this.freeShare = Math.min(1, ...values);
    });
  }

  /** Called several times it makes as many syncs fail. */
  failNextSync(): EndFault {
    return begin(this.#syncFailures, 1, () => {});
  }

  /** Whether this sync fails; each failure asked for happens once. */
  takeSyncFailure(): boolean {
    for (const active of this.#syncFailures) {
      this.#syncFailures.delete(active);
      return true;
    }
    return false;
  }
}

interface Active {
  readonly value: number;
}

function begin(
  all: Set<Active>,
  value: number,
  combine: (values: readonly number[]) => void,
): EndFault {
  const changed = (): void => combine([...all].map((active) => active.value));
  const active: Active = { value };
  all.add(active);
  changed();
  return () => {
    all.delete(active);
    changed();
  };
}
