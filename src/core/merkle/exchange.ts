/** One comparison of a partition with a peer's: what to ask next, what differs for sure, and
 *  whether everything that differed has been walked through.
 *
 *      root -> level 1 -> leaves -> pause -> the same leaves again -> entries -> transfer -> ...
 *
 *  A write on its way makes two equal replicas differ for a moment. So a leaf is confirmed when it
 *  differs in two rounds a pause apart and neither side has changed meanwhile; one that changes
 *  all the time is taken as it is after some rounds. When most leaves differ, or none is to be
 *  trusted, everything is walked through in order: this is how a node is rebuilt as well.
 *  Invariants: the cursor moves behind a page only when all that differed on it is on both sides;
 *  complete is said only with the cursor behind the last confirmed leaf and no page left in part;
 *  every leaf that is not walked was seen equal after the exchange began.
 *  Not here: messages, time and rows (node/repair).
 *  Source: DeCandia et al. 2007 section 4.7; confirming twice as in Riak's Tictac exchange. */
import { assert } from '../errors.ts';
import { LEAVES_PER_PARTITION } from '../ring/token.ts';
import { compareEntries, type EntryDifference, type EntryPage, endOf, through } from './entries.ts';
import { ALL_LEAVES, type LeafRanges, rangesOf } from './leaf-ranges.ts';
import {
  allIds,
  childrenOf,
  differingIds,
  isSameNode,
  LEAF_LEVEL,
  NODE_FIELDS,
  type TreeLevel,
} from './tree.ts';

/** Longer than a write takes to reach all replicas. */
export const CONFIRM_PAUSE_MS = 300;
/** Rounds in which a leaf may go on changing. */
export const ROUNDS_MAX = 4;
/** With more of the leaves than this share differing, all are walked. */
const MOST_LEAVES = Math.floor(0.3 * LEAVES_PER_PARTITION);

/** `all` trusts no leaf. */
export type ExchangeMode = 'compare' | 'all';

/** Where a walk goes on. */
export interface ExchangeCursor {
  readonly ranges: LeafRanges;
  /** Storage key of the last entry that is on both sides; empty = none yet. */
  readonly after: Uint8Array;
  /** Something before it could not be brought to both sides. */
  readonly hasGaps: boolean;
}

export type Ask =
  | { readonly kind: 'tree'; readonly level: TreeLevel; readonly ids: readonly number[] }
  | { readonly kind: 'pause'; readonly pauseMs: number }
  /** A page of this side's entries, and the peer's of the same part. */
  | { readonly kind: 'entries'; readonly ranges: LeafRanges; readonly after: Uint8Array }
  | ({ readonly kind: 'transfer' } & EntryDifference)
  | { readonly kind: 'done' };

/** Leaves that differed in the last round, and how. */
interface Suspects {
  readonly ids: readonly number[];
  readonly own: Uint32Array;
  readonly theirs: Uint32Array;
}

const NOTHING: Uint8Array = new Uint8Array(0);
const NO_SUSPECTS: Suspects = { ids: [], own: new Uint32Array(0), theirs: new Uint32Array(0) };

export class Exchange {
  #ask: Ask;
  #rounds = 0;
  #suspects = NO_SUSPECTS;
  readonly #confirmed: number[] = [];
  #ranges: LeafRanges = [];
  #after = NOTHING;
  /** Where the page that is being transferred ends; undefined = it is the last one. */
  #pageEnd: Uint8Array | undefined;
  #hasGaps = false;
  #differing = 0;

  /** `cursor`: of an earlier exchange that did not end. */
  constructor(mode: ExchangeMode, cursor?: ExchangeCursor) {
    if (cursor !== undefined) {
      this.#hasGaps = cursor.hasGaps;
      this.#after = cursor.after;
      this.#ask = this.#walk(cursor.ranges);
    } else if (mode === 'all') {
      this.#ask = this.#walk(ALL_LEAVES);
    } else {
      this.#ask = { kind: 'tree', level: 0, ids: allIds(0) };
    }
  }

  get ask(): Ask {
    return this.#ask;
  }

  /** All that was on either side when the exchange began is on both now. */
  get isComplete(): boolean {
    return this.#ask.kind === 'done' && !this.#hasGaps;
  }

  /** Keys that were found to differ. */
  get differing(): number {
    return this.#differing;
  }

