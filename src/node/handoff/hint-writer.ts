/** In which order do hints reach the disk? One change after the other, all that came while the last
 *  batch was written in the next one: the rows that they look at are read in one call, and what
 *  they decide is written in one batch.
 *  Invariants: a change decides on the rows as the changes before it left them; it is told once,
 *  after its batch was fsynced; counts follow the rows; what waits is bounded, and what is beyond
 *  the bound is refused at once.
 *  Not here: what changes decide (hint-changes.ts). Source: docs/ARCHITECTURE.md 5.2. */
import type { Checksum } from '../../core/checksum.ts';
import { CoterieError } from '../../core/errors.ts';
import type { HintCounts, HintLoad } from '../../core/hint/hint-counts.ts';
import type { Clock } from '../../env/clock.ts';
import type { StoreOperation } from '../../env/store.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import { recordIdOf } from '../storage/record-key.ts';
import type { ServiceRows } from '../storage/service-rows.ts';
import { targetOfHint } from '../storage/table-keys.ts';
import { decodeHintRow, encodeHintRow, type HintRow, hintRowBytes } from './hint-rows.ts';

/** Rows as a change sees them. */
export interface StagedRows {
  get(rowKey: Uint8Array): HintRow | undefined;
  /** `undefined` deletes it. */
  set(rowKey: Uint8Array, row: HintRow | undefined): void;
  /** How many rows, and bytes of rows, the target has by now, with all that is decided. */
  heldFor(target: number): HintLoad;
  /** Clock ceiling to be stored with the rows, in ticks. */
  raiseCeiling(ceiling: number): void;
}

export interface HintChange {
  /** Of the rows it looks at or writes. */
  readonly rowKeys: readonly Uint8Array[];
  /** That it holds in memory. */
  readonly bytes: number;
  /** Called once; what it throws is given to `failed`, and it must not have set anything then. */
  decide(rows: StagedRows): void;
  settled(): void;
  failed(error: CoterieError): void;
}

export interface HintWriterParts {
  readonly rows: Pick<ServiceRows, 'read' | 'write'>;
  readonly counts: HintCounts;
  readonly checksum: Checksum;
  readonly clock: Pick<Clock, 'defer'>;
  /** A row was there and does not match its checksum. */
  readonly rotten: (rowKey: Uint8Array) => void;
  /** Rows have changed, on the disk and in the counts. */
  readonly written: () => void;
}

const CHANGES_MAX = 4_096;
const BYTES_MAX = 16 * 1_024 * 1_024;

export class HintWriter {
  readonly #parts: HintWriterParts;
  #waiting: HintChange[] = [];
  #waitingBytes = 0;
  #isOpen = false;
  #isScheduled = false;
  #isRunning = false;
  readonly #drained: (() => void)[] = [];

  constructor(parts: HintWriterParts) {
    this.#parts = parts;
  }

