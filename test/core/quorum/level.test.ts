import { describe, expect, it } from 'vitest';
import type { LevelInput, ReplicaPlace } from '../../../src/core/quorum/level.ts';
import { resolveRequirement } from '../../../src/core/quorum/level.ts';

function places(...datacentres: string[]): ReplicaPlace[] {
  return datacentres.map((datacentre, nodeIndex) => ({ nodeIndex, datacentre }));
}

const THREE = places('dc-1', 'dc-1', 'dc-1');

function needs(input: Partial<LevelInput>): number[] {
  return resolveRequirement({
    verb: 'write',
    replicas: THREE,
    datacentre: 'dc-1',
    ...input,
  }).groups.map((group) => group.need);
}

describe('levels and raw numbers as counts', () => {
  it.each([
    ['any', 1],
    ['one', 1],
    ['two', 2],
    ['three', 3],
    ['quorum', 2],
    ['all', 3],
  ] as const)('level %s of three replicas needs %d', (level, need) => {
    expect(needs({ level })).toEqual([need]);
  });

  it('is quorum when nothing is given', () => {
    expect(needs({})).toEqual([2]);
    expect(needs({ replicas: places('a', 'a', 'a', 'a', 'a') })).toEqual([3]);
  });

  it('counts local levels in the datacentre of the coordinator only', () => {
    const replicas = places('east', 'east', 'east', 'west', 'west');
    const input = { replicas, datacentre: 'west' } as const;
    expect(needs({ ...input, level: 'local_quorum' })).toEqual([2]);
    expect(needs({ ...input, level: 'local_one' })).toEqual([1]);
    const { groups } = resolveRequirement({ ...input, verb: 'read', level: 'local_quorum' });
    expect(groups[0]?.members).toEqual([3, 4]);
  });

  it('needs a majority in every datacentre for each_quorum', () => {
    const replicas = places('east', 'east', 'east', 'west', 'west');
    expect(needs({ replicas, level: 'each_quorum' })).toEqual([2, 2]);
  });

  it('refuses a local level where the datacentre has no replica, as not applied', () => {
    expect(() => needs({ datacentre: 'north', level: 'local_quorum' })).toThrow(
      expect.objectContaining({ code: 'NO_REPLICA', applied: 'no' }),
    );
  });

  it.each([
    [{ verb: 'read', level: 'any' }, /writes only/],
    [{ level: 'three', replicas: places('a', 'a') }, /needs 3 replicas; N is 2/],
    [{ raw: { count: 4 } }, /w is 4.*N, which is 3/],
    [{ raw: { primaries: 4 } }, /pw is 4/],
    [{ raw: { count: 1, durable: 2 } }, /dw 2 is larger than w 1/],
    [{ verb: 'read', raw: { durable: 1 } }, /dw is for writes only/],
    [{ level: 'one', raw: { count: 1 } }, /either a consistency level or raw numbers/],
  ] as const)('refuses %j as a usage error that names limit and value', (input, message) => {
    expect(() => needs(input as Partial<LevelInput>)).toThrow(message);
    expect(() => needs(input as Partial<LevelInput>)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', applied: 'no' }),
    );
  });

  it('takes the larger of W and PW, and labels raw numbers', () => {
    const requirement = resolveRequirement({
      verb: 'write',
      replicas: THREE,
      datacentre: 'dc-1',
      raw: { count: 1, primaries: 2, durable: 1 },
    });
    expect(requirement).toMatchObject({ label: 'w=2', durable: 1, groups: [{ need: 2 }] });
  });

  it('calls only requirements strict that intersect in every majority', () => {
    const strict = (level: LevelInput['level'] & string) =>
      resolveRequirement({ verb: 'read', replicas: THREE, datacentre: 'dc-1', level }).isStrict;
    expect(strict('quorum')).toBe(true);
    expect(strict('all')).toBe(true);
    expect(strict('one')).toBe(false);
    expect(strict('two')).toBe(false);
  });
});
