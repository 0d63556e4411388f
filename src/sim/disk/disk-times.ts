/** How long does a disk take, faults aside? As disks do, or as in the profile of a prediction.
 *  Invariant: all draws come from streams of the disk.
 *  Not here: the order of batches, and what stalls the disk (sim-store.ts). */
import type { LatencyProfile } from '../../core/pbs/profile.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { LegStream } from '../kernel/leg-stream.ts';
import type { RandomStream } from '../kernel/random-stream.ts';

export interface DiskTimes {
  readUs(): number;
  batchUs(): number;
  /** On top of its batch. */
  syncUs(): number;
}

/** In virtual microseconds, from and to. */
const READ_US = [20, 200] as const;
const BATCH_US = [30, 300] as const;
const SYNC_US = [500, 5_000] as const;
/** A sync that meets the disk's own housekeeping. */
const LONG_SYNC_US = [20_000, 120_000] as const;
const LONG_SYNC_SHARE = 0.005;

export class UsualDiskTimes implements DiskTimes {
  readonly #latency: RandomStream;

  /** `latency`: one stream for all processes that ever use the disk. */
  constructor(latency: RandomStream) {
    this.#latency = latency;
  }

  readUs(): number {
    return this.#latency.between(...READ_US);
  }

  batchUs(): number {
    return this.#latency.between(...BATCH_US);
  }

  syncUs(): number {
    const [from, to] = this.#latency.chance(LONG_SYNC_SHARE) ? LONG_SYNC_US : SYNC_US;
    return this.#latency.between(from, to);
  }
}

/** A batch takes the leg `commit`, synced or not. Reads cost nothing: a write reads before it is
 *  committed, and that is part of this leg. */
export class ProfileDiskTimes implements DiskTimes {
  readonly #commit: LegStream | undefined;

  constructor(kernel: Kernel, disk: string, { legs: { commit } }: LatencyProfile) {
    this.#commit = commit && new LegStream(kernel, `commit ${disk}`, commit);
  }

  readUs(): number {
    return 0;
  }

  batchUs(): number {
    return this.#commit?.drawUs() ?? 0;
  }

  syncUs(): number {
    return 0;
  }
}
