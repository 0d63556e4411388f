/** Which numbers do reads hang on that no deployment has a reason to change?
 *  Invariant: every queue of a read and of what comes after it is bounded by one of these numbers.
 *  Not here: what is made of them (reads.ts and what it uses), the numbers that are configured. */

export interface ReadTuning {
  /** A record of more bytes than this is asked for once, of the replica that is asked first: the
   *  others answer with a digest. 0 = never. */
  readonly digestAboveBytes: number;
  /** Share of the reads at ONE and LOCAL_ONE, 0..1, after which the replicas that were not asked
   *  are looked at too. */
  readonly lookShare: number;
  /** A hedge is never sent sooner. */
  readonly hedgeAfterMsMin: number;
  /** Repairs that wait, in number ... */
  readonly repairsWaitingMax: number;
  /** ... and in bytes of their records. */
  readonly repairBytesMax: number;
  readonly repairsUnderWayMax: number;
  readonly repairsPerSecond: number;
}

const KIB = 1_024;

/** digestAboveBytes: under a KiB a record in a frame of many costs less than the second round that
 *  every difference takes. lookShare: reads at ONE are the only ones that meet one replica alone;
 *  what nobody compares stays different, and one look for ten reads costs them a tenth of a digest
 *  read. repairsPerSecond: less than a tenth of what a node writes, so that a replica that missed
 *  much is repaired without the clients noticing. */
export const READ_DEFAULTS: ReadTuning = Object.freeze({
  digestAboveBytes: KIB,
  lookShare: 0.1,
  hedgeAfterMsMin: 2,
  repairsWaitingMax: 1_024,
  repairBytesMax: 8 * KIB * KIB,
  repairsUnderWayMax: 64,
  repairsPerSecond: 1_000,
});

export interface ReadOptions {
  /** A replica that has not answered after this time is joined by the next one. */
  readonly replaceAfterMs: number;
  /** Budget of one replica write, as for other replica writes. */
  readonly replicaWriteTimeoutMs: number;
  readonly tuning: ReadTuning;
}
