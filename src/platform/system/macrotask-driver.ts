/** Drives a simulation on Node: one step in each macrotask, so that every microtask is drained
 *  between two steps, with the real clock, timers and randomness out of reach meanwhile.
 *  A turn of the event loop costs more than a step, so steps are queued in bursts: immediates of
 *  one turn run one after the other with nothing but microtasks between. */
import { setImmediate } from 'node:timers';
import type { Driver } from '../../env/driver.ts';
import { forbidReality } from './reality.ts';

const STEPS_PER_TURN = 256;

/** Rejects with what a step throws, and with a rejection that nobody handles once the microtasks of
 *  a step are drained: of several simulations in one thread each rejects with it. */
export const macrotaskDriver: Driver = (step) =>
  new Promise((resolve, reject) => {
    let isOver = false;
    let restore: (() => void) | undefined;
    const end = (finish: () => void): void => {
      isOver = true;
      process.off('unhandledRejection', onUnhandled);
      restore?.();
      finish();
    };
    const onUnhandled = (reason: unknown): void => end(() => reject(reason));
    process.on('unhandledRejection', onUnhandled);
    const forbid = (): void => {
      if (!isOver) restore = forbidReality();
    };
    // One function for all steps; those of a turn that are left when it is over do nothing.
    const run = (): void => {
      if (isOver) return;
      try {
        if (!step()) end(resolve);
      } catch (error) {
        end(() => reject(error));
      }
    };
    const goOn = (): void => {
      if (isOver) return;
      restore?.();
      turn();
    };
    const turn = (): void => {
      setImmediate(forbid);
      for (let index = 0; index < STEPS_PER_TURN; index += 1) setImmediate(run);
      setImmediate(goOn);
    };
    turn();
  });
