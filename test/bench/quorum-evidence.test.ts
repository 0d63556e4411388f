import { describe, expect, it } from 'vitest';
import {
  isQuorumReport,
  reportedCandidates,
  reportedProfile,
} from '../../src/bench/quorum-evidence.ts';

/** As `coterie bench quorum --json` writes it, with less of each. */
const SETTING = {
  name: 'N 3, R 1, W 2',
  n: 3,
  read: { r: 1 },
  write: { w: 2 },
  required: { r: 1, w: 2 },
  isStrict: false,
  figures: {
    throughput: { value: 12_000, low: 11_000, high: 13_000 },
    readP99Ms: { value: 2.5, low: 2, high: 3 },
    writeP50Ms: { value: 4, low: null, high: null },
  },
  freshness: {
    measured: [
      [0.2, 90, 100],
      [5.1, 200, 200],
    ],
    reads: 300,
    stale: 10,
    predicted: { wars: {}, coterie: { freshAtMs: [[0, 0.7]] } },
  },
};
const REPORT = { format: 'coterie-bench-quorum/1', settings: [SETTING] };

const changed = (fields: object) => ({ ...REPORT, settings: [{ ...SETTING, ...fields }] });

describe('a report of bench quorum', () => {
  it('is told by its format', () => {
    expect(isQuorumReport(REPORT)).toBe(true);
    const others = [{ format: 'coterie-bench-run/1' }, [], null, 'coterie-bench-quorum/1'];
    expect(others.map(isQuorumReport)).toEqual([false, false, false, false]);
  });

  it('is what is known of each of its settings', () => {
    expect(reportedCandidates(REPORT)).toEqual([
      {
        n: 3,
        r: 1,
        w: 2,
        levels: { read: 'one', write: 'quorum' },
        isStrict: false,
        readMs: { p99: { ms: 2.5, lowMs: 2, highMs: 3 } },
        writeMs: { p50: { ms: 4, lowMs: undefined, highMs: undefined } },
        counted: [
          { tMs: 0.2, fresh: 90, reads: 100 },
          { tMs: 5.1, fresh: 200, reads: 200 },
        ],
        predicted: [[0, 0.7]],
      },
    ]);
  });

  it('may have names of levels, and may lack freshness or predictions', () => {
    const named = { read: { consistency: 'quorum' }, write: { consistency: 'any' } };
    const [candidate] = reportedCandidates(changed({ ...named, freshness: null }));
    expect(candidate).toMatchObject({
      levels: { read: 'quorum', write: 'any' },
      counted: [],
      predicted: [],
    });
    const freshness = { ...SETTING.freshness, predicted: null };
    const [unpredicted] = reportedCandidates(changed({ freshness }));
    expect(unpredicted).toMatchObject({ predicted: [], counted: [{ reads: 100 }, { reads: 200 }] });
  });

  it('is refused with the name of the field that is wrong', () => {
    const refusals: [unknown, string][] = [
      [{ format: REPORT.format }, 'settings is missing; it must be a list'],
      [{ settings: [1] }, 'settings[0] is 1; it must be an object'],
      [changed({ n: 'three' }), 'settings[0].n is "three"; it must be a number'],
      [changed({ required: { r: 1 } }), 'settings[0].required.w is missing'],
      [changed({ required: { r: 1, w: 4 } }), 'settings[0].required.w is 4; it must be a whole'],
      [changed({ required: { r: 0, w: 1 } }), 'settings[0].required.r is 0'],
      [changed({ figures: { readP99Ms: { value: -1 } } }), 'settings[0].figures.readP99Ms.value'],
      [changed({ freshness: { measured: [[1, 2]] } }), 'settings[0].freshness.measured[0]'],
      [changed({ freshness: { measured: [[1, 3, 2]] } }), 'no more fresh reads than reads'],
      [
        changed({ freshness: { measured: [], predicted: { coterie: {} } } }),
        'settings[0].freshness.predicted.coterie.freshAtMs',
      ],
    ];
    for (const [report, message] of refusals) {
      const refusal = expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(message),
      });
      expect(() => reportedCandidates(report), message).toThrow(refusal);
    }
  });
});

describe('the legs of a report', () => {
  const way = { kind: 'constant', ms: 1 };
  const legs = (name: string) => ({
    format: 'coterie-latency-profile',
    version: 1,
    name,
    remoteMs: 0,
    legs: { write: way, ack: way, read: way, response: way },
  });
  const at = (n: number, r: number, w: number, name: string | null) => ({
    ...SETTING,
    n,
    required: { r, w },
    legs: name === null ? null : legs(name),
  });
  const report = {
    ...REPORT,
    settings: [at(3, 1, 1, null), at(3, 1, 2, 'some'), at(3, 2, 2, 'same'), at(5, 1, 1, 'five')],
  };
  const nameOf = (n: number, r: number, w: number) => reportedProfile(report, { n, r, w }).name;

  it('are those of the setting, or else of another one of the same N', () => {
    expect(nameOf(3, 2, 2)).toBe('same');
    expect(nameOf(3, 1, 1)).toBe('some');
    expect(nameOf(5, 3, 3)).toBe('five');
  });

  it('are refused where there are none, or where they are damaged', () => {
    expect(() => nameOf(4, 1, 1)).toThrow('a list with legs of N 4');
    const damaged = { ...REPORT, settings: [{ ...SETTING, legs: { ...legs('x'), version: 2 } }] };
    const refusal = expect.objectContaining({ code: 'VERSION_UNSUPPORTED' });
    expect(() => reportedProfile(damaged, { n: 3, r: 1, w: 2 })).toThrow(refusal);
  });
});
