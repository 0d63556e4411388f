import { expect, it } from 'vitest';
import {
  checkDetectorOptions,
  DEFAULT_DETECTOR_OPTIONS,
} from '../../../src/core/membership/detector-options.ts';

const defaults = DEFAULT_DETECTOR_OPTIONS;

it('accepts the defaults', () => {
  expect(() => checkDetectorOptions(defaults)).not.toThrow();
});

it('names the option that contradicts another', () => {
  for (const [options, option] of [
    [{ ...defaults, phiSlow: 9 }, 'phiSlow'],
    [{ ...defaults, phi: { ...defaults.phi, seedMeanMs: 4_001 } }, 'phi.seedMeanMs'],
    [{ ...defaults, phi: { ...defaults.phi, sampleGapMsMax: 65_536 } }, 'phi.sampleGapMsMax'],
    [
      { ...defaults, localPause: { ...defaults.localPause, lateMsMax: 100 } },
      'localPause.lateMsMax',
    ],
    [
      { ...defaults, probe: { ...defaults.probe, indirectTimeoutMs: 500 } },
      'probe.indirectTimeoutMs',
    ],
    [
      { ...defaults, suspicion: { ...defaults.suspicion, refusalsMin: 4 } },
      'suspicion.refusalsMin',
    ],
    [{ ...defaults, flap: { ...defaults.flap, cyclesMax: 0 } }, 'flap.cyclesMax'],
  ] as const) {
    expect(() => checkDetectorOptions(options)).toThrow(`failureDetector.${option} must be`);
  }
});
