/** How long does the disk take to answer one process, and what if that process dies meanwhile? The
 *  storage port over a simulated disk.
 *  Invariants: a call is one event of the kernel, at which the disk does it, and its answer is a
 *  step of the process (none once it is dead, later while it is paused); batches end in the order
 *  of their calls, each after the one before it; bytes that are handed out are copies.
 *  Not here: what is stored and what a crash makes of it (sim-disk.ts), how long it takes
 *  (disk-times.ts). */
import { assert, CoterieError } from '../../core/errors.ts';
import { assertStoreKey, StoreGate } from '../../core/store-gate.ts';
import type {
  DiskSpace,
  Store,
  StoreIterator,
  StoreOperation,
  StoreRange,
} from '../../env/store.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { NodeClock } from '../kernel/node-clock.ts';
import { BadBlockMet, badBlockError } from './bad-blocks.ts';
import type { DiskHold, SimDisk } from './sim-disk.ts';
import { SimStoreIterator } from './sim-store-iterator.ts';

/** In virtual microseconds, from and to. */
const OPEN_US = [1_000, 20_000] as const;
const CLOSE_US = [100, 2_000] as const;

export class SimStore implements Store {
  readonly engine = 'simulated';
  readonly #kernel: Kernel;
  readonly #clock: NodeClock;
  readonly #disk: SimDisk;
  readonly #source: string;
  readonly #gate = new StoreGate();
  readonly #iterators = new Set<SimStoreIterator>();
  /** Ends the process, of which nothing happens any more. */
  readonly #abort: () => void;
  #hold: DiskHold | undefined;
  /** A read has found a bad block since the files are these. */
  #isDamaged = false;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #lastBatchEndsUs = 0;

  /** `abort`: what ends the process, from an event that is none of its steps, when it walks over a
   *  bad block; when absent the process is its clock and its hold on the disk. */
  constructor(kernel: Kernel, clock: NodeClock, disk: SimDisk, abort?: () => void) {
    this.#abort =
      abort ??
      (() => {
        clock.kill();
        disk.crash('kept');
      });
    this.#kernel = kernel;
    this.#clock = clock;
    this.#disk = disk;
    this.#source = `disk ${disk.name}`;
  }

