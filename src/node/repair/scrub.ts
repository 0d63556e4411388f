/** Re-reads every record and checks every leaf, slowly: rot is found before the other copies rot as
 *  well, and a leaf that does not say what the records are is put right before it hides a
 *  difference.
 *  Invariants: so many bytes a second are read and no more, one page more at most; a record that
 *  fails its checksum is marked unreadable by the store and answers nothing from then on; a leaf is
 *  only put right when it did not change while its records were read; a node that is RECOVERING
 *  re-reads nothing, for it is being rebuilt.
 *  Not here: marking (node/storage), fetching what rotted from peers (rebuild.ts), which leaves are
 *  right when they are counted again (node/storage/leaf-recount.ts).
 *  Source: ARCHITECTURE 5.9, 5.17. */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type { Entry } from '../../core/merkle/entries.ts';
import { ALL_LEAVES, tokenRangesOf } from '../../core/merkle/leaf-ranges.ts';
import { NODE_FIELDS } from '../../core/merkle/tree.ts';
import type { Ring } from '../../core/ring/ring.ts';
import { LEAVES_PER_PARTITION, leafOf } from '../../core/ring/token.ts';
import { TokenBucket } from '../../core/token-bucket.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { Random } from '../../env/random.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type { Place, ScrubStatus } from '../contracts.ts';
import { isRecordKey, recordKeyOfRow } from '../storage/record-key.ts';
import type { RecordStore } from '../storage/record-store.ts';
import { tokenOfRow } from '../storage/table-keys.ts';
import { partitionsOf } from './rebuild.ts';
import { leavesOf } from './record-access.ts';

export interface ScrubOptions {
  /** 0 = off. */
  readonly bytesPerSecondMax: number;
  /** Between two readings of the same partition. */
  readonly intervalMs: number;
  /** The first one begins so long after the start. */
  readonly startAfterMs: number;
}

export const SCRUB_DEFAULTS: ScrubOptions = Object.freeze({
  bytesPerSecondMax: 1_024 * 1_024,
  intervalMs: 7 * 24 * 3_600_000,
  startAfterMs: 60_000,
});

export interface ScrubParts {
  readonly store: Pick<RecordStore, 'scan'>;
  readonly deadlines: Deadlines;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly recovery: { readonly isRecovering: boolean };
  place(): Place | undefined;
}

/** Of keys in a page: some hundreds of records. */
const PAGE_BYTES = 16 * 1_024;
const RETRY_MS = 10_000;
/** What a page costs beside its records. */
const PAGE_OVERHEAD = 4_096;

export class Scrub {
  readonly #parts: ScrubParts;
  readonly #options: ScrubOptions;
  readonly #bucket: TokenBucket;
  /** When each partition was last read to its end; monotonic. */
  readonly #readMs = new Map<number, number>();
  #beganMs = 0;
  #records = 0;
  #corrupt = 0;
  #correctedLeaves = 0;
  #timer: DeadlineEntry | undefined;
  #isStopped = false;

  constructor(parts: ScrubParts, options: ScrubOptions) {
    this.#parts = parts;
    this.#options = options;
    const perSecond = Math.max(1, options.bytesPerSecondMax);
    this.#bucket = new TokenBucket({ perSecond, burst: perSecond });
  }

  /** Once this node has its place. */
  start(): void {
    if (this.#options.bytesPerSecondMax === 0 || this.#isStopped) return;
    this.#beganMs = this.#parts.deadlines.nowMs();
    this.#after(this.#options.startAfterMs, () => this.#next());
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer);
  }

