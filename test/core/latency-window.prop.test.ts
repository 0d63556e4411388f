import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  LatencyWindow,
  SAMPLES_MIN,
  SAMPLES_PER_LOOK,
  WINDOW,
} from '../../src/core/latency-window.ts';

it('is the nineteen twentieths of the answers up to its last look', () => {
  const times = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 200 });
  fc.assert(
    fc.property(times, (all) => {
      const window = new LatencyWindow();
      let expected = 0;
      for (const [index, time] of all.entries()) {
        window.add(time);
        const count = index + 1;
        const isLook = count === SAMPLES_MIN || count % SAMPLES_PER_LOOK === 0;
        if (count >= SAMPLES_MIN && isLook) {
          const kept = all.slice(Math.max(0, count - WINDOW), count).sort((a, b) => a - b);
          expected = kept.find((high) => {
            return kept.filter((other) => other <= high).length >= 0.95 * kept.length;
          })!;
        }
        expect(window.highMs).toBe(expected);
      }
    }),
  );
});
