/** What bounds the storage service, and what does it take from the world?
 *  Invariants: every queue, map and wait of it is bounded by one of these numbers.
 *  Not here: the engine's own sizes (platform/rocksdb), where the numbers come from (config). */
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { Random } from '../../env/random.ts';
import type { Store } from '../../env/store.ts';

const MIB = 1_024 * 1_024;

export interface StorageOptions {
  /** Bytes of records that may wait for the next batch. Beyond it client updates are refused with
   *  OVERLOADED, repairs beyond twice as much. One record is admitted alone, whatever its size. */
  readonly openBatchBytesMax: number;
  /** Updates that may wait for their record or their batch, with the same double bound for
   *  repairs. */
  readonly waitingUpdatesMax: number;
  /** Reads that may wait for their record. */
  readonly waitingReadsMax: number;
  /** Committed records kept at hand, about so many bytes with all overhead; 0 = none. */
  readonly recordCacheBytesMax: number;
  /** Engine reads under way at a time. What arrives meanwhile makes the next one: more of them
   *  would only take the threads that a batch needs. */
  readonly loadsInFlightMax: number;
  /** Markers of unreadable keys. Beyond it the whole partition of a further key is unreadable. */
  readonly unreadableKeysMax: number;
  /** Client updates are refused with DISK_FULL when less than this share of the disk is free,
   *  0..1. */
  readonly clientFreeFraction: number;
  /** ... or less than so many bytes. */
  readonly clientFreeBytesMin: number;
  /** All updates are refused when less than this share of the disk is free, 0..1. */
  readonly repairFreeFraction: number;
  /** Free space is asked for again after this time ... */
  readonly diskCheckMs: number;
  /** ... or when so many bytes have been written. */
  readonly diskCheckBytes: number;
  /** A batch that is not written by then, or a quarter later, is the last one: the node stops. */
  readonly batchTimeoutMs: number;
  /** How far above the tick it was issued for a decision's ceiling lies, in ticks. An unsynced mint
   *  above what is fsynced of the ceiling makes its batch a synced one. 250 ms by default. */
  readonly ceilingLeadTicks: number;
}

export const STORAGE_DEFAULTS: StorageOptions = Object.freeze({
  openBatchBytesMax: 8 * MIB,
  waitingUpdatesMax: 16_384,
  waitingReadsMax: 16_384,
  recordCacheBytesMax: 64 * MIB,
  loadsInFlightMax: 2,
  unreadableKeysMax: 10_000,
  clientFreeFraction: 0.15,
  clientFreeBytesMin: 64 * MIB,
  repairFreeFraction: 0.05,
  diskCheckMs: 1_000,
  diskCheckBytes: 16 * MIB,
  batchTimeoutMs: 60_000,
  ceilingLeadTicks: 250 * 4_096,
});

export interface StorageEnvironment {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}
