import { describe, expect, it } from 'vitest';
import type { LatencyProfile } from '../../../src/core/pbs/profile.ts';
import { decodeProfile, encodeProfile } from '../../../src/core/pbs/profile-file.ts';

const MEASURED: LatencyProfile = {
  name: 'three nodes on one disk',
  remoteMs: 0,
  legs: {
    write: {
      kind: 'mixture',
      parts: [
        { weight: 0.9, of: { kind: 'pareto', minMs: 0.2, shape: 8 } },
        { weight: 0.1, of: { kind: 'exponential', rate: 1.5 } },
      ],
    },
    ack: { kind: 'constant', ms: 0.2 },
    read: { kind: 'samples', ms: [0.2, 0.3, 0.25] },
    response: { kind: 'constant', ms: 0.2 },
    commit: {
      kind: 'quantiles',
      points: [
        [0, 1],
        [0.5, 1.2],
        [1, 9],
      ],
    },
  },
};

/** Version 1, byte for byte: what is stored stays readable. */
const GOLDEN =
  '{"format":"coterie-latency-profile","version":1,"name":"three nodes on one disk","remoteMs":0,' +
  '"legs":{"write":{"kind":"mixture","parts":[{"weight":0.9,"of":{"kind":"pareto","minMs":0.2,' +
  '"shape":8}},{"weight":0.1,"of":{"kind":"exponential","rate":1.5}}]},"ack":{"kind":"constant",' +
  '"ms":0.2},"read":{"kind":"samples","ms":[0.2,0.3,0.25]},"response":{"kind":"constant",' +
  '"ms":0.2},"commit":{"kind":"quantiles","points":[[0,1],[0.5,1.2],[1,9]]}}}';

it('writes and reads version 1', () => {
  expect(JSON.stringify(encodeProfile(MEASURED))).toBe(GOLDEN);
  expect(decodeProfile(JSON.parse(GOLDEN))).toEqual(MEASURED);
});

it('takes the distance to be 0 when it is not given', () => {
  const { remoteMs: _remoteMs, ...rest } = JSON.parse(GOLDEN);
  expect(decodeProfile(rest)).toEqual(MEASURED);
});

it('keeps what is slow together', () => {
  const file = { ...JSON.parse(GOLDEN), roundTrips: true, copiesTogether: 0.5 };
  expect(decodeProfile(file)).toEqual({ ...MEASURED, roundTrips: true, copiesTogether: 0.5 });
  expect(encodeProfile(decodeProfile(file))).toEqual(file);
});

describe('a file that is no profile', () => {
  const refusalOf = (file: unknown): string => {
    try {
      decodeProfile(file);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('was not refused');
  };
  const changed = (fields: object) => refusalOf({ ...JSON.parse(GOLDEN), ...fields });
  const withLegs = (legs: object) => changed({ legs: { ...JSON.parse(GOLDEN).legs, ...legs } });
  const set = (ack: unknown) => withLegs({ ack });

  it('is refused with the name of the field and what it must be', () => {
    expect(refusalOf([])).toBe('the profile is []; it must be an object');
    expect(refusalOf({})).toContain('format is missing');
    expect(changed({ version: 0 })).toContain('version is 0; it must be 1');
    expect(changed({ version: 1.5 })).toContain('version is 1.5; it must be 1');
    expect(set(undefined)).toBe('legs.ack is missing; it must be an object');
    expect(withLegs({ fsync: {} })).toContain('legs.fsync is not known');
    expect(changed({ name: '' })).toContain('name is ; it must be a text');
    expect(changed({ remoteMs: -1 })).toContain('remoteMs is -1');
    expect(changed({ copiesTogether: 2 })).toContain('copiesTogether is 2; it must be a number');
    expect(changed({ roundTrips: 1 })).toContain('roundTrips is 1; it must be true or false');
  });

  it('is refused as too new when its version is a later one', () => {
    const later = { ...JSON.parse(GOLDEN), version: 2 };
    const refusal = expect.objectContaining({ code: 'VERSION_UNSUPPORTED' });
    expect(() => decodeProfile(later)).toThrow(refusal);
  });

  it('is refused when a distribution cannot be drawn from', () => {
    expect(set({ kind: 'gauss' })).toContain('legs.ack.kind is gauss; it must be one of constant');
    expect(set({ kind: 'constant', ms: -1 })).toContain('legs.ack.ms is -1');
    expect(set({ kind: 'constant', ms: '1' })).toContain('legs.ack.ms is 1');
    expect(set({ kind: 'constant', ms: 1, rate: 2 })).toContain('legs.ack.rate is not known');
    expect(set({ kind: 'exponential', rate: 0 })).toContain('legs.ack.rate is 0');
    expect(set({ kind: 'pareto', minMs: 1, shape: 0.01 })).toContain('legs.ack.shape is 0.01');
    expect(set({ kind: 'samples', ms: [] })).toContain('legs.ack.ms is a list of 0');
    expect(set({ kind: 'samples', ms: [1, null] })).toContain('legs.ack.ms[1] is null');
  });

  it('is refused when shares or times fall, or shares do not go from 0 to 1', () => {
    const points = (list: unknown) => set({ kind: 'quantiles', points: list });
    expect(
      points([
        [0, 1],
        [0.5, 2],
      ]),
    ).toContain('begins with share 0, ends with 1');
    expect(
      points([
        [0.1, 1],
        [1, 2],
      ]),
    ).toContain('begins with share 0, ends with 1');
    expect(
      points([
        [0, 1],
        [0.5, 2],
        [0.4, 3],
        [1, 4],
      ]),
    ).toContain('points[2][0] is 0.4');
    expect(
      points([
        [0, 3],
        [1, 2],
      ]),
    ).toContain('points[1][1] is 2; it must be a number from 3');
    expect(points([[0, 3], [1]])).toContain('points[1] is [1]; it must be [share, milliseconds]');
  });

  it('is refused when a mixture is empty, without weight or within another', () => {
    const part = { weight: 1, of: { kind: 'constant', ms: 1 } };
    const mixture = (parts: unknown) => set({ kind: 'mixture', parts });
    expect(mixture([])).toContain('legs.ack.parts is a list of 0');
    expect(mixture([{ ...part, weight: 0 }])).toContain('legs.ack.parts[0].weight is 0');
    expect(mixture([{ weight: 1, of: { kind: 'mixture', parts: [part] } }])).toContain(
      'a mixture has no mixtures in it',
    );
  });
});