  /** What was added waits until this is called. */
  open(): void {
    this.#isOpen = true;
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** False: too much waits, and nothing was taken. One change is taken alone, whatever its size. */
  add(change: HintChange): boolean {
    const isAlone = this.#waiting.length === 0;
    if (!isAlone && this.#waitingBytes + change.bytes > BYTES_MAX) return false;
    if (this.#waiting.length >= CHANGES_MAX) return false;
    this.#waiting.push(change);
    this.#waitingBytes += change.bytes;
    this.#schedule();
    return true;
  }

  /** Settles when nothing waits and nothing is under way. */
  drained(): Promise<void> {
    const isIdle = !this.#isRunning && this.#waiting.length === 0;
    if (isIdle || !this.#isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
    });
  }

  #schedule(): void {
    if (!this.#isOpen || this.#isScheduled || this.#isRunning) return;
    this.#isScheduled = true;
    this.#parts.clock.defer(() => {
      this.#isScheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const changes = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      await this.#write(changes);
    }
    this.#isRunning = false;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  async #write(changes: readonly HintChange[]): Promise<void> {
    let untold: readonly HintChange[] = changes;
    try {
      const staged = await this.#read(changes);
      const decided: HintChange[] = [];
      untold = decided;
      for (const change of changes) {
        const error = decide(change, staged);
        if (error === undefined) decided.push(change);
        else change.failed(error);
      }
      const operations = this.#count(staged);
      if (operations.length > 0) {
        await this.#parts.rows.write(operations, staged.ceiling);
        this.#parts.written();
      }
    } catch (thrown) {
      const error = asCoterieError(thrown);
      for (const change of untold) change.failed(error);
      return;
    }
    for (const change of untold) change.settled();
  }

  async #read(changes: readonly HintChange[]): Promise<Staged> {
    const staged = new Staged(this.#parts.counts);
    for (const { rowKeys } of changes) for (const rowKey of rowKeys) staged.expect(rowKey);
    const cells = staged.cells();
    const values = await this.#parts.rows.read(cells.map(({ rowKey }) => rowKey));
    for (const [index, cell] of cells.entries()) {
      const value = values[index];
      if (value === undefined) continue;
      cell.bytesBefore = cell.rowKey.length + value.length;
      cell.before = this.#decode(cell.rowKey, value);
      cell.isRotten = cell.before === undefined;
      cell.now = cell.before;
    }
    return staged;
  }

  #decode(rowKey: Uint8Array, value: Uint8Array): HintRow | undefined {
    try {
      return decodeHintRow(rowKey, value, this.#parts.checksum);
    } catch (error) {
      if (!(error instanceof CoterieError) || error.code !== 'CORRUPT_RECORD') throw error;
      this.#parts.rotten(rowKey);
      return undefined;
    }
  }

  /** The operations that the staged rows come to; from here on they count. */
  #count(staged: Staged): StoreOperation[] {
    const { counts, checksum } = this.#parts;
    const operations: StoreOperation[] = [];
    for (const { rowKey, before, bytesBefore, isRotten, now } of staged.cells()) {
      if (now === before && !isRotten) continue;
      const target = targetOfHint(rowKey);
      if (before !== undefined || isRotten) counts.removed(target, { bytes: bytesBefore });
      if (now === undefined) {
        operations.push({ type: 'del', key: rowKey });
        continue;
      }
      const value = encodeHintRow(rowKey, now, checksum);
      counts.added(target, hintOf(now, rowKey.length + value.length));
      operations.push({ type: 'put', key: rowKey, value });
    }
    return operations;
  }
}

interface Cell {
  readonly rowKey: Uint8Array;
  before: HintRow | undefined;
  bytesBefore: number;
  /** A row was there that nobody can read: it goes in any case. */
  isRotten: boolean;
  now: HintRow | undefined;
}

class Staged implements StagedRows {
  ceiling = 0;
  readonly #counts: HintCounts;
  readonly #cells = new Map<string, Cell>();
  /** By target: what the decisions so far add to the counts. */
  readonly #added = new Map<number, { count: number; bytes: number }>();

  constructor(counts: HintCounts) {
    this.#counts = counts;
  }

  expect(rowKey: Uint8Array): void {
    const id = recordIdOf(rowKey);
    if (this.#cells.has(id)) return;
    const none = { before: undefined, bytesBefore: 0, isRotten: false, now: undefined };
    this.#cells.set(id, { rowKey, ...none });
  }

  cells(): Cell[] {
    return [...this.#cells.values()];
  }

  get(rowKey: Uint8Array): HintRow | undefined {
    return this.#cells.get(recordIdOf(rowKey))?.now;
  }

  set(rowKey: Uint8Array, row: HintRow | undefined): void {
    const cell = this.#cells.get(recordIdOf(rowKey));
    if (cell === undefined) return;
    const target = targetOfHint(rowKey);
    const added = this.#added.get(target) ?? { count: 0, bytes: 0 };
    this.#added.set(target, added);
    added.count += Number(row !== undefined) - Number(cell.now !== undefined);
    added.bytes += bytesOf(rowKey, row) - bytesOf(rowKey, cell.now);
    cell.now = row;
  }

  heldFor(target: number): HintLoad {
    const { count, bytes } = this.#counts.of(target);
    const added = this.#added.get(target);
    if (added === undefined) return { count, bytes };
    return { count: count + added.count, bytes: bytes + added.bytes };
  }

  raiseCeiling(ceiling: number): void {
    this.ceiling = Math.max(this.ceiling, ceiling);
  }
}

function bytesOf(rowKey: Uint8Array, row: HintRow | undefined): number {
  return row === undefined ? 0 : rowKey.length + hintRowBytes(row);
}

function decide(change: HintChange, staged: Staged): CoterieError | undefined {
  try {
    change.decide(staged);
    return undefined;
  } catch (thrown) {
    return asCoterieError(thrown);
  }
}

/** What a row counts as. */
export function hintOf(
  { kind, firstAtMs }: HintRow,
  bytes: number,
): { readonly bytes: number; readonly isCopy: boolean; readonly firstAtMs: number } {
  return { bytes, isCopy: kind === 'copy', firstAtMs };
}
