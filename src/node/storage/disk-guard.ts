/** Is there room on the disk for what is to be written, and is the engine well? It is asked before
 *  an update is decided, because after ENOSPC in its log the engine refuses everything and cannot
 *  be resumed.
 *  Invariants: the answer is never older than the time and the bytes of the options when an update
 *  is decided on it; repairs are admitted longer than clients, for they make replicas equal and
 *  free siblings.
 *  Not here: what a batch does that fails all the same (commit-queue.ts). Source:
 *  docs/ARCHITECTURE.md 5.11. */
import { CoterieError } from '../../core/errors.ts';
import type { DiskSpace } from '../../env/store.ts';
import type { StorageEnvironment, StorageOptions } from './storage-options.ts';
import type { UpdateOptions } from './update.ts';

/** Who is refused at present. */
type Refused = 'none' | 'client' | 'all';

export class DiskGuard {
  readonly #environment: Pick<StorageEnvironment, 'store' | 'clock' | 'log'>;
  readonly #options: StorageOptions;
  #space: DiskSpace = { freeBytes: Number.POSITIVE_INFINITY, totalBytes: 0 };
  #refused: Refused = 'none';
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #writtenBytes = 0;
  #asking: Promise<void> | undefined;
  readonly #damaged: (reason: string) => void;
  /** The last trouble of the engine that was logged. */
  #trouble = '';

  /** `damaged`: told at every look while the engine says that its files are damaged. */
  constructor(
    environment: Pick<StorageEnvironment, 'store' | 'clock' | 'log'>,
    options: StorageOptions,
    damaged: (reason: string) => void,
  ) {
    this.#environment = environment;
    this.#options = options;
    this.#damaged = damaged;
  }

  noteWritten(bytes: number): void {
    this.#writtenBytes += bytes;
  }

  /** Asks again when the last answer is too old; undefined when it is not. Never rejects: if the
   *  disk cannot be asked, the last answer stands. */
  refresh(): Promise<void> | undefined {
    const { diskCheckMs, diskCheckBytes } = this.#options;
    const nowMs = this.#environment.clock.monotonicMs();
    const isFresh = nowMs - this.#askedAtMs < diskCheckMs && this.#writtenBytes < diskCheckBytes;
    if (isFresh) return this.#asking;
    this.#askedAtMs = nowMs;
    this.#writtenBytes = 0;
    this.#asking ??= this.#ask();
    return this.#asking;
  }

  /** Why an update of this priority is refused; undefined when there is room. */
  refusal(priority: UpdateOptions['priority']): CoterieError | undefined {
    if (this.#refused === 'none') return undefined;
    if (this.#refused === 'client' && priority === 'repair') return undefined;
    const { freeBytes, totalBytes } = this.#space;
    return new CoterieError(
      'DISK_FULL',
      `Only ${freeBytes} of the disk's ${totalBytes} bytes are free; make room, or delete keys`,
      { details: { freeBytes, totalBytes } },
    );
  }

  async #ask(): Promise<void> {
    try {
      this.#space = await this.#environment.store.diskSpace();
      this.#judge();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#environment.log.warn('disk-space-unknown', { reason });
    }
    await this.#lookAtEngine();
    this.#asking = undefined;
  }

  /** Compaction that fails holds up every write in the end: the node must know it long before. What
   *  is no damage may pass by itself, as a full disk does. */
  async #lookAtEngine(): Promise<void> {
    const { store, log } = this.#environment;
    try {
      const trouble = await store.health?.();
      if (trouble === undefined) return;
      const { reason, isDamage } = trouble;
      if (isDamage) this.#damaged(reason);
      else if (this.#isNews(reason)) log.warn('engine-in-trouble', { reason });
    } catch (error) {
      if (error instanceof CoterieError && error.code === 'NOT_RUNNING') return;
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#isNews(reason)) log.warn('engine-health-unknown', { reason });
    }
  }

  #isNews(reason: string): boolean {
    const isNews = this.#trouble !== reason;
    this.#trouble = reason;
    return isNews;
  }

  #judge(): void {
    const { clientFreeFraction, clientFreeBytesMin, repairFreeFraction } = this.#options;
    const { freeBytes, totalBytes } = this.#space;
    const before = this.#refused;
    if (freeBytes < totalBytes * repairFreeFraction) this.#refused = 'all';
    else if (freeBytes < Math.max(totalBytes * clientFreeFraction, clientFreeBytesMin)) {
      this.#refused = 'client';
    } else {
      this.#refused = 'none';
    }
    if (this.#refused === before) return;
    this.#environment.log.warn('disk-space', { refused: this.#refused, freeBytes, totalBytes });
  }
}
