/** Where are the rows kept that batches have replaced? As bytes in pages, with nothing but a place
 *  for each batch: tens of thousands of them in a run, hardly ever looked at, which as arrays of
 *  their own the garbage collector would copy and mark again and again.
 *
 *      per row: key length u32, previous length + 1 u32 (0 = the key was absent), key, previous
 *
 *  Invariants: what was kept is never written to again; a page lives as long as anybody knows a
 *  place in it; what is read back are copies.
 *  Not here: which batches are remembered (write-log.ts). */
import { readU32, writeU32 } from '../../core/version/varint.ts';

/** A larger batch gets a page of its own. */
const PAGE_BYTES: number = 256 * 1_024;
/** What a row costs beside its bytes. */
export const ROW_HEADER_BYTES = 8;

/** The rows of one batch. */
export interface RowsPlace {
  readonly page: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** What was there under a key before; undefined = the key was absent. */
export interface ReplacedRow {
  readonly key: Uint8Array;
  readonly previous: Uint8Array | undefined;
}

export class RowPages {
  #page = new Uint8Array(0);
  #used = 0;

  /** `previous`: by the same index. */
  keep(
    rows: readonly { readonly key: Uint8Array }[],
    previous: readonly (Uint8Array | undefined)[],
  ): RowsPlace {
    let bytes = 0;
    for (const { key } of rows) bytes += ROW_HEADER_BYTES + key.length;
    for (const value of previous) bytes += value?.length ?? 0;
    if (this.#used + bytes > this.#page.length) {
      this.#page = new Uint8Array(Math.max(PAGE_BYTES, bytes));
      this.#used = 0;
    }
    const page = this.#page;
    const from = this.#used;
    let at = from;
    let index = 0;
    for (const { key } of rows) {
      at = writeRow(page, at, key, previous[index]);
      index += 1;
    }
    this.#used = at;
    return { page, from, to: at };
  }
}

function writeRow(
  page: Uint8Array,
  offset: number,
  key: Uint8Array,
  previous: Uint8Array | undefined,
): number {
  let at = writeU32(page, offset, key.length);
  at = writeU32(page, at, previous === undefined ? 0 : previous.length + 1);
  page.set(key, at);
  at += key.length;
  if (previous === undefined) return at;
  page.set(previous, at);
  return at + previous.length;
}

/** In the order in which they were kept. */
export function rowsAt({ page, from, to }: RowsPlace): ReplacedRow[] {
  const rows: ReplacedRow[] = [];
  for (let at = from; at < to; ) {
    const keyAt = at + ROW_HEADER_BYTES;
    const keyEnd = keyAt + readU32(page, at);
    const lengthPlusOne = readU32(page, at + 4);
    const key = page.slice(keyAt, keyEnd);
    at = lengthPlusOne === 0 ? keyEnd : keyEnd + lengthPlusOne - 1;
    rows.push({ key, previous: lengthPlusOne === 0 ? undefined : page.slice(keyEnd, at) });
  }
  return rows;
}
