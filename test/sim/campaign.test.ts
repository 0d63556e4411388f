import { describe, expect, it } from 'vitest';
import { type RunSummary, reportOf } from '../../src/sim/campaign.ts';

const run = (seed: number, more: Partial<RunSummary> = {}): RunSummary => ({
  seed,
  traceHash: `hash-${seed}`,
  violations: [],
  operations: 10,
  acknowledged: 8,
  faults: { crash: 1 },
  messages: 100,
  virtualMs: 1_500,
  events: 1_000,
  checksPassed: ['progress'],
  notEnabled: [{ name: 'wipe', needs: ['rebuild'] }],
  sometimes: { repair: 2 },
  ...more,
});

const facts = { firstSeed: 5, realSeconds: 2, replayOf: (seed: number) => `again ${seed}` };

describe('the report of many runs', () => {
  it('adds up what the runs came to', () => {
    const failed = run(6, {
      violations: [{ check: 'progress', message: 'stuck' }],
      faults: { crash: 2, pause: 1 },
      checksPassed: ['bounds'],
    });
    expect(reportOf([run(5), failed], facts)).toMatchObject({
      runs: 2,
      firstSeed: 5,
      violations: [{ seed: 6, check: 'progress', message: 'stuck', replay: 'again 6' }],
      operations: 20,
      acknowledged: 16,
      faults: { crash: 3, pause: 1 },
      messages: 200,
      virtualSeconds: 3,
      realSeconds: 2,
      events: 2_000,
      checksPassed: { bounds: 1, progress: 1 },
      notEnabled: [{ name: 'wipe', needs: ['rebuild'] }],
      sometimes: { repair: 4 },
    });
  });

  it('is the same in whatever order the runs ended', () => {
    const runs = [run(5), run(6), run(7)];
    expect(reportOf([...runs].reverse(), facts)).toEqual(reportOf(runs, facts));
  });

  it('has another hash when any run did something else', () => {
    const hash = (runs: RunSummary[]) => reportOf(runs, facts).traceHash;
    const differs = run(6, { traceHash: 'other' });
    expect(hash([run(5), differs])).not.toBe(hash([run(5), run(6)]));
  });
});