  /** Undefined when there is no walk to be gone on with. */
  get cursor(): ExchangeCursor | undefined {
    if (this.#ranges.length === 0 || this.#ask.kind === 'done') return undefined;
    return { ranges: this.#ranges, after: this.#after, hasGaps: this.#hasGaps };
  }

  /** The answers of both sides to a `tree`: nodes in the order of its ids. */
  tookNodes(own: Uint32Array, theirs: Uint32Array): void {
    assert(this.#ask.kind === 'tree', 'Nobody asked for nodes');
    const { level, ids } = this.#ask;
    assert(own.length === theirs.length, 'Both sides answer to the same ids');
    if (level === LEAF_LEVEL) {
      this.#ask = this.#rounds === 0 ? this.#suspect(ids, own, theirs) : this.#confirm(own, theirs);
      return;
    }
    const differing = differingIds(ids, own, theirs);
    const next = level === 0 ? 1 : LEAF_LEVEL;
    if (differing.length === 0) this.#ask = { kind: 'done' };
    else this.#ask = { kind: 'tree', level: next, ids: childrenOf(differing) };
  }

  /** The pause is over. */
  waited(): void {
    assert(this.#ask.kind === 'pause', 'Nobody asked for a pause');
    this.#ask = { kind: 'tree', level: LEAF_LEVEL, ids: this.#suspects.ids };
  }

  /** A page of each side. `isWhole` false: some of the part cannot be read on a side. */
  tookEntries(own: EntryPage, theirs: EntryPage, isWhole: boolean): void {
    assert(this.#ask.kind === 'entries', 'Nobody asked for entries');
    this.#pageEnd = endOf(own, theirs);
    if (!isWhole) this.#hasGaps = true;
    const { fetch, push } = compareEntries(
      through(own.entries, this.#pageEnd),
      through(theirs.entries, this.#pageEnd),
    );
    this.#differing += fetch.length + push.length;
    this.#ask = { kind: 'transfer', fetch, push };
    if (fetch.length + push.length === 0) this.transferred(true);
  }

  /** What differed on the page is durable on both sides; `isWhole` false: not all of it. */
  transferred(isWhole: boolean): void {
    assert(this.#ask.kind === 'transfer', 'Nobody asked for a transfer');
    if (!isWhole) this.#hasGaps = true;
    if (this.#pageEnd === undefined) {
      this.#ask = { kind: 'done' };
      return;
    }
    this.#after = this.#pageEnd;
    this.#ask = this.#walk(this.#ranges);
  }

  #suspect(ids: readonly number[], own: Uint32Array, theirs: Uint32Array): Ask {
    const kept = positions(ids, (index) => !isSameNode(own, theirs, index));
    if (kept.length === 0) return { kind: 'done' };
    if (kept.length > MOST_LEAVES) return this.#walk(ALL_LEAVES);
    this.#suspects = pick({ ids, own, theirs }, kept);
    this.#rounds = 1;
    return { kind: 'pause', pauseMs: CONFIRM_PAUSE_MS };
  }

  #confirm(own: Uint32Array, theirs: Uint32Array): Ask {
    const before = this.#suspects;
    const kept: number[] = [];
    for (const [index, id] of before.ids.entries()) {
      if (isSameNode(own, theirs, index)) continue;
      const isUnchanged =
        isSameNode(own, before.own, index) && isSameNode(theirs, before.theirs, index);
      if (isUnchanged) this.#confirmed.push(id);
      else kept.push(index);
    }
    this.#suspects = pick({ ids: before.ids, own, theirs }, kept);
    this.#rounds += 1;
    if (kept.length > 0 && this.#rounds < ROUNDS_MAX) {
      return { kind: 'pause', pauseMs: CONFIRM_PAUSE_MS };
    }
    const ids = [...this.#confirmed, ...this.#suspects.ids].sort((a, b) => a - b);
    return ids.length === 0 ? { kind: 'done' } : this.#walk(rangesOf(ids));
  }

  #walk(ranges: LeafRanges): Ask {
    this.#ranges = ranges;
    return { kind: 'entries', ranges, after: this.#after };
  }
}

function positions(ids: readonly number[], isKept: (index: number) => boolean): readonly number[] {
  return ids.map((_, index) => index).filter(isKept);
}

function pick({ ids, own, theirs }: Suspects, kept: readonly number[]): Suspects {
  return {
    ids: kept.map((index) => ids[index] ?? 0),
    own: pickNodes(own, kept),
    theirs: pickNodes(theirs, kept),
  };
}

function pickNodes(nodes: Uint32Array, kept: readonly number[]): Uint32Array {
  const picked = new Uint32Array(kept.length * NODE_FIELDS);
  for (const [to, from] of kept.entries()) {
    picked.set(nodes.subarray(from * NODE_FIELDS, (from + 1) * NODE_FIELDS), to * NODE_FIELDS);
  }
  return picked;
}
