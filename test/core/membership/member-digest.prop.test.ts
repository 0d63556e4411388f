import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  applyAhead,
  compareDigest,
  makeDigest,
  packEntries,
  planDelta,
  summarise,
} from '../../../src/core/membership/member-digest.ts';
import { BUCKETS } from '../../../src/core/membership/member-slots.ts';
import { MemberTable } from '../../../src/core/membership/member-table.ts';
import { entries } from './entries-arbitrary.ts';
import { recordOf } from './gossip-cluster.ts';

const content = fc
  .tuple(...[2, 3, 4, 5, 6].map((index) => fc.option(entries(index))))
  .map((said) => said.filter((entry) => entry !== null));

function tableOf(index: number, said: Parameters<MemberTable['receive']>[0]): MemberTable {
  const table = new MemberTable(recordOf(index, { generation: 1 }));
  table.receive(said, 10);
  return table;
}

it('two tables that send each other what the summaries ask for become equal', () => {
  fc.assert(
    fc.property(content, content, (one, other) => {
      const a = tableOf(0, one);
      const b = tableOf(1, other);
      // What one of them learns from the other may be news to the other still: twice is enough.
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const { differing } = compareDigest(to, makeDigest(from));
        const { send, want } = planDelta(from, summarise(to, differing, 0));
        const { stale } = to.receive(packEntries(from, send), 10);
        from.receive(packEntries(to, [...stale, ...want]), 10);
      }
      for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
        expect(a.bucketHash(bucket)).toBe(b.bucketHash(bucket));
      }
    }),
    { numRuns: 300 },
  );
});

it('heartbeats go to the highest on both sides wherever the tables agree, and nowhere down', () => {
  const beats = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(content, beats, beats, (said, one, other) => {
      const a = tableOf(0, said);
      const b = tableOf(1, [...said, a.entry(a.ownId)!]);
      a.receive([b.entry(b.ownId)!], 10);
      const raise = (table: MemberTable, heartbeats: readonly number[]): void => {
        for (const [index, { id, record }] of said.entries()) {
          if (record === undefined) continue;
          table.raiseHeartbeat(id, record.generation, heartbeats[index] ?? 0);
        }
      };
      raise(a, one);
      raise(b, other);
      const highest = said.map(({ id }) => {
        return Math.max(a.entry(id)?.heartbeat ?? 0, b.entry(id)?.heartbeat ?? 0);
      });

      const digest = makeDigest(a);
      const { differing, ahead } = compareDigest(b, digest);
      applyAhead(a, digest, ahead);

      expect(differing).toEqual([]);
      for (const table of [a, b]) {
        expect(said.map(({ id }) => table.entry(id)?.heartbeat)).toEqual(highest);
      }
    }),
    { numRuns: 300 },
  );
});
