import { describe, expect, it } from 'vitest';
import { macrotaskDriver } from '../../../src/platform/system/macrotask-driver.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';
import { NodeClock, WALL_START_MS } from '../../../src/sim/kernel/node-clock.ts';

const drained = (kernel: Kernel) => macrotaskDriver(() => kernel.step());

describe('the clock of a process', () => {
  it('begins where virtual time does, and its monotonic clock at nought', async () => {
    const kernel = new Kernel(1);
    kernel.schedule(2_500_000, 'later', () => {});
    await drained(kernel);
    const clock = new NodeClock(kernel, 'n0');
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([WALL_START_MS + 2_500, 0]);
  });

  it('is off by its offset and drift, on the wall and in its timers', async () => {
    const kernel = new Kernel(1);
    const clock = new NodeClock(kernel, 'n0', { offsetMs: -60_000, driftPpm: 500 });
    let firedUs = 0;
    clock.setTimer(1_000, () => {
      firedUs = kernel.nowUs;
    });
    kernel.schedule(10_000_000, 'end', () => {});
    await drained(kernel);
    expect(clock.wallMs()).toBe(WALL_START_MS - 60_000 + 10_005);
    expect(clock.monotonicMs()).toBeCloseTo(10_005, 6);
    expect(firedUs).toBe(999_501);
  });

  it('jumps on the wall only', () => {
    const clock = new NodeClock(new Kernel(1), 'n0');
    clock.jump(-3_600_000);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([WALL_START_MS - 3_600_000, 0]);
  });

  it('runs nothing of a paused process, and all that came due once it resumes, in order', async () => {
    const kernel = new Kernel(1);
    const clock = new NodeClock(kernel, 'n0');
    const ran: [string, number][] = [];
    const note = (what: string) => () => ran.push([what, kernel.nowUs]);
    clock.setTimer(1, note('before'));
    kernel.schedule(2_000, 'fault', () => clock.pause());
    clock.setTimer(3, note('first'));
    kernel.schedule(4_000, 'network', () => clock.enter(note('frame')));
    clock.setTimer(5, note('second'));
    const cancelled = clock.setTimer(6, note('cancelled'));
    kernel.schedule(9_000, 'fault', () => {
      clock.resume();
      cancelled.cancel();
      clock.enter(note('last'));
    });
    clock.setTimer(10, note('after'));
    await drained(kernel);
    expect(ran).toEqual([
      ['before', 1_000],
      ['first', 9_000],
      ['frame', 9_000],
      ['second', 9_000],
      ['last', 9_000],
      ['after', 10_000],
    ]);
  });

  it('runs nothing of a dead process, held or due', async () => {
    const kernel = new Kernel(1);
    const clock = new NodeClock(kernel, 'n0');
    const ran: string[] = [];
    clock.pause();
    clock.setTimer(1, () => ran.push('held'));
    clock.setTimer(5, () => ran.push('due'));
    kernel.schedule(3_000, 'fault', () => {
      clock.kill();
      clock.resume();
      clock.enter(() => ran.push('frame'));
      clock.defer(() => ran.push('deferred'));
    });
    await drained(kernel);
    expect(ran).toEqual([]);
  });

  it('does one step after the other on a slow process', async () => {
    const kernel = new Kernel(1);
    const clock = new NodeClock(kernel, 'n0');
    clock.slow(250);
    const times: number[] = [];
    for (let step = 0; step < 4; step += 1) clock.enter(() => times.push(kernel.nowUs));
    kernel.schedule(600, 'fault', () => {
      clock.slow(0);
      clock.enter(() => times.push(kernel.nowUs));
    });
    await drained(kernel);
    expect(times).toEqual([250, 500, 750, 750, 750]);
  });
});
