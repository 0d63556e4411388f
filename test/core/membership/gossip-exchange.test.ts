import { describe, expect, it } from 'vitest';
import {
  GossipExchange,
  type GossipMessage,
  type GossipReply,
} from '../../../src/core/membership/gossip-exchange.ts';
import { DELTA_BYTES_MAX, entryBytesMax } from '../../../src/core/membership/member-digest.ts';
import { entryOfRecord } from '../../../src/core/membership/member-entry.ts';
import { MemberTable } from '../../../src/core/membership/member-table.ts';
import { NewsQueue } from '../../../src/core/membership/news-queue.ts';
import { recordOf } from './gossip-cluster.ts';

const WALL_MS = 1_790_000_000_000;

function nodeOf(index: number) {
  const table = new MemberTable(recordOf(index));
  const news = new NewsQueue();
  return { table, news, exchange: new GossipExchange(table, news) };
}

type Node = ReturnType<typeof nodeOf>;

/** The kinds of the messages of one whole exchange, and the messages. */
function talk(from: Node, to: Node): { kinds: string[]; messages: GossipMessage[] } {
  const digest = from.exchange.digest();
  const open = from.exchange.open(digest);
  const reply = to.exchange.hearOpen(open, WALL_MS).answer as GossipReply;
  const delta = from.exchange.hearReply(digest, reply, WALL_MS).answer;
  const messages: GossipMessage[] = [open, reply];
  if (delta?.kind === 'delta') {
    messages.push(delta);
    const last = to.exchange.hearDelta(delta, WALL_MS).answer;
    if (last?.kind === 'delta') {
      messages.push(last);
      expect(from.exchange.hearDelta(last, WALL_MS).answer).toBeUndefined();
    }
  }
  return { kinds: messages.map(({ kind }) => kind), messages };
}

describe('an exchange', () => {
  it('of two nodes that do not know each other takes four messages, of equal ones two', () => {
    const [a, b] = [nodeOf(0), nodeOf(1)];

    expect(talk(a, b).kinds).toEqual(['open', 'reply', 'delta', 'delta']);
    expect([a.table.size, b.table.size]).toEqual([2, 2]);
    expect(talk(a, b).kinds).toEqual(['open', 'reply']);
  });

  it('carries heartbeats both ways without naming anybody', () => {
    const [a, b] = [nodeOf(0), nodeOf(1)];
    talk(a, b);
    while (b.news.size > 0) b.news.tell(b.news.fresh(), 2);
    for (let round = 0; round < 5; round += 1) {
      a.table.beat();
      b.table.beat();
    }

    const { messages } = talk(a, b);

    expect(messages[1]).toMatchObject({ summaries: { entries: [] }, news: [] });
    expect(a.table.entry(b.table.ownId)?.heartbeat).toBe(5);
    expect(b.table.entry(a.table.ownId)?.heartbeat).toBe(5);
  });

  it('makes news of what was learnt, for others', () => {
    const [a, b] = [nodeOf(0), nodeOf(1)];
    talk(a, b);

    expect(b.news.fresh()).toEqual([a.table.ownId]);
    expect(a.exchange.push()?.entries.map(({ id }) => id)).toEqual([b.table.ownId]);
  });

  it('that shows an old record is answered with the later one at once', () => {
    const [a, b] = [nodeOf(0), nodeOf(1)];
    talk(a, b);
    b.table.receive([entryOfRecord(recordOf(5, { version: 8 }), 3)], WALL_MS);
    const old = entryOfRecord(recordOf(5, { version: 2 }), 1);

    const { answer } = b.exchange.hearDelta(
      { kind: 'delta', entries: [old], wants: [], isLast: false },
      WALL_MS,
    );

    expect(answer).toMatchObject({ entries: [{ record: { version: 8 } }], isLast: true });
  });
});

describe('a push', () => {
  it('is nothing without news, and is not answered when it was news', () => {
    const [a, b] = [nodeOf(0), nodeOf(1)];
    expect(a.exchange.push()).toBeUndefined();
    a.news.add(a.table.ownId);

    const heard = b.exchange.hearDelta(a.exchange.push()!, WALL_MS);

    expect(heard).toMatchObject({ answer: undefined, changed: [a.table.ownId] });
  });
});

it('of many differences a message carries what fits, and in some rounds all have come', () => {
  const [a, b] = [nodeOf(0), nodeOf(1)];
  const many = Array.from({ length: 600 }, (_, index) => entryOfRecord(recordOf(index + 2), 1));
  a.table.receive(many, WALL_MS);
  let rounds = 0;
  while (b.table.size < 602 && rounds < 10) {
    rounds += 1;
    for (const message of talk(a, b).messages) {
      if (message.kind !== 'delta') continue;
      const bytes = message.entries.reduce((sum, entry) => sum + entryBytesMax(entry), 0);
      expect(bytes).toBeLessThanOrEqual(DELTA_BYTES_MAX);
    }
  }

  expect(b.table.size).toBe(602);
  expect(rounds).toBeGreaterThan(1);
});
