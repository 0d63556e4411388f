import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, type MemberEntry } from '../../../src/core/membership/member-entry.ts';
import { MemberTable } from '../../../src/core/membership/member-table.ts';
import { entries } from './entries-arbitrary.ts';
import { recordOf } from './gossip-cluster.ts';

const message = fc
  .array(fc.oneof(entries(1), entries(2), entries(3)), { minLength: 1, maxLength: 4 })
  .map((said): readonly MemberEntry[] => said);
/** One entry per member, as it is sent. */
const distinct = fc
  .tuple(fc.option(entries(1)), fc.option(entries(2)), fc.option(entries(3)))
  .map((said) => said.filter((entry) => entry !== null));
const messages = fc.array(message, { maxLength: 8 });

function tableAfter(received: readonly (readonly MemberEntry[])[]): MemberTable {
  const table = new MemberTable(recordOf(0, { generation: 1 }));
  for (const said of received) table.receive(said, 10);
  return table;
}

function contentOf(table: MemberTable): readonly MemberEntry[] {
  return [...table.entries()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

describe('a table', () => {
  it('is the same whatever the order of messages, and however often each of them came', () => {
    fc.assert(
      fc.property(
        messages.chain((said) =>
          fc.tuple(
            fc.constant(said),
            fc.shuffledSubarray([...said, ...said], { minLength: 2 * said.length }),
          ),
        ),
        ([said, shuffled]) => {
          const one = tableAfter(said);
          const other = tableAfter(shuffled);
          expect(contentOf(other)).toEqual(contentOf(one));
          for (let bucket = 0; bucket < 64; bucket += 1) {
            expect(other.bucketHash(bucket)).toBe(one.bucketHash(bucket));
          }
        },
      ),
    );
  });

  it('only rises, and calls that news which raised it', () => {
    fc.assert(
      fc.property(messages, message, (said, last) => {
        const table = tableAfter(said);
        const before = new Map(contentOf(table).map((entry) => [entry.id, entry]));
        const { changed } = table.receive(last, 10);
        for (const now of table.entries()) {
          const was = before.get(now.id);
          if (was !== undefined) expect(covers(now, was)).toBe(true);
          expect(changed.includes(now.id)).toBe(was === undefined || !covers(was, now));
        }
      }),
    );
  });

  it('tells back exactly those entries that the sender did not know whole', () => {
    fc.assert(
      fc.property(messages, distinct, (said, last) => {
        const { stale } = tableAfter(said).receive(last, 10);
        const after = tableAfter([...said, last]);
        const unknown = last.filter((entry) => !covers(entry, after.entry(entry.id)!));
        expect(stale).toEqual(unknown.map(({ id }) => id));
      }),
    );
  });

  it('is never written by others where it speaks of itself, and always finds a refutation', () => {
    fc.assert(
      fc.property(fc.array(entries(0), { maxLength: 6 }), (said) => {
        const table = new MemberTable(recordOf(0, { generation: 2 }));
        for (const entry of said) {
          const own = table.own;
          table.receive([entry], 10);
          if (table.own.status === 'LEFT') return;
          expect(table.own).toBe(own);
          const refutation = table.refute();
          if (refutation.kind === 'generation') table.startGeneration(refutation.above + 1);
          expect(table.accusedOf(own.id)).toBeUndefined();
          expect(table.receive([entry], 10).isAccused).toBe(false);
        }
      }),
    );
  });
});
