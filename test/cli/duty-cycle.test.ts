import { beforeEach, describe, expect, it } from 'vitest';
import { DutyCycle } from '../../src/cli/duty-cycle.ts';
import { ManualClock } from '../client/manual-clock.ts';

let clock: ManualClock;
let said: string[];
let cycle: DutyCycle;

function say(what: string): void {
  said.push(`${what} at ${clock.monotonicMs() - 1_000}`);
}

beforeEach(() => {
  clock = new ManualClock();
  said = [];
  cycle = new DutyCycle(clock, { stop: () => say('stop'), goOn: () => say('go on') });
});

describe('DutyCycle', () => {
  it('stands still for 40 ms of every 50', async () => {
    cycle.start();
    cycle.start();
    await clock.advance(100);
    expect(said).toEqual(['stop at 0', 'go on at 40', 'stop at 50', 'go on at 90', 'stop at 100']);
  });

  it.each([20, 45])('goes on when it ends after %i ms, and leaves no timer', async (endMs) => {
    cycle.start();
    await clock.advance(endMs);
    cycle.end();
    cycle.end();
    expect(said.at(-1)).toBe(`go on at ${endMs}`);
    expect(clock.timerCount).toBe(0);
    const count = said.length;
    await clock.advance(200);
    expect(said).toHaveLength(count);
  });

  it('sets no timer when it ends in the very turn in which its node goes on', async () => {
    const ending = new DutyCycle(clock, {
      stop: () => say('stop'),
      goOn: () => {
        say('go on');
        ending.end();
      },
    });
    ending.start();
    await clock.advance(200);
    expect(said).toEqual(['stop at 0', 'go on at 40', 'go on at 40']);
    expect(clock.timerCount).toBe(0);
  });

  it('is one cycle when it ends and starts in the very turn in which its node goes on', async () => {
    let isFirst = true;
    const again = new DutyCycle(clock, {
      stop: () => say('stop'),
      goOn: () => {
        say('go on');
        if (!isFirst) return;
        isFirst = false;
        again.end();
        again.start();
      },
    });
    again.start();
    await clock.advance(85);
    const once = ['stop at 0', 'go on at 40', 'go on at 40', 'stop at 40', 'go on at 80'];
    expect(said).toEqual(once);
    again.end();
    expect(clock.timerCount).toBe(0);
    await clock.advance(200);
    expect(said).toEqual([...once, 'go on at 85']);
  });

  it('can be started again', async () => {
    cycle.start();
    await clock.advance(10);
    cycle.end();
    cycle.start();
    await clock.advance(40);
    expect(said).toEqual(['stop at 0', 'go on at 10', 'stop at 10', 'go on at 50']);
  });
});
