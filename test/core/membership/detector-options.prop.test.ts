import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  checkDetectorOptions,
  DEFAULT_DETECTOR_OPTIONS,
} from '../../../src/core/membership/detector-options.ts';

const defaults = DEFAULT_DETECTOR_OPTIONS;
const groups = ['phi', 'localPause', 'probe', 'suspicion', 'flap'] as const;

it('refuses what is no number, and what is below zero, in every option of every group', () => {
  const names = groups.flatMap((group) =>
    Object.keys(defaults[group]).map((name) => [group, name]),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.constantFrom(-1, Number.NaN, Number.POSITIVE_INFINITY),
      ([group, name], bad) => {
        const values = { ...defaults[group as 'phi'], [name ?? '']: bad };
        expect(() => checkDetectorOptions({ ...defaults, [group ?? '']: values })).toThrow();
      },
    ),
  );
});
