/** Which partitions a rebuild has finished, kept so that a restart need not rebuild them once more.
 *  Invariants: what is kept names the lives whose loss was being made good: it is of use only to a
 *  start that finds no other loss; it is written at most once a second, and what is not written yet
 *  is rebuilt again. The row also goes with what makes it worthless: new damage, a member that has
 *  forgotten this one.
 *  Not here: what it is good for (standing-keeper.ts), the row (standing-rows.ts). */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import type { Log } from '../../env/log.ts';
import { REBUILT_ROW } from '../storage/table-keys.ts';
import type { MetaRows } from './peer-memories.ts';
import { decodeProgress, encodeProgress, type StoredProgress } from './standing-rows.ts';

const NOTE_INTERVAL_MS = 1_000;

export class RebuildProgress {
  readonly #env: { readonly deadlines: Deadlines; readonly log: Log };
  readonly #rows: MetaRows;
  readonly #present: () => StoredProgress;
  #due: DeadlineEntry | undefined;
  #isStored = false;

  constructor(
    env: { readonly deadlines: Deadlines; readonly log: Log },
    rows: MetaRows,
    present: () => StoredProgress,
  ) {
    this.#env = env;
    this.#rows = rows;
    this.#present = present;
  }

  async read(): Promise<StoredProgress | undefined> {
    const row = await this.#rows.readMeta(REBUILT_ROW);
    this.#isStored = row !== undefined;
    return row && decodeProgress(row);
  }

  /** There is more of it. */
  noteSoon(): void {
    const { deadlines } = this.#env;
    this.#due ??= deadlines.add(deadlines.nowMs() + NOTE_INTERVAL_MS, () => {
      this.#due = undefined;
      void this.note();
    });
  }

  async note(): Promise<void> {
    this.end();
    this.#isStored = true;
    await this.#write(encodeProgress(this.#present()));
  }

  /** What is not noted yet is not noted any more. */
  end(): void {
    if (this.#due !== undefined) this.#env.deadlines.cancel(this.#due);
    this.#due = undefined;
  }

  get isDue(): boolean {
    return this.#due !== undefined;
  }

  /** It is worth nothing any more. */
  forget(): void {
    this.end();
    if (this.#isStored) void this.#write(undefined);
    this.#isStored = false;
  }

  async #write(value: Uint8Array | undefined): Promise<void> {
    try {
      await this.#rows.writeMeta([{ name: REBUILT_ROW, value }]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#env.log.warn('rebuild-progress-not-noted', { reason });
    }
  }
}
