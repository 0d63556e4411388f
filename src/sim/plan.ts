/** Which scenario does a seed stand for? Draws the size of the cluster, its network, clocks and
 *  bounds, the workload, and what breaks.
 *  Invariants: equal options give equal scenarios; each aspect draws from a stream of its own, so
 *  that asking for a certain workload or number of nodes changes as little else as possible.
 *  Not here: which steps a workload or a fault makes (workloads, faults/plan-faults.ts).
 *  Source: Groce et al., "Swarm testing", ISSTA 2012. */
import { CoterieError } from '../core/errors.ts';
import { notOffered } from './capabilities.ts';
import { FAULT_KINDS, FAULTS, isFaultKind } from './faults/catalogue.ts';
import { planFaults } from './faults/plan-faults.ts';
import { RandomStream } from './kernel/random-stream.ts';
import type { PlanOptions, PlanScenario } from './result.ts';
import type { ClockModel, FaultKind, LimitsModel, NetworkModel, Scenario } from './scenario.ts';
import { SCENARIO_VERSION } from './scenario.ts';
import { WORKLOADS, workloadByName } from './workloads/all.ts';

export const MINUTES_DEFAULT = 10;
const NODES_MAX = 9;
const RATE_PER_SECOND = 40;
const RATE_MAX = 10_000;
const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;
const DRIFT_PPM_MAX = 500;
/** All records of a run fit; the default of 64 MiB is memory that each start of a node clears. */
const RECORD_CACHE_BYTES: number = 1_024 * 1_024;

/** Errors: INVALID_ARGUMENT for a workload, fault or size that there is not. */
export const planScenario: PlanScenario = (options) => {
  const { seed, minutes = MINUTES_DEFAULT, rate: ratePerSecond = RATE_PER_SECOND } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) throw usage(`The seed ${seed} is no whole number`);
  if (!(minutes > 0)) throw usage(`minutes is ${minutes}; it must be above 0`);
  if (!(ratePerSecond > 0 && ratePerSecond <= RATE_MAX)) {
    throw usage(`rate is ${ratePerSecond}; it must be above 0 and at most ${RATE_MAX}`);
  }
  const stream = (what: string): RandomStream => new RandomStream(seed, `plan ${what}`);
  const { nodes, replicas } = drawSize(stream('size'), options);
  const durationMs = Math.round(minutes * MS_PER_MINUTE);
  const crowd = stream('clients');
  const clients = 4 + crowd.below(5);
  const keys = 5 + crowd.below(36);
  const drawn = stream('workload').pick(WORKLOADS);
  const workload = options.workload === undefined ? drawn : workloadByName(options.workload);
  const facts = { clients, keys, nodes, replicas, durationMs, ratePerSecond };
  const kinds = faultKinds(options.faults);
  const faults = planFaults(stream, { nodes, replicas, durationMs, clients, kinds });
  return {
    version: SCENARIO_VERSION,
    seed,
    workload: workload.name,
    nodes,
    replicas,
    partitions: stream('partitions').pick([8, 16, 32, 64]),
    durationMs,
    network: drawNetwork(stream('network')),
    clocks: drawClocks(stream('clocks'), nodes),
    limits: {
      recordCacheBytesMax: RECORD_CACHE_BYTES,
      ...drawLimits(stream('limits')),
      ...drawDigests(stream('digests')),
      ...drawExchanges(stream('compare')),
      ...drawHints(stream('hints')),
      ...drawPatience(stream('patience')),
    },
    faults,
    clients: workload.script(stream('script'), facts),
  } satisfies Scenario;
};

