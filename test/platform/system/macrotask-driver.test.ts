import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { macrotaskDriver } from '../../../src/platform/system/macrotask-driver.ts';

/** Calls the driver with so many steps, the last of which ends it. */
const driven = (steps: number, act: (step: number) => void): Promise<void> => {
  let step = 0;
  return macrotaskDriver(() => {
    step += 1;
    act(step);
    return step < steps;
  });
};

describe('the driver of simulations', () => {
  it('drains all microtasks between two steps, however deep they go', async () => {
    let isOpen = false;
    let overlaps = 0;
    await driven(1_000, (step) => {
      if (isOpen) overlaps += 1;
      isOpen = true;
      let depth = Promise.resolve();
      for (let level = 0; level < step % 40; level += 1) depth = depth.then(() => {});
      void depth.then(() => {
        isOpen = false;
      });
    });
    expect(overlaps).toBe(0);
  });

  it('rejects with what a step throws', async () => {
    const broken = driven(10, (step) => {
      if (step === 3) throw new RangeError('third');
    });
    await expect(broken).rejects.toThrow('third');
  });

  it('keeps clocks, timers and randomness out of reach of a step, and puts them back', async () => {
    await expect(driven(2, () => void Date.now())).rejects.toThrow(/Date.now/);
    await expect(
      driven(2, () => void Math.floor(setTimeout(() => {}, 1) as never)),
    ).rejects.toThrow();
    expect(Date.now()).toBeGreaterThan(0);
  });

  describe('when nobody handles a rejection', () => {
    let others: NodeJS.UnhandledRejectionListener[] = [];
    beforeEach(() => {
      others = process.listeners('unhandledRejection');
      process.removeAllListeners('unhandledRejection');
    });
    afterEach(() => {
      for (const listener of others) process.on('unhandledRejection', listener);
    });

    it('rejects with it before the next step', async () => {
      let steps = 0;
      const broken = driven(1_000, (step) => {
        steps = step;
        if (step === 300) void Promise.reject(new RangeError('nobody cares'));
      });
      await expect(broken).rejects.toThrow('nobody cares');
      expect(steps).toBe(300);
      expect(process.listenerCount('unhandledRejection')).toBe(0);
    });
  });
});
