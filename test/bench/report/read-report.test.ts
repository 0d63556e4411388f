/** What is read from the JSON of benchmarks, and what is said of JSON that is none. */
import { describe, expect, it } from 'vitest';
import { type Measured, shareOf } from '../../../src/bench/report/measured.ts';
import { readReport } from '../../../src/bench/report/read-report.ts';
import { sampleQuorum, sampleRun } from './sample.ts';

function refusalOf(value: unknown): string {
  try {
    readReport(value);
  } catch (error) {
    return (error as Error).message;
  }
  return 'read';
}

function settingOf(measured: Measured, name: string) {
  const setting = measured.settings.find((each) => each.name === name);
  if (setting === undefined) throw new Error(`no setting ${name}`);
  return setting;
}

describe('a run', () => {
  it('is one setting with its figures, of whose noise nothing is known', () => {
    const { settings, notes, facts } = readReport(sampleRun());
    expect(settings).toHaveLength(1);
    expect(settings[0]).toMatchObject({
      name: 'read quorum, write w=2',
      operations: 180_000,
      figures: {
        throughput: { value: 17_900, low: null, high: null },
        readP50Ms: { value: 1.4 },
        writeP999Ms: { value: 14 },
        failedShare: { value: 12 / 180_000 },
        nodeSeconds: { value: 0.21 },
      },
    });
    expect(notes).toEqual([expect.stringContaining('nothing is known of its noise')]);
    expect(Object.fromEntries(facts)).toMatchObject({
      workload: 'a, zipfian, 10,000 keys of 100 bytes, 64 in flight, one client, 10.0 s',
      machine: '2 cores, some processor, 8.0 GiB, linux x64; load average 0.40 when it began',
      seed: '1',
    });
  });

  it('has the range that its slices tell', () => {
    const noise = { throughput: 1.1, readP50Ms: 2 };
    const { settings, notes } = readReport({ ...sampleRun(), noise });
    expect(settings[0]?.figures).toMatchObject({
      throughput: { value: 17_900, low: 17_900 / 1.1, high: 17_900 * 1.1 },
      readP50Ms: { value: 1.4, low: 0.7, high: 2.8 },
      nodeSeconds: { low: null, high: null },
    });
    expect(notes[0]).toContain('its ranges come from its slices');
    expect(() => readReport({ ...sampleRun(), noise: { readP50Ms: 0.5 } })).toThrow('not below 1');
  });

  it('has no figure where nothing was measured', () => {
    const nothing = { count: 0, p50Ms: null, p99Ms: null, p999Ms: null, maxMs: null, meanMs: null };
    const report = {
      ...sampleRun(),
      write: nothing,
      cpuSecondsPer1000: { client: 1, nodes: null },
    };
    const figures = readReport(report).settings[0]?.figures ?? {};
    expect(Object.keys(figures)).not.toContain('writeP50Ms');
    expect(Object.keys(figures)).not.toContain('nodeSeconds');
  });

  it('says what limits the use of its figures', () => {
    const { machine } = sampleRun();
    const busy = { ...sampleRun(), machine: { ...machine, loadAverage: 6.1 }, isInterrupted: true };
    expect(readReport({ ...busy, unstarted: 7 }).notes.slice(1)).toEqual([
      'The machine had other things to do: the load average was 6.1 when it began.',
      'It was interrupted: the figures are of what was done until then.',
      '7 operations were due and never begun: it cannot keep this rate.',
    ]);
  });
});

