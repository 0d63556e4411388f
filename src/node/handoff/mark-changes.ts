/** What is decided about marks when their turn comes: one is made, taken back, or delivered.
 *  Invariants: a row keeps the time of its first miss; a mark over a copy leaves the copy; what was
 *  delivered goes only if the row is still what was delivered.
 *  Not here: order and batches (hint-writer.ts), copies (copy-changes.ts). */
import { bytesEqual } from '../../core/bytes.ts';
import type { CoterieError } from '../../core/errors.ts';
import type { HintLoad } from '../../core/hint/hint-counts.ts';
import type { Mark } from '../../core/hint/mark-ledger.ts';
import { targetOfHint } from '../storage/table-keys.ts';
import { type HintRow, hintRowBytes, markRow } from './hint-rows.ts';
import type { HintChange, StagedRows } from './hint-writer.ts';

export interface MarkStoring {
  /** Is there room for so much more. */
  hasRoom(held: HintLoad, more: HintLoad): boolean;
  /** It was not stored. */
  dropped(error: CoterieError | undefined): void;
}

export class MarkChange implements HintChange {
  readonly rowKeys: readonly Uint8Array[];
  readonly bytes: number;
  readonly #rowKey: Uint8Array;
  readonly #mark: Mark;
  readonly #nowMs: number;
  readonly #storing: MarkStoring;

  constructor(rowKey: Uint8Array, mark: Mark, nowMs: number, storing: MarkStoring) {
    this.rowKeys = [rowKey];
    this.bytes = rowKey.length;
    this.#rowKey = rowKey;
    this.#mark = mark;
    this.#nowMs = nowMs;
    this.#storing = storing;
  }

  decide(rows: StagedRows): void {
    const before = rows.get(this.#rowKey);
    this.#mark.isOld = before !== undefined;
    const row = before ?? markRow(this.#nowMs, this.#nowMs);
    const held = rows.heldFor(targetOfHint(this.#rowKey));
    const more = { count: 1, bytes: this.#rowKey.length + hintRowBytes(row) };
    if (before === undefined && !this.#storing.hasRoom(held, more)) {
      this.#storing.dropped(undefined);
      return;
    }
    rows.set(this.#rowKey, { ...row, lastAtMs: Math.max(row.lastAtMs, this.#nowMs) });
  }

  settled(): void {}

  failed(error: CoterieError): void {
    this.#storing.dropped(error);
  }
}

/** The copy that a mark was made for has arrived after all. */
export class TakenBack implements HintChange {
  readonly rowKeys: readonly Uint8Array[];
  readonly bytes: number;
  readonly #rowKey: Uint8Array;
  readonly #mark: Mark;

  constructor(rowKey: Uint8Array, mark: Mark) {
    this.rowKeys = [rowKey];
    this.bytes = rowKey.length;
    this.#rowKey = rowKey;
    this.#mark = mark;
  }

  decide(rows: StagedRows): void {
    if (!this.#mark.isOld && rows.get(this.#rowKey)?.kind === 'mark') {
      rows.set(this.#rowKey, undefined);
    }
  }

  settled(): void {}

  /** The row stays, and its record is sent once more. */
  failed(): void {}
}

export interface DeliveredRow {
  readonly rowKey: Uint8Array;
  readonly row: HintRow;
}

/** What the target has acknowledged durably. */
export class Delivered implements HintChange {
  readonly rowKeys: readonly Uint8Array[];
  readonly bytes = 0;
  readonly #delivered: readonly DeliveredRow[];
  readonly #done: () => void;

  constructor(delivered: readonly DeliveredRow[], done: () => void) {
    this.rowKeys = delivered.map(({ rowKey }) => rowKey);
    this.#delivered = delivered;
    this.#done = done;
  }

  decide(rows: StagedRows): void {
    for (const { rowKey, row } of this.#delivered) {
      const now = rows.get(rowKey);
      if (now !== undefined && isCovered(now, row)) rows.set(rowKey, undefined);
    }
  }

  settled(): void {
    this.#done();
  }

  /** The rows stay and are sent once more, which changes nothing. */
  failed(): void {
    this.#done();
  }
}

/** A row that could not be read where rows are listed. Lists verify nothing and may have been
 *  misread: the writer looks at the row itself, and removes it only if it cannot be read there
 *  either. */
export class SecondLook implements HintChange {
  readonly rowKeys: readonly Uint8Array[];
  readonly bytes: number;

  constructor(rowKey: Uint8Array) {
    this.rowKeys = [rowKey];
    this.bytes = rowKey.length;
  }

  decide(): void {}

  settled(): void {}

  /** The row stays, and is met again. */
  failed(): void {}
}

/** Whether what was sent for `sent` is all that `now` stands for. Of marks the ledger has seen to
 *  it. */
function isCovered(now: HintRow, sent: HintRow): boolean {
  if (now.kind !== sent.kind) return false;
  return now.kind === 'mark' || bytesEqual(now.record, sent.record);
}
