/** How long is too long: every number that the judgement of members hangs on, in one place.
 *  Invariants: the thresholds stand in order (a member is SLOW before it is AVOID), a pause of this
 *  node is noticed before silence is held against others, and every wait is longer than none.
 *  Not here: what is made of them (phi-accrual.ts, local-pause.ts, probe-plan.ts, suspicion.ts,
 *  flap-damping.ts, failure-detector.ts).
 *  Source: Hayashibara et al. 2004 (phi accrual) §4; Dadgar, Phillips, Currey 2018 (Lifeguard)
 *  §4; the gaps of three exchanges a second: mean 1.0 s, deviation 0.4 s, once in ten thousand
 *  3.1 s. */
import { CoterieError } from '../errors.ts';

export interface PhiOptions {
  /** Gaps that are kept of each member, 2..1,000. */
  readonly sampleCountMax: number;
  /** What is expected of a member that was never heard of. */
  readonly seedMeanMs: number;
  /** A gap is never expected to be shorter: under load evidence comes with every reply, and when
   *  the load ends only the heartbeats are left. */
  readonly meanMsMin: number;
  readonly deviationMsMin: number;
  /** The deviation is at least this part of the mean. */
  readonly deviationShareMin: number;
  /** Silence that is added to the mean before any is held against a member. */
  readonly acceptablePauseMs: number;
  /** Evidence that comes sooner after the last sample is no sample. */
  readonly sampleGapMsMin: number;
  /** A longer gap was an outage, no habit: it is no sample; up to 65,535. */
  readonly sampleGapMsMax: number;
}

export interface LocalPauseOptions {
  /** How often this node looks at the clock. */
  readonly beatMs: number;
  /** A beat that is later than this means that this node was stopped. */
  readonly lateMsMax: number;
  /** Phi is ignored for this many times the pause ... */
  readonly ignoreFactor: number;
  /** ... and no longer than this. */
  readonly ignoreMsMax: number;
  readonly healthMax: number;
  /** Without a new reason local health gets better by one after this time. */
  readonly healthRecoverMs: number;
}

export interface ProbeOptions {
  readonly directTimeoutMs: number;
  /** Longer than a direct probe of the one who is asked, so that its no comes in time. */
  readonly indirectTimeoutMs: number;
  readonly askedCount: number;
  /** From the end of one failed round to the start of the next. */
  readonly intervalMs: number;
}

export interface SuspicionOptions {
  /** Times max(1, log10 N): the shortest time from suspicion to conviction. */
  readonly floorMs: number;
  /** The longest is this many times the shortest. */
  readonly ceilingFactor: number;
  /** Accusers beyond the first after which the shortest time holds. */
  readonly confirmationsMax: number;
  /** When the member's machine says that nobody listens. */
  readonly refusedMs: number;
  /** Reports of others that say so too; fewer when fewer are left. */
  readonly refusalsMin: number;
}

export interface FlapOptions {
  /** Returns from DOWN that are borne within the window. */
  readonly cyclesMax: number;
  readonly windowMs: number;
  /** How long a member that flaps is avoided after its last return. */
  readonly dampedMs: number;
}

export interface DetectorOptions {
  readonly phiSlow: number;
  readonly phiAvoid: number;
  /** Members beside this one that are watched. */
  readonly membersMax: number;
  readonly phi: PhiOptions;
  readonly localPause: LocalPauseOptions;
  readonly probe: ProbeOptions;
  readonly suspicion: SuspicionOptions;
  readonly flap: FlapOptions;
}

