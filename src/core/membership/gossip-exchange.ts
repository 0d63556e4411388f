/** One conversation between two nodes, in at most four messages:
 *    A opens    its digest, and its news
 *    B replies  heartbeats that it knows better, summaries of buckets that differ, its news
 *    A delta    entries that B lacks, ids that it wants
 *    B delta    entries that A wants, or of which A has just shown an old state
 *  A delta that comes without a question is a push of news, answered only with what is newer.
 *  Invariants: every message is bounded; losing any of them costs time and nothing else; a delta
 *  that answers a delta is never answered.
 *  Not here: peers and times (gossip-rounds.ts), bytes (wire/gossip-codec.ts).
 *  Source: Demers et al. 1987 (push-pull anti-entropy, rumours). */
import {
  applyAhead,
  type BucketSummaries,
  compareDigest,
  type GossipDigest,
  makeDigest,
  packEntries,
  planDelta,
  summarise,
} from './member-digest.ts';
import type { MemberEntry } from './member-entry.ts';
import type { MemberTable, Received } from './member-table.ts';
import type { NewsQueue } from './news-queue.ts';

/** News that ride on another message, at most. */
export const NEWS_BYTES_MAX = 16 * 1_024;
/** Ids that one delta asks for, at most. */
export const WANTS_MAX = 2_048;

export interface GossipOpen {
  readonly kind: 'open';
  readonly digest: GossipDigest;
  readonly news: readonly MemberEntry[];
}

export interface GossipReply {
  readonly kind: 'reply';
  readonly ahead: readonly number[];
  readonly summaries: BucketSummaries;
  readonly news: readonly MemberEntry[];
}

export interface GossipDelta {
  readonly kind: 'delta';
  readonly entries: readonly MemberEntry[];
  readonly wants: readonly string[];
  /** It answers a delta. */
  readonly isLast: boolean;
}

export type GossipMessage = GossipOpen | GossipReply | GossipDelta;

export interface Heard extends Received {
  /** To be sent back. */
  readonly answer: GossipMessage | undefined;
}

export class GossipExchange {
  readonly #table: MemberTable;
  readonly #news: NewsQueue;
  #turn = 0;

  constructor(table: MemberTable, news: NewsQueue) {
    this.#table = table;
    this.#news = news;
  }

  /** The same digest serves all exchanges of one round. */
  digest(): GossipDigest {
    return makeDigest(this.#table);
  }

  open(digest: GossipDigest): GossipOpen {
    return { kind: 'open', digest, news: this.#takeNews() };
  }

  /** News for one peer, between rounds; undefined when there are none. */
  push(): GossipDelta | undefined {
    const entries = this.#takeNews();
    if (entries.length === 0) return undefined;
    return { kind: 'delta', entries, wants: [], isLast: false };
  }

  /** Answers a peer that opened. `wallMs`: this node's wall clock. */
  hearOpen(open: GossipOpen, wallMs: number): Heard {
    // First the digest: its heartbeats mean something only while the hashes are as they were.
    const { differing, advanced, ahead } = compareDigest(this.#table, open.digest);
    const received = this.#receive(open.news, wallMs, advanced);
    this.#turn += 1;
    const summaries = summarise(this.#table, differing, this.#turn);
    const news = this.#takeNews(received.stale);
    return heardOf(received, { kind: 'reply', ahead, summaries, news });
  }

  /** Goes on with a peer that replied to the digest `opened`. */
  hearReply(opened: GossipDigest, reply: GossipReply, wallMs: number): Heard {
    const beaten = applyAhead(this.#table, opened, reply.ahead);
    const plan = planDelta(this.#table, reply.summaries);
    const received = this.#receive(reply.news, wallMs, [...beaten, ...plan.advanced]);
    const entries = packEntries(this.#table, [...received.stale, ...plan.send]);
    const wants = plan.want.slice(0, WANTS_MAX);
    if (entries.length === 0 && wants.length === 0) return heardOf(received, undefined);
    return heardOf(received, { kind: 'delta', entries, wants, isLast: false });
  }

  hearDelta(delta: GossipDelta, wallMs: number): Heard {
    const received = this.#receive(delta.entries, wallMs, []);
    if (delta.isLast) return heardOf(received, undefined);
    const entries = packEntries(this.#table, [...received.stale, ...delta.wants]);
    if (entries.length === 0) return heardOf(received, undefined);
    return heardOf(received, { kind: 'delta', entries, wants: [], isLast: true });
  }

  #receive(entries: readonly MemberEntry[], wallMs: number, beaten: readonly string[]): Received {
    const received = this.#table.receive(entries, wallMs);
    for (const id of received.changed) this.#news.add(id);
    if (beaten.length === 0) return received;
    const { changed, stale, isAccused, findings } = received;
    const advanced = [...new Set([...beaten, ...received.advanced])];
    return { changed, advanced, stale, isAccused, findings };
  }

  /** Entries of the ids in `first`, then news, as many as fit. */
  #takeNews(first: readonly string[] = []): readonly MemberEntry[] {
    const ids = [...first, ...this.#news.fresh()];
    const entries = packEntries(this.#table, ids, NEWS_BYTES_MAX);
    const told = entries.map(({ id }) => id);
    this.#news.tell(told, this.#table.size);
    return entries;
  }
}

/** Written out: one is made of every message, and a spread would give each a hidden class of its
 *  own. */
function heardOf(received: Received, answer: GossipMessage | undefined): Heard {
  const { changed, advanced, stale, isAccused, findings } = received;
  return { changed, advanced, stale, isAccused, findings, answer };
}
