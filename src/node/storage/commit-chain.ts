/** Has the engine's log lost batches that were fsynced? RocksDB drops a damaged stretch from the
 *  middle of its log and opens without a word; later batches are then there and earlier ones are
 *  not. Every batch puts one row numbered one above its predecessor's, so what is missing shows as
 *  a gap. Rows are deleted CHAIN_WINDOW batches later, when their batch has long left the log.
 *  Invariants: a chain is whole when it has every row from its start (or the window's) to its last
 *  one, and ends where the last clean stop ended or above. A lost tail cannot be seen here; peers
 *  remember it.
 *  Not here: what a gap leads to (core/membership/standing.ts). Source: docs/ARCHITECTURE.md
 *  5.18. */
import type { Store } from '../../env/store.ts';
import { chainRowKey, commitSeqOfRow, tableRange } from './table-keys.ts';

/** Rows that are kept. The guarantee is needed for what may still be in the engine's log, at most
 *  two write buffers of 64 MiB. The smallest batch takes some 300 bytes of one (record, leaf,
 *  ceiling, link, expired link), so 2^18 of them fill a buffer; 2^20 rows would make each opening
 *  seconds longer and prove nothing more. */
export const CHAIN_WINDOW: number = 2 ** 18;
const ROWS_PER_READ = 4_096;

export interface ChainExpectation {
  /** First commit the chain is expected to hold; earlier rows mean nothing. */
  readonly chainStart: number;
  /** Last commit of the last clean stop; 0 = none. */
  readonly cleanCommitSeq: number;
  /** Rows that are kept: CHAIN_WINDOW. */
  readonly window: number;
}

export interface ChainFound {
  /** Last commit found; 0 = none. */
  readonly commitSeq: number;
  readonly isWhole: boolean;
}

/** Reads every row of the window. */
export async function readChain(store: Store, expected: ChainExpectation): Promise<ChainFound> {
  const { chainStart, cleanCommitSeq, window } = expected;
  const commitSeq = await readLast(store);
  if (commitSeq < Math.max(chainStart - 1, cleanCommitSeq)) return { commitSeq, isWhole: false };
  const first = Math.max(chainStart, commitSeq - window + 1);
  const count = await countRows(store, first);
  return { commitSeq, isWhole: count === commitSeq - first + 1 };
}

async function readLast(store: Store): Promise<number> {
  const { from, to } = tableRange('chain');
  await using rows = store.iterate({ from, to, limit: 1, reverse: true });
  const [last] = await rows.next(1);
  return last === undefined ? 0 : commitSeqOfRow(last.key);
}

async function countRows(store: Store, first: number): Promise<number> {
  await using rows = store.iterate({ from: chainRowKey(first), to: tableRange('chain').to });
  let count = 0;
  for (;;) {
    const entries = await rows.next(ROWS_PER_READ);
    if (entries.length === 0) return count;
    count += entries.length;
  }
}
