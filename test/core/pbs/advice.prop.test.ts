import fc from 'fast-check';
import { expect, it } from 'vitest';
import { advise, type Candidate, type Goals } from '../../../src/core/pbs/advice.ts';

const ms = fc.double({ min: 0, max: 100, noNaN: true });
const known = fc.option(
  ms.map((value) => ({ ms: value, lowMs: value / 1.1, highMs: value * 1.1 })),
  { nil: undefined },
);
const latencies = fc
  .record({ p50: known, p99: known, p999: known })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, each]) => each !== undefined)));

const counted = fc
  .array(
    fc.record({ tMs: ms, reads: fc.nat(5_000), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  )
  .map((points) =>
    points
      .map(({ tMs, reads, share }) => ({ tMs, reads, fresh: Math.floor(share * reads) }))
      .sort((a, b) => a.tMs - b.tMs),
  );

const candidate: fc.Arbitrary<Candidate> = fc
  .record({ n: fc.integer({ min: 1, max: 7 }), r: fc.nat(6), w: fc.nat(6), latencies, counted })
  .map(({ n, r, w, latencies: known, counted: points }) => {
    const counts = { n, r: 1 + (r % n), w: 1 + (w % n) };
    return {
      ...counts,
      levels: { read: null, write: null },
      isStrict: counts.r + counts.w > n,
      readMs: known,
      writeMs: known,
      counted: points,
      predicted: [],
    };
  });

const goals: fc.Arbitrary<Goals> = fc.record({
  readMs: fc.record({ p99: ms }, { requiredKeys: [] }),
  writeMs: fc.record({ p50: ms, p999: ms }, { requiredKeys: [] }),
  fresh: fc.array(
    fc.record({ share: fc.double({ min: 0.01, max: 1, noNaN: true }), afterMs: ms }),
    { maxLength: 2 },
  ),
  survive: fc.nat(3),
});

it('recommends exactly what meets every goal, loses none, and sorts', () => {
  fc.assert(
    fc.property(goals, fc.array(candidate, { maxLength: 8 }), (wanted, candidates) => {
      const advice = advise(wanted, candidates);
      expect(new Set(advice.map((each) => each.candidate))).toEqual(new Set(candidates));
      for (const { isMet, latencies: found, fresh, survival } of advice) {
        const verdicts = [...found, ...fresh].map(({ verdict }) => verdict);
        expect(isMet).toBe([...verdicts, survival].every((verdict) => verdict === 'met'));
      }
      const firstMissed = advice.findIndex(({ isMet }) => !isMet);
      if (firstMissed >= 0)
        expect(advice.slice(firstMissed).some(({ isMet }) => isMet)).toBe(false);
    }),
  );
});

it('never recommends for a harder goal what it does not for an easier one', () => {
  fc.assert(
    fc.property(
      goals,
      candidate,
      fc.double({ min: 1, max: 3, noNaN: true }),
      (wanted, each, easier) => {
        const slack = (of: Goals['readMs']) =>
          Object.fromEntries(Object.entries(of).map(([name, value]) => [name, value * easier]));
        const relaxed: Goals = {
          ...wanted,
          readMs: slack(wanted.readMs),
          writeMs: slack(wanted.writeMs),
          fresh: wanted.fresh.map(({ share, afterMs }) => ({ share: share / easier, afterMs })),
        };
        const isMet = (of: Goals) => advise(of, [each])[0]?.isMet;
        if (isMet(wanted) === true) expect(isMet(relaxed)).toBe(true);
      },
    ),
  );
});