  /** Errors: CONFLICT when another store has the disk. */
  async open(): Promise<void> {
    this.#gate.startOpening();
    this.#opening = this.#open();
    return this.#opening;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    for (const key of keys) assertStoreKey(key);
    this.#gate.begin('getMany');
    try {
      return await this.#call(this.#readUs, () => {
        const content = this.#disk.contentOf(this.#held, 'getMany');
        this.#disk.assertReadable('getMany');
        return this.#copies(keys.map((key) => content.get(key)));
      });
    } finally {
      this.#gate.end();
    }
  }

  async batch(
    operations: readonly StoreOperation[],
    options: { readonly sync: boolean },
  ): Promise<void> {
    assert(operations.length > 0, 'A batch has at least one operation');
    for (const { key } of operations) assertStoreKey(key);
    this.#gate.begin('batch');
    try {
      const hold = this.#held;
      this.#disk.contentOf(hold, 'batch');
      hold.waiting.push(operations);
      await this.#call(this.#batchDelayUs(options.sync), () => {
        hold.waiting.shift();
        this.#write(hold, operations, options.sync);
      });
    } finally {
      this.#gate.end();
    }
  }

  iterate(range: StoreRange): StoreIterator {
    const { from, to, limit = Number.POSITIVE_INFINITY, reverse = false } = range;
    assert(limit >= 0, `A limit of ${limit}`);
    this.#gate.beginIterator();
    try {
      const snapshot = this.#disk.contentOf(this.#held, 'iterate').snapshot();
      this.#assertUndamaged();
      const entries = reverse ? snapshot.entriesReversed(from, to) : snapshot.entries(from, to);
      const iterator = new SimStoreIterator({
        entries: this.#disk.blocks.upTo(entries, range),
        limit,
        call: (read) =>
          this.#call(this.#readUs, () => {
            this.#disk.contentOf(this.#held, 'iterate');
            this.#disk.assertReadable('iterate');
            this.#assertUndamaged();
            return read();
          }),
        onClosed: () => {
          this.#iterators.delete(iterator);
          this.#gate.endIterator();
        },
      });
      this.#iterators.add(iterator);
      return iterator;
    } catch (error) {
      this.#gate.endIterator();
      throw error;
    }
  }

  async diskSpace(): Promise<DiskSpace> {
    this.#gate.begin('diskSpace');
    try {
      return await this.#call(this.#readUs, () => {
        this.#disk.contentOf(this.#held, 'diskSpace');
        return this.#disk.space();
      });
    } finally {
      this.#gate.end();
    }
  }

  async setAside(_reason: string): Promise<void> {
    await Promise.all([...this.#iterators].map((iterator) => iterator.close()));
    await this.#call(this.#durationUs(OPEN_US), () => this.#beginAnew(this.#held));
  }

  /** Files that a process has died of are set aside at once: production opens them in another
   *  process first, and sees it die too. */
  async #open(): Promise<void> {
    let hasOpened = false;
    try {
      await this.#call(this.#durationUs(OPEN_US), () => {
        this.#hold = this.#disk.take();
        if (this.#disk.blocks.wasMet) this.#beginAnew(this.#hold);
      });
      hasOpened = true;
    } finally {
      this.#gate.finishOpening(hasOpened);
    }
  }

  async #close(): Promise<void> {
    // Who called `open` is told why it failed; here it only has to be over.
    if (this.#gate.state === 'opening') await Promise.allSettled([this.#opening]);
    this.#gate.startClosing();
    await Promise.all([...this.#iterators].map((iterator) => iterator.close()));
    await new Promise<void>((resolve) => this.#gate.whenIdle(resolve));
    const hold = this.#hold;
    if (hold !== undefined) {
      await this.#call(this.#durationUs(CLOSE_US), () => this.#disk.release(hold));
    }
    this.#gate.finishClosing();
  }

  /** With nothing: the files are kept elsewhere. */
  #beginAnew(hold: DiskHold): void {
    this.#disk.setAside(hold);
    this.#isDamaged = false;
  }

  #copies(values: readonly (Uint8Array | undefined)[]): (Uint8Array | undefined)[] {
    try {
      this.#disk.assertSound(values);
    } catch (error) {
      this.#isDamaged = true;
      throw error;
    }
    return values.map((value) => value && new Uint8Array(value));
  }

  /** Errors: STORAGE_IO {isCorruption: true}. */
  #assertUndamaged(): void {
    if (this.#isDamaged) throw badBlockError('iterate', this.#disk.name);
  }

  #tell(error: unknown, reject: (error: unknown) => void): void {
    const isDamage = error instanceof CoterieError && error.details['isCorruption'] === true;
    if (isDamage) this.#disk.noteDamage('found');
    reject(error);
  }

  #die(): void {
    this.#disk.noteDamage('met');
    this.#abort();
  }

  #write(hold: DiskHold, operations: readonly StoreOperation[], sync: boolean): void {
    this.#gate.assertNoFailedBatch();
    try {
      this.#disk.write(hold, operations, sync);
    } catch (error) {
      this.#gate.noteFailedBatch();
      throw error;
    }
  }

  get #held(): DiskHold {
    assert(this.#hold !== undefined, 'The gate let an operation through too early');
    return this.#hold;
  }

  /** Until the end of a batch called now: it begins when the one before it has ended, and ends at a
   *  time of its own. */
  #batchDelayUs(sync: boolean): number {
    const { times, stallUs } = this.#disk;
    const syncUs = sync ? times.syncUs() : 0;
    const tookUs = Math.round(times.batchUs() + stallUs + syncUs);
    const { nowUs } = this.#kernel;
    this.#lastBatchEndsUs = Math.max(nowUs, this.#lastBatchEndsUs) + tookUs;
    return this.#lastBatchEndsUs - nowUs;
  }

  get #readUs(): number {
    return this.#disk.times.readUs() + this.#disk.stallUs;
  }

  #durationUs([from, to]: readonly [number, number]): number {
    return this.#disk.latency.between(from, to) + this.#disk.stallUs;
  }

  /** The disk does the work after the delay, and the process is told as a step of its own. */
  #call<Answer>(delayUs: number, work: () => Answer): Promise<Answer> {
    const clock = this.#clock;
    return new Promise((resolve, reject) => {
      this.#kernel.schedule(delayUs, this.#source, () => {
        if (clock.isDead) return;
        try {
          const answer = work();
          clock.enter(() => resolve(answer));
        } catch (error) {
          if (error instanceof BadBlockMet) this.#die();
          else clock.enter(() => this.#tell(error, reject));
        }
      });
    });
  }
}