function drawSize(
  stream: RandomStream,
  options: PlanOptions,
): { readonly nodes: number; readonly replicas: number } {
  const drawnNodes = stream.pick([3, 4, 5, 5, 5, 5, 6, 7]);
  const drawnReplicas = stream.pick([2, 3, 3, 3, 3, 3, 3, 5]);
  const nodes = options.nodes ?? Math.max(drawnNodes, options.replicas ?? 0);
  const replicas = options.replicas ?? Math.min(drawnReplicas, nodes);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > NODES_MAX) {
    throw usage(`nodes is ${nodes}; it must be a whole number from 1 to ${NODES_MAX}`);
  }
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > nodes) {
    throw usage(`replicas is ${replicas}; it must be a whole number from 1 to nodes, ${nodes}`);
  }
  return { nodes, replicas };
}

/** A rack, a region, or a bad day. */
function drawNetwork(stream: RandomStream): NetworkModel {
  const shape = stream.below(4);
  const delayMeanMs = shape === 3 ? stream.between(10, 60) : stream.between(0.2, 4);
  return {
    delayMinMs: stream.between(0.1, shape === 3 ? 5 : 0.5),
    delayMeanMs,
    tailShare: shape >= 2 ? stream.between(0.001, 0.05) : 0,
    tailFactor: shape >= 2 ? stream.between(5, 50) : 1,
  };
}

/** In half of the runs all clocks agree. */
function drawClocks(stream: RandomStream, nodes: number): ClockModel[] {
  const isApart = stream.chance(0.5);
  const offsetMaxMs = stream.pick([10, 1_000, MS_PER_HOUR]);
  return Array.from({ length: nodes }, () => ({
    offsetMs: isApart ? Math.round(stream.between(-offsetMaxMs, offsetMaxMs)) : 0,
    driftPpm: isApart ? Math.round(stream.between(-DRIFT_PPM_MAX, DRIFT_PPM_MAX)) : 0,
  }));
}

/** Each bound is small in one run of six. */
function drawLimits(stream: RandomStream): LimitsModel {
  const drawn = {
    requestsMax: stream.pick([4, 16]),
    peerRequestsMax: stream.pick([4, 16]),
    requestTableEntriesMax: stream.pick([1, 8]),
    recordCacheBytesMax: stream.pick([0, 16_384]),
    batchBytesMax: stream.pick([1_024, 16_384]),
    windowBytes: stream.pick([512, 8_192]),
  };
  const kept = Object.entries(drawn).filter(() => stream.chance(1 / 6));
  return Object.fromEntries(kept);
}

/** In one run of three nearly every record is large enough for a digest. */
function drawDigests(stream: RandomStream): LimitsModel {
  const digestAboveBytes = stream.pick([1, 64]);
  return stream.chance(1 / 3) ? { digestAboveBytes } : {};
}

/** In one run of three a disk that stalls may be given up. */
function drawPatience(stream: RandomStream): LimitsModel {
  const batchTimeoutMs = Math.round(stream.between(300, 4_000));
  return stream.chance(1 / 3) ? { batchTimeoutMs } : {};
}

/** In one run of three the nodes compare their copies all the time. */
function drawExchanges(stream: RandomStream): LimitsModel {
  const exchangeIntervalMs = stream.pick([10_000, 60_000]);
  return stream.chance(1 / 3) ? { exchangeIntervalMs } : {};
}

/** In one run of six a node keeps hardly anything for another one. */
function drawHints(stream: RandomStream): LimitsModel {
  const hintsPerTargetMax = stream.pick([0, 1, 4]);
  return stream.chance(1 / 6) ? { hintsPerTargetMax } : {};
}

function faultKinds(names: readonly string[] | undefined): FaultKind[] {
  const offered = FAULT_KINDS.filter((kind) => notOffered(FAULTS[kind].needs).length === 0);
  if (names === undefined) return offered;
  return names.map((name) => {
    if (!isFaultKind(name)) {
      throw usage(`There is no fault ${name}; there are ${FAULT_KINDS.join(', ')}`);
    }
    const missing = notOffered(FAULTS[name].needs);
    if (missing.length === 0) return name;
    throw usage(`The fault ${name} waits for ${missing.join(', ')}`);
  });
}

function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}
