import { describe, expect, it } from 'vitest';
import { closedLoop, openLoop } from '../../src/bench/loops.ts';
import { ManualClock } from '../client/manual-clock.ts';

const FOR_EVER = { isStopped: () => false };

/** Operations that take as long as told. */
function slowly(clock: ManualClock, takesMs: (index: number) => number) {
  const intended: number[] = [];
  const latencies: number[] = [];
  let inFlight = 0;
  let most = 0;
  const begin = (intendedMs: number): Promise<void> => {
    const index = intended.push(intendedMs) - 1;
    inFlight += 1;
    most = Math.max(most, inFlight);
    return new Promise((resolve) => {
      clock.setTimer(takesMs(index), () => {
        inFlight -= 1;
        latencies[index] = clock.monotonicMs() - intendedMs;
        resolve();
      });
    });
  };
  return { begin, intended, latencies, most: () => most, inFlight: () => inFlight };
}

describe('a closed loop', () => {
  it('keeps so many in flight and no more, and begins as many as it was told', async () => {
    const clock = new ManualClock();
    const work = slowly(clock, () => 10);
    const loop = closedLoop(clock, 4, { ...FOR_EVER, operations: 20 }, work.begin);
    await clock.advance(1_000);
    expect(await loop).toEqual({ begun: 20, unstarted: 0 });
    expect(work.most()).toBe(4);
    expect(clock.timerCount).toBe(0);
  });

  it('begins nothing at its end and waits for what it has begun', async () => {
    const clock = new ManualClock();
    const work = slowly(clock, () => 30);
    const atMs = clock.monotonicMs() + 100;
    const loop = closedLoop(clock, 1, { ...FOR_EVER, atMs }, work.begin);
    await clock.advance(100);
    expect(work.inFlight()).toBe(1);
    await clock.advance(100);
    expect((await loop).begun).toBe(4);
  });

  it('rejects with the first failure, once everything in flight has ended', async () => {
    const clock = new ManualClock();
    const work = slowly(clock, (index) => 10 * (index + 1));
    let count = 0;
    const begin = async (intendedMs: number): Promise<void> => {
      const isFirst = count === 0;
      count += 1;
      await work.begin(intendedMs);
      if (isFirst) throw new Error('no');
    };
    const loop = closedLoop(clock, 3, { ...FOR_EVER, operations: 9 }, begin);
    loop.catch(() => {});
    await clock.advance(500);
    await expect(loop).rejects.toThrow('no');
    expect(count).toBe(3);
    expect(work.inFlight()).toBe(0);
  });
});

describe('an open loop', () => {
  const pace = { perSecond: 100, inFlightMax: 1_000 };

  it('begins at its rate, whatever has been answered', async () => {
    const clock = new ManualClock();
    const startMs = clock.monotonicMs();
    const work = slowly(clock, () => 5_000);
    const loop = openLoop(clock, pace, { ...FOR_EVER, atMs: startMs + 1_000 }, work.begin);
    await clock.advance(1_000);
    expect(work.intended).toHaveLength(100);
    for (const [index, intendedMs] of work.intended.entries()) {
      expect(intendedMs).toBeCloseTo(startMs + index * 10, 6);
    }
    await clock.advance(6_000);
    expect(await loop).toEqual({ begun: 100, unstarted: 0 });
    expect(clock.timerCount).toBe(0);
  });

  it('charges a stall to every operation that was due during it', async () => {
    const clock = new ManualClock();
    const work = slowly(clock, (index) => (index === 0 ? 500 : 1));
    const narrow = { perSecond: 100, inFlightMax: 1 };
    const loop = openLoop(clock, narrow, { ...FOR_EVER, operations: 50 }, work.begin);
    await clock.advance(2_000);
    await loop;
    // The one that was due at 10 ms could begin at 500 ms.
    expect(work.latencies[1]).toBeCloseTo(491, 6);
    expect(work.latencies[2]).toBeCloseTo(482, 6);
    expect(work.latencies.filter((ms) => ms > 100).length).toBeGreaterThan(30);
  });

  it('tells what was due and never begun', async () => {
    const clock = new ManualClock();
    const work = slowly(clock, () => 400);
    const narrow = { perSecond: 100, inFlightMax: 1 };
    const atMs = clock.monotonicMs() + 1_000;
    const loop = openLoop(clock, narrow, { ...FOR_EVER, atMs }, work.begin);
    await clock.advance(3_000);
    const { begun, unstarted } = await loop;
    expect(begun).toBe(3);
    // Due at 0, 10, ..., and the one due at the end itself is not.
    expect(begun + unstarted).toBeGreaterThanOrEqual(100);
    expect(begun + unstarted).toBeLessThanOrEqual(101);
  });

  it('stops when it is told to, and leaves no timer', async () => {
    const clock = new ManualClock();
    let isStopped = false;
    const work = slowly(clock, () => 5);
    const loop = openLoop(clock, pace, { isStopped: () => isStopped }, work.begin);
    await clock.advance(100);
    isStopped = true;
    await clock.advance(200);
    const { begun } = await loop;
    expect(begun).toBe(11);
    expect(clock.timerCount).toBe(0);
  });

  it('rejects with a failure once everything in flight has ended', async () => {
    const clock = new ManualClock();
    const work = slowly(clock, () => 100);
    let count = 0;
    const begin = async (intendedMs: number): Promise<void> => {
      count += 1;
      if (count === 3) throw new Error('no');
      await work.begin(intendedMs);
    };
    const loop = openLoop(clock, pace, FOR_EVER, begin);
    loop.catch(() => {});
    await clock.advance(1_000);
    await expect(loop).rejects.toThrow('no');
    expect(count).toBe(3);
    expect(work.inFlight()).toBe(0);
    expect(clock.timerCount).toBe(0);
  });
});