  /** Undefined = off. */
  status(): ScrubStatus | undefined {
    if (this.#options.bytesPerSecondMax === 0) return undefined;
    const here = this.#parts.place();
    const oldest = here && this.#oldestOf(here);
    const readMs = oldest === undefined ? undefined : this.#readMs.get(oldest);
    return {
      records: this.#records,
      corrupt: this.#corrupt,
      correctedLeaves: this.#correctedLeaves,
      ...(readMs !== undefined && { oldestMs: this.#parts.deadlines.nowMs() - readMs }),
    };
  }

  #next(): void {
    const here = this.#parts.place();
    if (here === undefined || this.#parts.recovery.isRecovering) {
      this.#after(RETRY_MS, () => this.#next());
      return;
    }
    const partition = this.#oldestOf(here);
    const readMs = partition === undefined ? undefined : this.#readMs.get(partition);
    const dueMs = readMs === undefined ? this.#beganMs : readMs + this.#options.intervalMs;
    const waitMs = dueMs - this.#parts.deadlines.nowMs();
    if (partition === undefined || waitMs > 0) {
      this.#after(partition === undefined ? RETRY_MS : waitMs, () => this.#next());
      return;
    }
    this.#read(here, partition).then(
      () => this.#after(0, () => this.#next()),
      (thrown: unknown) => {
        const { code, message } = asCoterieError(thrown);
        if (code !== 'NOT_RUNNING') this.#parts.log.warn('scrub-failed', { partition, message });
        this.#after(RETRY_MS, () => this.#next());
      },
    );
  }

  /** One that was never read comes first, by chance which: not all nodes begin with the same. */
  #oldestOf(here: Place): number | undefined {
    const own = partitionsOf(here);
    const unread = own.filter((partition) => !this.#readMs.has(partition));
    if (unread.length > 0) return unread[Math.floor(this.#parts.random.float() * unread.length)];
    let oldest = own[0];
    for (const partition of own) {
      const readMs = this.#readMs.get(partition) ?? 0;
      if (readMs < (this.#readMs.get(oldest ?? partition) ?? 0)) oldest = partition;
    }
    return oldest;
  }

  async #read({ ring }: Place, partition: number): Promise<void> {
    const { store, metrics } = this.#parts;
    const { partitions } = ring.layout;
    const ranges = tokenRangesOf(ALL_LEAVES, partition, partitions);
    const before = await leavesOf(store, partition);
    const counted = new CountedLeaves(partitions);
    let after = new Uint8Array(0);
    let damaged = 0;
    for (;;) {
      const page = await store.scan.entries({ ranges, after, bytesMax: PAGE_BYTES });
      for (const entry of page.entries) {
        counted.add(entry);
        if (!isOf(ring, partition, entry.key)) store.scan.suspect(entry.key);
      }
      damaged += page.damaged;
      this.#records += page.entries.length;
      metrics.add('coterie_scrubbed_records_total', {}, page.entries.length);
      await this.#pay(page.readBytes + PAGE_OVERHEAD);
      const last = page.entries.at(-1);
      if (!page.isMore || last === undefined) break;
      after = Uint8Array.from(last.key);
    }
    this.#corrupt += damaged;
    // What rotted has no known share of its leaf: that is counted again by the store.
    if (damaged === 0) this.#correct(partition, before, await leavesOf(store, partition), counted);
    this.#readMs.set(partition, this.#parts.deadlines.nowMs());
  }

  #correct(partition: number, before: Uint32Array, now: Uint32Array, counted: CountedLeaves): void {
    const { store, log, metrics } = this.#parts;
    for (let leaf = 0; leaf < LEAVES_PER_PARTITION; leaf += 1) {
      if (!isSameLeaf(before, now, leaf) || isSameLeaf(now, counted.nodes, leaf)) continue;
      store.scan.recount(partition, leaf);
      this.#correctedLeaves += 1;
      metrics.add('coterie_scrub_corrected_leaves_total', {});
      log.error('leaf-corrected', { partition, leaf });
    }
  }

  #pay(bytes: number): Promise<void> {
    const { deadlines } = this.#parts;
    const waitMs = this.#bucket.take(bytes, deadlines.nowMs());
    if (this.#isStopped) return Promise.reject(stopped());
    return new Promise((resolve) => this.#after(Math.max(1, waitMs), resolve));
  }

  /** One thing at a time is waited for. */
  #after(delayMs: number, call: () => void): void {
    if (this.#isStopped) return;
    const { deadlines } = this.#parts;
    this.#timer = deadlines.add(deadlines.nowMs() + delayMs, call);
  }
}

/** A sound record under a name that is not its own would be found under neither. */
function isOf(ring: Ring, partition: number, storageKey: Uint8Array): boolean {
  if (!isRecordKey(storageKey)) return false;
  const { bucket, key, token } = recordKeyOfRow(storageKey);
  const place = ring.partitionOfKey(bucket, key);
  return place.token === token && place.partition === partition;
}

/** The leaves of a partition as its records make them. */
class CountedLeaves {
  readonly nodes = new Uint32Array(LEAVES_PER_PARTITION * NODE_FIELDS);
  readonly #partitions: number;

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  add({ key, high, low }: Entry): void {
    const at = leafOf(tokenOfRow(key), this.#partitions) * NODE_FIELDS;
    const { nodes } = this;
    nodes[at] = (nodes[at] ?? 0) ^ high;
    nodes[at + 1] = (nodes[at + 1] ?? 0) ^ low;
    nodes[at + 2] = (nodes[at + 2] ?? 0) + 1;
  }
}

function isSameLeaf(a: Uint32Array, b: Uint32Array, leaf: number): boolean {
  const at = leaf * NODE_FIELDS;
  return a[at] === b[at] && a[at + 1] === b[at + 1] && a[at + 2] === b[at + 2];
}

function stopped(): CoterieError {
  return new CoterieError('NOT_RUNNING', 'The node is stopped');
}