describe('a matrix of quorum settings', () => {
  it('is a setting for each N, R, W, with ranges, predictions and what a fault did', () => {
    const measured = readReport(sampleQuorum());
    expect(measured.settings).toHaveLength(9);
    const setting = settingOf(measured, 'N 3, R 1, W 1');
    expect(setting.figures.throughput).toEqual({ value: 11_700, low: 11_115, high: 12_285 });
    expect(setting.figures.freshShare?.value).toBe(0.5);
    expect(setting.predicted.map(({ model }) => model)).toEqual(['coterie', 'wars']);
    expect(setting.predicted[0]?.figures.readP50Ms).toBeCloseTo(1.26);
    expect(setting.freshness?.measured[0]).toMatchObject({ tMs: 0, share: { value: 0.5 } });
    expect(setting.availability?.faults).toEqual([
      { label: 'kill n3', fromSeconds: 8, toSeconds: 14 },
    ]);
    expect(settingOf(measured, 'N 3, R 3, W 1').figures.failedShare?.value).toBeCloseTo(0.0343, 4);
  });

  it('names settings by their levels where these have names', () => {
    const [first] = sampleQuorum().settings;
    const name = 'N 3, read quorum, write one';
    const report = { ...sampleQuorum(), settings: [first, { ...first, name }] };
    expect(readReport(report).settings[1]?.name).toBe(name);
  });

  it('says when a setting broke its promise', () => {
    const { settings, ...report } = sampleQuorum();
    const stale = settings.map((setting) => ({
      ...setting,
      freshness: { ...setting.freshness, stale: 3 },
    }));
    const notes = readReport({ ...report, settings: stale }).notes;
    expect(notes).toHaveLength(6);
    expect(notes[0]).toBe('N 3, R 3, W 1 is strict, and 3 reads did not return the newest write.');
  });

  it('gives shares of fresh reads the range of as many fewer reads as its noise says', () => {
    const { noise, ...sample } = sampleQuorum();
    const rangeWith = (changed: object | undefined) => {
      const report = readReport({ ...sample, noise: changed });
      const { figures, freshness } = settingOf(report, 'N 3, R 1, W 1');
      expect(freshness?.measured[0]?.share).toEqual(figures.freshShare);
      return figures.freshShare;
    };
    expect(noise.freshDesignEffect).toBe(2.5);
    expect(rangeWith(noise)).toEqual(shareOf(800, 1_600));
    expect(rangeWith({ throughput: 1.05 })).toEqual(shareOf(2_000, 4_000));
    expect(rangeWith(undefined)).toEqual(shareOf(2_000, 4_000));
    const failed = settingOf(readReport(sampleQuorum()), 'N 3, R 3, W 1').figures.failedShare;
    expect(failed).toEqual(shareOf(4_113, 120_000));
  });

  it('needs neither freshness nor a fault', () => {
    const [first] = sampleQuorum().settings;
    const { freshness: _, availability: __, ...rest } = first ?? {};
    const [setting] = readReport({ ...sampleQuorum(), settings: [rest] }).settings;
    expect(setting).not.toHaveProperty('freshness');
    expect(setting).not.toHaveProperty('availability');
    expect(setting?.predicted).toEqual([]);
  });
});

