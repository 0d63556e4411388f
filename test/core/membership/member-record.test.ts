import { describe, expect, it } from 'vitest';
import {
  checkAccusation,
  checkRecord,
  compareRecords,
  compareStandpoints,
  isMemberId,
  leftRecord,
  type MemberRecord,
  refutes,
} from '../../../src/core/membership/member-record.ts';
import { recordOf } from './gossip-cluster.ts';

const accusation = {
  about: recordOf(0).id,
  generation: 5,
  incarnation: 1,
  state: 'DOWN',
  by: recordOf(1).id,
} as const;

describe('of two records of one id', () => {
  it.each<[string, Partial<MemberRecord>, Partial<MemberRecord>]>([
    ['generation', { generation: 6, version: 0 }, { generation: 5, version: 9 }],
    ['version', { version: 3, incarnation: 0 }, { version: 2, incarnation: 9 }],
    ['LEFT before all else', { status: 'LEFT', generation: 1 }, { generation: 9 }],
  ])('the later one stays: %s', (_, later, earlier) => {
    expect(compareRecords(recordOf(0, later), recordOf(0, earlier))).toBeGreaterThan(0);
    expect(compareRecords(recordOf(0, earlier), recordOf(0, later))).toBeLessThan(0);
  });

  it('with one version and different content the same one stays on every node', () => {
    const one = recordOf(0, { weight: 1 });
    const other = recordOf(0, { weight: 2 });

    expect(compareRecords(one, other)).toBe(-compareRecords(other, one));
    expect(compareRecords(one, other)).not.toBe(0);
  });

  it('equal ones are equal', () => {
    expect(compareRecords(recordOf(0), { ...recordOf(0) })).toBe(0);
  });
});

it('a higher generation or incarnation refutes, an equal one does not', () => {
  expect(refutes(recordOf(0, { generation: 5, incarnation: 2 }), accusation)).toBe(true);
  expect(refutes(recordOf(0, { generation: 6, incarnation: 0 }), accusation)).toBe(true);
  expect(refutes(recordOf(0, { generation: 5, incarnation: 1 }), accusation)).toBe(false);
  expect(refutes(leftRecord(accusation.about, 'a', ''), accusation)).toBe(true);
  expect(compareStandpoints(accusation, { generation: 5, incarnation: 0 })).toBe(1);
});

describe('a record from outside', () => {
  it.each<[string, Partial<MemberRecord>]>([
    ['id', { id: 'xyz' }],
    ['id', { id: 'AB'.repeat(16) }],
    ['name', { name: '' }],
    ['address', { address: 'a'.repeat(256) }],
    ['zone', { zone: 'two words' }],
    ['clusterId', { clusterId: 'abc' }],
    ['layoutHash', { layoutHash: 'ab' }],
    ['generation', { generation: 2 ** 48 }],
    ['generation', { generation: Number.NaN }],
    ['version', { version: -1 }],
    ['incarnation', { incarnation: 2 ** 32 }],
    ['weight', { weight: 0.5 }],
    ['nodeIndex', { nodeIndex: 65_536 }],
    ['diskPercent', { diskPercent: 101 }],
    ['clockOffsetMs', { clockOffsetMs: Number.POSITIVE_INFINITY }],
  ])('with a bad %s is refused and the field named', (field, change) => {
    expect(() => checkRecord(recordOf(0, change))).toThrow(
      expect.objectContaining({
        code: 'MALFORMED_MESSAGE',
        details: expect.objectContaining({ field }),
      }),
    );
  });

  it('in range is taken, before init and after the member left', () => {
    checkRecord(recordOf(0, { clusterId: '', layoutHash: '', layoutVersion: 0 }));
    checkRecord(leftRecord(recordOf(0).id, 'node-0', 'c1'.repeat(16)));
    expect(isMemberId(recordOf(0).id)).toBe(true);
  });
});

it('an accusation that is out of range, or of oneself, is refused', () => {
  expect(() => checkAccusation(accusation)).not.toThrow();
  expect(() => checkAccusation({ ...accusation, by: 'nobody' })).toThrow(/by/);
  expect(() => checkAccusation({ ...accusation, generation: -1 })).toThrow(/generation/);
  expect(() => checkAccusation({ ...accusation, by: accusation.about })).toThrow(/itself/);
});
