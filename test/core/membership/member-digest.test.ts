import { describe, expect, it } from 'vitest';
import {
  applyAhead,
  compareDigest,
  entryBytesMax,
  makeDigest,
  packEntries,
  planDelta,
  SUMMARY_BYTES_MAX,
  summarise,
} from '../../../src/core/membership/member-digest.ts';
import { entryOfAccusation, entryOfRecord } from '../../../src/core/membership/member-entry.ts';
import { bucketOf } from '../../../src/core/membership/member-slots.ts';
import { MemberTable } from '../../../src/core/membership/member-table.ts';
import { recordOf } from './gossip-cluster.ts';

const WALL_MS = 1_790_000_000_000;
const FOURTH = recordOf(4).id;

/** Knows itself and the members 3 to 6, with heartbeat 10. */
function tableOf(index: number): MemberTable {
  const table = new MemberTable(recordOf(index));
  table.receive(
    [1, 2, 3, 4, 5, 6].map((one) => entryOfRecord(recordOf(one), 10)),
    WALL_MS,
  );
  return table;
}

function raise(table: MemberTable, heartbeat: number): void {
  table.raiseHeartbeat(FOURTH, WALL_MS, heartbeat);
}

describe('two tables that say the same', () => {
  it('differ in no bucket, and heartbeats are taken over both ways', () => {
    const one = tableOf(1);
    const other = tableOf(2);
    raise(one, 15);
    other.raiseHeartbeat(recordOf(5).id, WALL_MS, 17);

    const digest = makeDigest(one);
    const { differing, advanced, ahead } = compareDigest(other, digest);

    expect(differing).toEqual([]);
    expect(advanced).toEqual([FOURTH]);
    expect(other.entry(FOURTH)?.heartbeat).toBe(15);
    expect(applyAhead(one, digest, ahead)).toContain(recordOf(5).id);
    expect(one.entry(recordOf(5).id)?.heartbeat).toBe(17);
  });

  it('take over a heartbeat of themselves from nobody', () => {
    const one = tableOf(1);
    const other = tableOf(2);
    other.raiseHeartbeat(recordOf(1).id, WALL_MS, 99);

    const digest = makeDigest(one);
    applyAhead(one, digest, compareDigest(other, digest).ahead);

    expect(one.entry(one.ownId)?.heartbeat).toBe(0);
  });
});

describe('two tables that differ in one member', () => {
  it('list its bucket and no other, and read no heartbeat there', () => {
    const one = tableOf(1);
    const other = tableOf(2);
    const change = recordOf(4, { version: 2 });
    one.receive([entryOfRecord(change, 30)], WALL_MS);

    const { differing, advanced } = compareDigest(other, makeDigest(one));

    expect(differing).toEqual([bucketOf(FOURTH)]);
    expect(advanced).toEqual([]);
  });

  it('send what is ahead and want what is behind', () => {
    const one = tableOf(1);
    const other = tableOf(2);
    one.receive([entryOfRecord(recordOf(4, { version: 2 }), 30)], WALL_MS);
    const buckets = [bucketOf(FOURTH)];

    expect(planDelta(one, summarise(other, buckets, 0))).toMatchObject({
      send: [FOURTH],
      want: [],
    });
    expect(planDelta(other, summarise(one, buckets, 0))).toEqual({
      send: [],
      want: [FOURTH],
      advanced: [FOURTH],
    });
  });

  it('both send when one has the later record and the other an accusation', () => {
    const one = tableOf(1);
    const other = tableOf(2);
    one.receive([entryOfRecord(recordOf(4, { version: 2 }), 30)], WALL_MS);
    other.accuse({ about: FOURTH, generation: WALL_MS, incarnation: 0, state: 'DOWN' });

    const { send, want } = planDelta(other, summarise(one, [bucketOf(FOURTH)], 0));

    expect([send, want]).toEqual([[FOURTH], [FOURTH]]);
  });

  it('know a member that has left to be the later state', () => {
    const one = tableOf(1);
    const other = tableOf(2);
    one.leave(FOURTH, 'unused');

    const buckets = [bucketOf(FOURTH)];
    expect(planDelta(one, summarise(other, buckets, 0)).send).toEqual([FOURTH]);
    expect(planDelta(other, summarise(one, buckets, 0)).want).toEqual([FOURTH]);
  });

  it('leave heartbeats alone in a bucket that changed since the digest was made', () => {
    const one = tableOf(1);
    const other = tableOf(2);
    raise(other, 40);
    const digest = makeDigest(one);
    const { ahead } = compareDigest(other, digest);
    one.receive([entryOfRecord(recordOf(4, { generation: WALL_MS + 1 }), 1)], WALL_MS);

    applyAhead(one, digest, ahead);

    expect(one.entry(FOURTH)?.heartbeat).toBe(1);
  });
});

describe('what does not fit', () => {
  const all = Array.from({ length: 64 }, (_, bucket) => bucket);

  it('comes in another turn: every bucket is listed whole or not at all', () => {
    const table = tableOf(1);
    const seen = new Set<string>();
    for (let turn = 0; turn < 64; turn += 1) {
      const { buckets, entries } = summarise(table, all, turn, 2 * SUMMARY_BYTES_MAX);
      expect(entries.length).toBeLessThanOrEqual(2);
      const listed = buckets.flatMap((bucket) => table.bucketIds(bucket));
      expect(entries.map(({ id }) => id)).toEqual(listed);
      for (const { id } of entries) seen.add(id);
    }

    expect(seen.size).toBe(table.size);
  });

  it('is what is least behind', () => {
    const one = tableOf(1);
    const other = tableOf(2);
    one.receive(
      [
        entryOfRecord(recordOf(3, { version: 9 }), 1),
        entryOfRecord(recordOf(4, { generation: WALL_MS + 5 }), 1),
        entryOfRecord(recordOf(5, { version: 3 }), 1),
        entryOfRecord(recordOf(9), 1),
      ],
      WALL_MS,
    );

    const { send } = planDelta(one, summarise(other, all, 0));

    expect(send).toEqual([9, 4, 3, 5].map((index) => recordOf(index).id));
    const room = entryBytesMax(one.entry(send[0]!)!) + entryBytesMax(one.entry(send[1]!)!);
    const packed = packEntries(one, ['unknown', ...send, ...send], room);
    expect(packed.map(({ id }) => id)).toEqual(send.slice(0, 2));
  });

  it('is counted with all that an entry can hold', () => {
    const by = recordOf(7).id;
    const accused = { about: FOURTH, generation: 1, incarnation: 0, state: 'DOWN', by } as const;

    expect(entryBytesMax(entryOfAccusation(accused))).toBeGreaterThan(60);
    expect(entryBytesMax(entryOfRecord(recordOf(4), 1))).toBeLessThan(400);
  });
});
