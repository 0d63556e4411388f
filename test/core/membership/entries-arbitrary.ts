/** Entries of one member as nodes could come to hold them: few different numbers, so that most of
 *  them meet. */
import fc from 'fast-check';
import {
  entryOfAccusation,
  join,
  type MemberEntry,
  normalEntry,
} from '../../../src/core/membership/member-entry.ts';
import type { MemberRecord } from '../../../src/core/membership/member-record.ts';
import { recordOf } from './gossip-cluster.ts';

export const ACCUSER_IDS: readonly string[] = [1, 2, 3, 4, 5, 6, 7].map((n) => recordOf(n).id);

export function records(index: number): fc.Arbitrary<MemberRecord> {
  return fc
    .record({
      generation: fc.integer({ min: 1, max: 3 }),
      version: fc.integer({ min: 0, max: 2 }),
      incarnation: fc.integer({ min: 0, max: 2 }),
      weight: fc.integer({ min: 1, max: 2 }),
      status: fc.constantFrom('UP', 'UP', 'UP', 'UP', 'LEAVING', 'LEFT'),
    } as const)
    .map((change) => recordOf(index, change));
}

/** A record, or none, and some accusations, in normal form. */
export function entries(index: number): fc.Arbitrary<MemberEntry> {
  const { id } = recordOf(index);
  const accusations = fc.array(
    fc.record({
      about: fc.constant(id),
      generation: fc.integer({ min: 1, max: 3 }),
      incarnation: fc.integer({ min: 0, max: 2 }),
      state: fc.constantFrom('SUSPECT', 'DOWN'),
      by: fc.constantFrom(...ACCUSER_IDS.filter((by) => by !== id)),
    } as const),
    { maxLength: 6 },
  );
  return fc
    .record({
      record: fc.option(records(index), { nil: undefined }),
      heartbeat: fc.integer({ min: 0, max: 3 }),
      accusations,
    })
    .filter(({ record, accusations: said }) => record !== undefined || said.length > 0)
    .map(({ record, heartbeat, accusations: said }) => {
      const own = { id, record, heartbeat, generation: 0, incarnation: 0, accusers: [] };
      return said.map(entryOfAccusation).reduce(join, normalEntry(own));
    });
}