export const DEFAULT_DETECTOR_OPTIONS: DetectorOptions = {
  phiSlow: 3,
  phiAvoid: 8,
  membersMax: 4_096,
  phi: {
    sampleCountMax: 200,
    seedMeanMs: 1_500,
    meanMsMin: 1_000,
    deviationMsMin: 100,
    deviationShareMin: 0.25,
    acceptablePauseMs: 1_500,
    sampleGapMsMin: 250,
    sampleGapMsMax: 5_000,
  },
  localPause: {
    beatMs: 100,
    lateMsMax: 1_000,
    ignoreFactor: 2,
    ignoreMsMax: 60_000,
    healthMax: 7,
    healthRecoverMs: 10_000,
  },
  probe: { directTimeoutMs: 500, indirectTimeoutMs: 1_000, askedCount: 3, intervalMs: 1_000 },
  suspicion: {
    floorMs: 4_000,
    ceilingFactor: 3,
    confirmationsMax: 3,
    refusedMs: 1_000,
    refusalsMin: 2,
  },
  flap: { cyclesMax: 3, windowMs: 600_000, dampedMs: 120_000 },
};

/** Errors: INVALID_CONFIG with the option that contradicts another. */
export function checkDetectorOptions(options: DetectorOptions): void {
  const { phi, localPause, probe, suspicion, flap } = options;
  const { phiSlow, phiAvoid } = options;
  for (const [group, values] of Object.entries({ phi, localPause, probe, suspicion, flap })) {
    for (const [name, value] of Object.entries(values)) {
      require(Number.isFinite(value) && value >= 0, `${group}.${name}`, 'a number, 0 or more');
    }
  }
  require(phiSlow > 0 && phiSlow < phiAvoid && phiAvoid < 1_000, 'phiSlow', 'below phiAvoid');
  require(isCount(options.membersMax, 1), 'membersMax', 'a whole number from 1');
  require(isCount(phi.sampleCountMax, 2, 1_000), 'phi.sampleCountMax', 'from 2 to 1000');
  require(isCount(phi.sampleGapMsMax, 1, 65_535), 'phi.sampleGapMsMax', 'from 1 to 65535');
  require(phi.sampleGapMsMin <= phi.sampleGapMsMax, 'phi.sampleGapMsMin', 'up to sampleGapMsMax');
  require(phi.seedMeanMs > 0 &&
    phi.seedMeanMs * 1.25 <=
      phi.sampleGapMsMax, 'phi.seedMeanMs', 'so that 1.25 times it is up to sampleGapMsMax');
  require(phi.deviationMsMin > 0, 'phi.deviationMsMin', 'above 0');
  require(localPause.beatMs > 0 &&
    localPause.lateMsMax > localPause.beatMs, 'localPause.lateMsMax', 'above beatMs');
  require(localPause.ignoreFactor > 0, 'localPause.ignoreFactor', 'above 0');
  require(isCount(localPause.healthMax, 0, 100), 'localPause.healthMax', 'from 0 to 100');
  require(localPause.healthRecoverMs > 0, 'localPause.healthRecoverMs', 'above 0');
  require(probe.directTimeoutMs > 0 &&
    probe.indirectTimeoutMs >
      probe.directTimeoutMs, 'probe.indirectTimeoutMs', 'above directTimeoutMs');
  require(isCount(probe.askedCount, 1, 16), 'probe.askedCount', 'from 1 to 16');
  require(probe.intervalMs > 0, 'probe.intervalMs', 'above 0');
  require(suspicion.floorMs > 0, 'suspicion.floorMs', 'above 0');
  require(suspicion.refusedMs > 0, 'suspicion.refusedMs', 'above 0');
  require(suspicion.ceilingFactor >= 1, 'suspicion.ceilingFactor', '1 or more');
  require(isCount(suspicion.confirmationsMax, 0, 16), 'suspicion.confirmationsMax', '0 to 16');
  require(suspicion.refusalsMin >= 1 &&
    suspicion.refusalsMin <=
      probe.askedCount, 'suspicion.refusalsMin', 'from 1 to probe.askedCount');
  require(isCount(flap.cyclesMax, 1, 100), 'flap.cyclesMax', 'from 1 to 100');
  require(flap.windowMs > 0, 'flap.windowMs', 'above 0');
}

function isCount(value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

function require(holds: boolean, option: string, must: string): void {
  if (holds) return;
  throw new CoterieError('INVALID_CONFIG', `failureDetector.${option} must be ${must}`, {
    details: { option },
  });
}
