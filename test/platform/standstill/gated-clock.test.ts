import { beforeEach, describe, expect, it } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import { Standstill } from '../../../src/platform/standstill/standstill.ts';
import { systemClock } from '../../../src/platform/system/system-clock.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { describeClock } from '../../conformance/clock.ts';

describeClock('GatedClock, never stopped,', () => new Standstill(systemClock).clock);

let real: ManualClock;
let standstill: Standstill;
let fired: string[];

beforeEach(() => {
  real = new ManualClock();
  standstill = new Standstill(real);
  fired = [];
});

function setTimer(delayMs: number, name: string) {
  return standstill.clock.setTimer(delayMs, () => fired.push(name));
}

describe('GatedClock of a node that stands still', () => {
  it('fires no timer and runs no deferred turn until it goes on, then each once', async () => {
    setTimer(20, 'second');
    setTimer(10, 'first');
    setTimer(1_000, 'not due');
    standstill.clock.defer(() => fired.push('deferred'));
    standstill.stop();
    await real.advance(500);
    expect(fired).toEqual([]);
    standstill.goOn();
    await real.settle();
    expect(fired).toEqual(['first', 'second', 'deferred']);
    await real.advance(500);
    expect(fired).toEqual(['first', 'second', 'deferred', 'not due']);
  });

  it('goes on counting, so that the pause can be noticed', async () => {
    const { clock } = standstill;
    const before = [clock.monotonicMs(), clock.wallMs()];
    standstill.stop();
    await real.advance(500);
    expect(clock.monotonicMs() - (before[0] ?? 0)).toBe(500);
    expect(clock.wallMs() - (before[1] ?? 0)).toBe(500);
  });

  it('does not fire a timer that is cancelled while it waits', async () => {
    const timer = setTimer(10, 'cancelled');
    standstill.stop();
    await real.advance(50);
    timer.cancel();
    standstill.goOn();
    await real.settle();
    expect(fired).toEqual([]);
  });

  it('does not fire a timer that an earlier one cancels when it goes on', async () => {
    const { clock } = standstill;
    clock.setTimer(10, () => {
      fired.push('first');
      second.cancel();
    });
    const second = setTimer(20, 'second');
    standstill.stop();
    await real.advance(50);
    standstill.goOn();
    await real.settle();
    expect(fired).toEqual(['first']);
  });

  it('leaves no timer behind when those that waited are cancelled', async () => {
    const deadlines = new Deadlines(standstill.clock);
    deadlines.add(deadlines.nowMs() + 10, () => fired.push('deadline'));
    standstill.stop();
    await real.advance(50);
    deadlines.stop();
    standstill.goOn();
    await real.settle();
    expect(fired).toEqual([]);
    expect(real.timerCount).toBe(0);
  });
});
