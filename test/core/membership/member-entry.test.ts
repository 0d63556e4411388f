import { describe, expect, it } from 'vitest';
import {
  accusationsIn,
  accusedOf,
  entryHash,
  entryOfAccusation,
  entryOfRecord,
  join,
  type MemberEntry,
  normalEntry,
} from '../../../src/core/membership/member-entry.ts';
import type { AccusationState } from '../../../src/core/membership/member-record.ts';
import { recordOf } from './gossip-cluster.ts';

const { id: about } = recordOf(0);

function alive(generation: number, version: number, incarnation: number): MemberEntry {
  return entryOfRecord(recordOf(0, { generation, version, incarnation }), 7);
}

function accused(
  generation: number,
  incarnation: number,
  by: number,
  state: AccusationState = 'DOWN',
): MemberEntry {
  return entryOfAccusation({ about, generation, incarnation, state, by: recordOf(by).id });
}

describe('an accusation', () => {
  it('stands against a record of the same generation and incarnation', () => {
    expect(accusedOf(join(alive(5, 3, 1), accused(5, 1, 1)))).toBe('DOWN');
  });

  it.each([
    ['incarnation', alive(5, 4, 2)],
    ['generation', alive(6, 0, 0)],
  ])('is refuted by a higher %s', (_, refuting) => {
    const joined = join(join(alive(5, 3, 1), accused(5, 1, 1)), refuting);

    expect(accusationsIn(joined)).toEqual([]);
  });

  it('is not cleared by a later record of the same incarnation', () => {
    expect(accusedOf(join(join(alive(5, 3, 1), accused(5, 1, 1)), alive(5, 9, 1)))).toBe('DOWN');
  });

  it('about a later incarnation than is known is kept, and an old record does not clear it', () => {
    const joined = join(accused(7, 2, 1), alive(6, 9, 9));

    expect(accusedOf(joined)).toBe('DOWN');
    expect(joined.record?.generation).toBe(6);
    expect(joined).toMatchObject({ generation: 7, incarnation: 2 });
  });

  it('that comes after its refutation changes nothing', () => {
    const refuted = alive(5, 4, 2);

    expect(join(refuted, accused(5, 1, 1))).toEqual(refuted);
  });

  it('of one member counts once, as the gravest that it said', () => {
    const joined = join(accused(5, 1, 1, 'SUSPECT'), accused(5, 1, 1, 'DOWN'));

    expect(joined.accusers).toEqual([{ by: recordOf(1).id, state: 'DOWN' }]);
  });

  it('of DOWN is never pushed out by suspicions', () => {
    const down = accused(5, 1, 6);
    const suspicions = [1, 2, 3, 4, 5].map((by) => accused(5, 1, by, 'SUSPECT'));

    expect(accusedOf(suspicions.reduce(join, down))).toBe('DOWN');
  });
});

describe('a heartbeat', () => {
  it('is the highest of its generation', () => {
    const joined = join({ ...alive(5, 3, 1), heartbeat: 9 }, { ...alive(5, 4, 1), heartbeat: 8 });

    expect(joined).toMatchObject({ heartbeat: 9, record: { version: 4 } });
  });

  it('of an earlier generation says nothing', () => {
    const joined = join({ ...alive(5, 3, 1), heartbeat: 900 }, { ...alive(6, 0, 0), heartbeat: 2 });

    expect(joined.heartbeat).toBe(2);
  });

  it('is no part of the hash', () => {
    expect(entryHash({ ...alive(5, 3, 1), heartbeat: 1 })).toBe(entryHash(alive(5, 3, 1)));
  });
});

it('a member that has left stays gone, whatever generation comes back', () => {
  const left = normalEntry(entryOfRecord(recordOf(0, { status: 'LEFT' }), 3));

  expect(join(left, alive(99, 1, 1)).record).toMatchObject({
    status: 'LEFT',
    name: recordOf(0).name,
  });
  expect(join(alive(99, 1, 1), left)).toEqual(left);
});
