/** Whatever stands in a file: it is refused with an error of usage, or all that is made of it is
 *  made. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chartCards } from '../../../src/bench/report/cards.ts';
import { compareReports } from '../../../src/bench/report/compare.ts';
import type { Measured } from '../../../src/bench/report/measured.ts';
import { reportPage } from '../../../src/bench/report/page.ts';
import { readReport } from '../../../src/bench/report/read-report.ts';
import { figuresTable, shortTables } from '../../../src/bench/report/tables.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import { sampleQuorum, sampleRun } from './sample.ts';

const CODE = { chartScript: '', chartStyle: '', drawScript: '', licence: '' };
const [firstSetting] = sampleQuorum().settings;
const SAMPLES = [
  sampleRun(),
  { ...sampleQuorum(), settings: [firstSetting] },
  { ...sampleQuorum(), settings: sampleQuorum().settings.slice(3, 7) },
];

/** What stands in the place of something else. */
const odd = fc.oneof(
  fc.constantFrom(0, -1, 1, 1e-300, 1e15, 1e16, '', '<b>', null, undefined, true, [], {}, [[]]),
  fc.constantFrom([[0, 0, 0]], [[0, 0]], [[5, 1, 1]], { value: 0 }, { value: 1e-300, low: 0 }),
  fc.double(),
  fc.jsonValue(),
);

type Path = readonly (string | number)[];

function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const members = Object.entries(value).flatMap(([name, each]) => pathsIn(each, [...path, name]));
  return path.length === 0 ? members : [path, ...members];
}

function withOdd(value: unknown, [name, ...rest]: Path, replacement: unknown): unknown {
  if (name === undefined) return replacement;
  if (Array.isArray(value)) {
    return value.map((each, at) => (at === Number(name) ? withOdd(each, rest, replacement) : each));
  }
  const members = value as Record<string, unknown>;
  return { ...members, [name]: withOdd(members[name], rest, replacement) };
}

const changed = fc
  .constantFrom(...SAMPLES)
  .chain((sample) =>
    fc.tuple(
      fc.constant(sample),
      fc.array(fc.tuple(fc.constantFrom(...pathsIn(sample)), odd), { minLength: 1, maxLength: 3 }),
    ),
  )
  .map(([sample, changes]) => {
    try {
      return changes.reduce<unknown>((report, [path, to]) => withOdd(report, path, to), sample);
    } catch {
      return sample; // A later path led through what an earlier change had put there.
    }
  });

function readOf(report: unknown): Measured | undefined {
  try {
    return readReport(report);
  } catch (error) {
    expect(error).toBeInstanceOf(CoterieError);
    expect((error as CoterieError).code).toBe('INVALID_ARGUMENT');
    return undefined;
  }
}

describe('a report with something odd in it', () => {
  it('is refused, or gives a page, tables and charts whose axes hold', () => {
    fc.assert(
      fc.property(changed, (report) => {
        const measured = readOf(report);
        if (measured === undefined) return;
        expect(reportPage(measured, { code: CODE, hash: () => '' })).toContain('</html>');
        expect(figuresTable(measured.settings).rows).toHaveLength(measured.settings.length);
        expect(shortTables(measured.settings)).toHaveLength(2);
        for (const { at, series, x, y } of chartCards(measured.settings).flatMap((c) => c.charts)) {
          for (const { kind, min, max } of [x, y]) {
            expect(Number.isFinite(min) && Number.isFinite(max) && min < max).toBe(true);
            if (kind === 'log') expect(min).toBeGreaterThan(0);
          }
          expect(at).toEqual([...at].sort((a, b) => a - b));
          for (const { values } of series) expect(values).toHaveLength(at.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('is compared with itself as agreeing, or is refused', () => {
    fc.assert(
      fc.property(changed, (report) => {
        const measured = readOf(report);
        if (measured === undefined) return;
        const { differ, asked } = compareReports(measured, measured);
        expect({ differ, asked }).toEqual({ differ: 0, asked: [] });
      }),
      { numRuns: 500 },
    );
  });

  it('of any other shape is refused', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(readOf(value)).toBeUndefined();
      }),
    );
  });
});
