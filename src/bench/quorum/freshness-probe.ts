/** Measures staleness: writes a key, waits for some time after the acknowledgement, reads it once,
 *  and looks how many versions behind the answer is.
 *  Each lane has a key of its own and is its only writer, so the newest version is known. One read
 *  for each write: what a read repairs would make the next one fresher than it is.
 *  Invariants: only acknowledged writes are read; once it is over, a lane ends after what it is at.
 *  Not here: the times that are drawn from (freshness-counts.ts has the bins). */
import type { Client, GetOptions, PutOptions } from '../../client/types.ts';
import { CoterieError } from '../../core/errors.ts';
import { SeededRandom } from '../../core/seeded-random.ts';
import type { Clock } from '../../env/clock.ts';
import type { ClientPlace } from '../key-chooser.ts';
import type { ReadLevel, WriteLevel } from '../operations.ts';
import type { Outcomes } from '../outcomes.ts';
import type { FreshnessCounts } from './freshness-counts.ts';

export interface ProbeOptions {
  readonly bucket: string;
  readonly lanes: number;
  readonly valueBytes: number;
  readonly read: ReadLevel;
  readonly write: WriteLevel;
  readonly seed: number;
  readonly client: ClientPlace;
}

/** Where the results go. */
export interface ProbeResults {
  readonly counts: FreshnessCounts;
  readonly outcomes: Outcomes;
}

/** Milliseconds after the acknowledgement. More at once: that is what is asked for most. */
const WAITS_MS: readonly number[] = [0, 0, 0, 1, 2, 3, 5, 8, 12, 20, 30, 50];
const VERSION_BYTES = 8;
const RETRY_MS = 50;

interface Lane {
  readonly key: string;
  version: number;
  /** Of the last write; undefined when its outcome is not known. */
  context: string | undefined;
}

export class FreshnessProbe {
  readonly #client: Client;
  readonly #reader: Client;
  readonly #clock: Clock;
  readonly #valueBytes: number;
  readonly #read: GetOptions;
  readonly #write: PutOptions;
  readonly #random: SeededRandom;
  readonly #lanes: readonly Lane[];

  /** `reader` has no other requests in flight: it takes any replica, where one that is shared with
   *  the load would prefer the one with the least of it, which is often the one that just
   *  acknowledged. */
  constructor(client: Client, reader: Client, clock: Clock, options: ProbeOptions) {
    const { bucket, lanes, valueBytes, read, write, seed, client: place } = options;
    this.#client = client;
    this.#reader = reader;
    this.#clock = clock;
    this.#valueBytes = Math.max(VERSION_BYTES, valueBytes);
    this.#read = { bucket, ...read };
    this.#write = { bucket, ...write };
    this.#random = new SeededRandom(seed, `probe ${place.index}`);
    this.#lanes = Array.from({ length: lanes }, (_, lane) => ({
      key: `probe-${place.index}-${lane}`,
      // Above those that an earlier run has left in a cluster that stays.
      version: clock.wallMs(),
      context: undefined,
    }));
  }

  /** Settles once `isOver` and all lanes have ended. Never rejects for a fault of the cluster. */
  async run(isOver: () => boolean, results: ProbeResults): Promise<void> {
    const runLane = async (lane: Lane): Promise<void> => {
      while (!isOver()) await this.#trial(lane, isOver, results);
    };
    const lanes = await Promise.allSettled(this.#lanes.map(runLane));
    for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
  }

  async #trial(lane: Lane, isOver: () => boolean, results: ProbeResults): Promise<void> {
    try {
      await this.#put(lane);
      const acknowledgedMs = this.#clock.monotonicMs();
      const waitMs = WAITS_MS[Math.floor(this.#random.float() * WAITS_MS.length)] ?? 0;
      if (waitMs > 0) await this.#wait(waitMs);
      if (isOver()) return;
      const begunMs = this.#clock.monotonicMs();
      const newest = await this.#newestOf(lane.key);
      results.counts.add(begunMs - acknowledgedMs, Math.max(0, lane.version - newest));
    } catch (error) {
      if (!(error instanceof CoterieError)) throw error;
      results.outcomes.failed(error.code);
      // A cluster that refuses at once is not asked as fast as it can refuse.
      await this.#wait(RETRY_MS);
    }
  }

  async #put(lane: Lane): Promise<void> {
    const { context } = lane;
    lane.version += 1;
    lane.context = undefined;
    const value = new Uint8Array(this.#valueBytes);
    new DataView(value.buffer).setFloat64(0, lane.version);
    const replaced = context === undefined ? { overwrite: true } : { context };
    const result = await this.#client.put(lane.key, value, { ...this.#write, ...replaced });
    // A write of before whose outcome was not known may have left a sibling.
    if (result.siblings === 1) lane.context = result.context;
  }

  /** The newest version among the siblings; 0 when there is none. */
  async #newestOf(key: string): Promise<number> {
    const { siblings } = await this.#reader.get(key, this.#read);
    return siblings.reduce((newest, { value }) => Math.max(newest, versionOf(value)), 0);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.setTimer(ms, resolve));
  }
}

function versionOf(value: Uint8Array): number {
  if (value.byteLength < VERSION_BYTES) return 0;
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getFloat64(0);
}
