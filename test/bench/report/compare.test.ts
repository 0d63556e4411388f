/** When two reports say the same. */
import { describe, expect, it } from 'vitest';
import { compareReports, verdictOf } from '../../../src/bench/report/compare.ts';
import { type Figure, shareOf } from '../../../src/bench/report/measured.ts';
import { readReport } from '../../../src/bench/report/read-report.ts';
import { sampleQuorum, sampleRun } from './sample.ts';

function figure(value: number, low: number | null = null, high: number | null = null): Figure {
  return { value, low, high };
}

describe('the verdict on two figures', () => {
  it.each([
    ['each in the range of the other', figure(10, 9, 11), figure(10.9, 9.9, 11.9), 'agrees'],
    ['one in the wider range of the other', figure(10, 9.9, 10.1), figure(11, 9, 13), 'agrees'],
    ['neither in the range of the other', figure(10, 9, 11), figure(11.5, 10.5, 12.5), 'differs'],
    ['one range with the other figure in it', figure(10, 9, 11), figure(10.9), 'agrees'],
    ['one range without it', figure(11.1), figure(10, 9, 11), 'differs'],
    ['no range', figure(10), figure(10.001), 'unknown'],
    ['no range and the same figure', figure(10), figure(10), 'agrees'],
    ['nothing failed of few, something of many', shareOf(0, 10), shareOf(5, 1_000), 'agrees'],
    [
      'nothing failed of many, a tenth of as many',
      shareOf(0, 1_000),
      shareOf(100, 1_000),
      'differs',
    ],
  ])('%s', (_what, a, b, verdict) => {
    expect(verdictOf(a, b)).toBe(verdict);
    expect(verdictOf(b, a)).toBe(verdict);
  });
});

describe('two reports', () => {
  it('agree with themselves in everything', () => {
    const report = readReport(sampleQuorum());
    const { agree, differ, unknown, asked, surroundings } = compareReports(report, report);
    expect({ agree, differ, unknown, asked, surroundings }).toEqual({
      agree: 108,
      differ: 0,
      unknown: 0,
      asked: [],
      surroundings: [],
    });
  });

  it('differ in what became slower than the noise of both, and in nothing else', () => {
    const slower = readReport(sampleQuorum({ slowdown: 1.2 }));
    const { figures, differ, agree } = compareReports(readReport(sampleQuorum()), slower);
    const changed = new Set(
      figures.filter(({ verdict }) => verdict === 'differs').map(({ figure: name }) => name),
    );
    expect([...changed]).toEqual([
      'throughput',
      'readP50Ms',
      'readP99Ms',
      'readP999Ms',
      'writeP50Ms',
      'writeP99Ms',
      'writeP999Ms',
    ]);
    expect({ differ, agree }).toEqual({ differ: 63, agree: 45 });
    expect(figures.find(({ figure: name }) => name === 'readP99Ms')?.ratio).toBeCloseTo(1.2);
  });

  it('stay within their noise when they are a little slower', () => {
    const slower = readReport(sampleQuorum({ slowdown: 1.04 }));
    expect(compareReports(readReport(sampleQuorum()), slower).differ).toBe(0);
  });

  it('agree in shares of fresh reads that vary from slice to slice as the reports say', () => {
    const reportOf = (fresh: number, freshDesignEffect?: number) => {
      const { settings, noise, ...rest } = sampleQuorum();
      const [setting] = settings;
      const freshness = { ...setting?.freshness, measured: [[0.016, fresh, 2_000]] };
      return readReport({
        ...rest,
        noise: { ...noise, freshDesignEffect },
        settings: [{ ...setting, freshness }],
      });
    };
    const verdictOn = (effect?: number) =>
      compareReports(reportOf(1_616, effect), reportOf(1_707, effect)).figures.find(
        ({ figure: name }) => name === 'freshShare',
      )?.verdict;
    expect(verdictOn()).toBe('differs');
    expect(verdictOn(4)).toBe('agrees');
  });

  it('of single runs are compared whatever was asked, and it is said what was not asked alike', () => {
    const other = sampleRun({ slowdown: 2 });
    const { figures, unknown, asked } = compareReports(
      readReport(sampleRun()),
      readReport({ ...other, config: { ...other.config, write: { w: 1 } } }),
    );
    expect(asked).toEqual([{ what: 'config.write.w', a: '2', b: '1' }]);
    expect(figures[0]?.setting).toBe('read quorum, write w=2; read quorum, write w=1');
    expect(unknown).toBe(2);
  });

  it('name the machine that was another, and what only one has', () => {
    const report = sampleQuorum();
    const other = {
      ...report,
      machine: { ...report.machine, cores: 64, loadAverage: 0 },
      settings: report.settings.slice(1),
    };
    const { surroundings, onlyA, onlyB } = compareReports(readReport(report), readReport(other));
    expect(surroundings).toEqual([{ what: 'machine.cores', a: '2', b: '64' }]);
    expect(onlyA).toEqual(['N 3, R 1, W 1']);
    expect(onlyB).toEqual([]);
  });

  it('with nothing in common are not compared', () => {
    const one = readReport(sampleQuorum());
    expect(() => compareReports(one, readReport(sampleRun()))).toThrow('in common');
  });
});