describe('what is no report', () => {
  const [first] = sampleQuorum().settings;

  function quorumWith(change: object): object {
    return { ...sampleQuorum(), settings: [{ ...first, ...change }] };
  }

  it.each([
    ['a text', 'report', 'it is "report"; it must be an object'],
    ['a list', [1], 'it is a list of 1; it must be an object'],
    ['nothing', null, 'it is null; it must be an object'],
    ['an object of something else', { name: 'coterie' }, 'format is missing; it must be a text'],
    [
      'a later version',
      { ...sampleRun(), format: 'coterie-bench-run/2' },
      'format is "coterie-bench-run/2"; this version reads coterie-bench-quorum/1, ',
    ],
    [
      'the name of something that every object has',
      { format: 'constructor' },
      'format is "constructor"',
    ],
    [
      'a report without its machine',
      { ...sampleRun(), machine: undefined },
      'machine is missing; it must be an object',
    ],
    [
      'a figure that is a text',
      { ...sampleRun(), throughput: 'fast' },
      'throughput is "fast"; it must be a number',
    ],
    [
      'a negative figure',
      { ...sampleRun(), throughput: -1 },
      'throughput is -1; it must be a number not below 0',
    ],
    ['a figure beyond all reason', { ...sampleRun(), throughput: 1e300 }, 'throughput is 1e+300'],
    ['no settings', { ...sampleQuorum(), settings: [] }, 'settings is a list of 0'],
    [
      'a setting twice',
      { ...sampleQuorum(), settings: [first, first] },
      'settings is a list of 2; it must be a list in which each setting is there once',
    ],
    [
      'more settings than anyone reads',
      { ...sampleQuorum(), settings: Array(300).fill(first) },
      'settings is a list of 300; it must be a list of 1 to 256',
    ],
    [
      'a list that is too long',
      quorumWith({ freshness: { measured: Array(10_001).fill([0, 1, 1]) } }),
      'settings[0].freshness.measured is a list of 10001; it must be a list of at most 10000',
    ],
    [
      'more fresh reads than reads',
      quorumWith({ freshness: { measured: [[0, 2, 1]] } }),
      'settings[0].freshness.measured is a list of 1; it must be no more fresh reads than reads',
    ],
    [
      'times that fall',
      quorumWith({
        freshness: {
          measured: [
            [1, 1, 1],
            [0, 1, 1],
          ],
        },
      }),
      'settings[0].freshness.measured is a list of 2; it must be at rising times, at least one',
    ],
    [
      'shares that vary less than independent trials',
      { ...sampleQuorum(), noise: { freshDesignEffect: 0.5 } },
      'noise.freshDesignEffect is 0.5; it must be a number not below 1',
    ],
    [
      'a range without its value',
      quorumWith({ figures: { throughput: { value: 5, low: 6, high: 7 } } }),
      'settings[0].figures.throughput is an object; it must be a value between its low and high',
    ],
  ])('is refused with the field and the reason: %s', (_what, value, reason) => {
    expect(refusalOf(value)).toContain(reason);
  });

  it('is refused when it is deeper or larger than what is shown', () => {
    let deep: object = {};
    for (let level = 0; level < 100; level += 1) deep = { deep };
    expect(refusalOf({ ...sampleRun(), config: { ...sampleRun().config, deep } })).toContain(
      'it must be less deep',
    );
    const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`c${at}`, 1]));
    expect(refusalOf({ ...sampleRun(), errors: wide })).toContain('at most 256 members');
    expect(refusalOf({ ...sampleRun(), config: { ...sampleRun().config, wide } })).toContain(
      'it must be smaller',
    );
    expect(refusalOf({ ...sampleRun(), command: 'x'.repeat(5_000) })).toContain('at most 4096');
  });

  it('cannot move the cursor of a terminal', () => {
    const controls = '\u001b[2J\u202e\n';
    const { facts, settings } = readReport({
      ...sampleRun({ command: controls }),
      errors: { [controls]: 1 },
    });
    expect(Object.fromEntries(facts)['command']).toBe('\\u001b[2J\\u202e\\u000a');
    expect(Object.keys(settings[0]?.errors ?? {})).toEqual(['\\u001b[2J\\u202e\\u000a']);
    expect(refusalOf({ ...sampleRun(), errors: { [controls]: 'x' } })).not.toContain('\u001b');
  });
});

it('of a matrix tells no time of freshness for which there were too few reads', () => {
  const { settings, ...rest } = sampleQuorum();
  const few = settings.map(({ freshness, ...setting }) => ({
    ...setting,
    freshness:
      freshness === null
        ? null
        : {
            ...freshness,
            measured: [
              [0.2, 5, 9],
              [40, 9, 9],
            ],
          },
  }));
  const told = readReport({ ...rest, settings: few });
  expect(told.settings.some(({ figures }) => 'freshMs' in figures)).toBe(false);
  expect(told.notes.join()).toContain('fresh at N 3, R 1, W 1; N 3, R 2, W 1; N 3, R 1, W 2: it');
  expect(readReport(sampleQuorum()).settings.every(({ figures }) => 'freshMs' in figures)).toBe(
    true,
  );
});
