/** Stands in for a whole run: a scenario fails when a known core of it is there. */
import type { History, WriteOperation } from '../../../src/sim/history.ts';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';
import type { RunOptions, RunResult, RunWorld } from '../../../src/sim/result.ts';
import type { ClientStep, FaultStep, Scenario } from '../../../src/sim/scenario.ts';

export const CHECK = 'no-lost-write';
const RUN_STARTS_US = 7_000_000;

/** Nothing of it is used by a fake run. */
export const WORLD: RunWorld = { driver: () => Promise.resolve(), checksum: () => 0 };

export interface Core {
  /** Times of the faults that are needed. */
  readonly faults: readonly number[];
  /** Ids of the steps that are needed. */
  readonly steps: readonly number[];
  /** Anything else that must hold. */
  readonly also?: (scenario: Scenario) => boolean;
}

export class FakeRuns {
  readonly candidates: Scenario[] = [];
  readonly checks: (readonly string[] | undefined)[] = [];
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  readonly runScenario = (
    _world: RunWorld,
    scenario: Scenario,
    options?: RunOptions,
  ): Promise<RunResult> => {
    this.candidates.push(scenario);
    this.checks.push(options?.checks);
    return Promise.resolve(resultOf(scenario, this.fails(scenario) ? this.#core : undefined));
  };

  fails(scenario: Scenario): boolean {
    const faults = new Set(scenario.faults.map((fault) => fault.atMs));
    const steps = new Set(allSteps(scenario).map((step) => step.id));
    const { faults: needed, steps: asked, also = () => true } = this.#core;
    const isThere = needed.every((atMs) => faults.has(atMs)) && asked.every((id) => steps.has(id));
    return isThere && also(scenario);
  }
}

export function allSteps(scenario: Scenario): readonly ClientStep[] {
  return scenario.clients.flatMap((client) => client.steps);
}

/** 5 nodes, 8 clients with 50 steps each over 12 keys, 60 faults of 6 kinds, 120 s. */
export function largeScenario(seed = 1): Scenario {
  const stream = new RandomStream(seed, 'large scenario');
  const durationMs = 120_000;
  const faults = Array.from({ length: 60 }, (_, index) => drawFault(stream, index * 2_000 + 1));
  const clients = Array.from({ length: 8 }, (_, client) => ({
    name: `client-${client}`,
    nodes: [client % 5, (client + 1) % 5],
    timeoutMs: 2_000,
    retry: 'same' as const,
    steps: Array.from({ length: 50 }, (_, index): ClientStep => {
      const id = index * 8 + client + 1;
      const atMs = index * 2_400 + client * 300;
      const base = { id, atMs, key: `k${id % 12}`, level: { level: 'quorum' as const } };
      if (id % 3 === 0) return { ...base, kind: 'get' };
      if (id % 7 === 0) return { ...base, kind: 'repeat', through: id % 5 };
      return { ...base, kind: 'put', context: 'last' };
    }),
  }));
  return {
    version: 1,
    seed,
    workload: 'register',
    nodes: 5,
    replicas: 3,
    partitions: 16,
    durationMs,
    network: { delayMinMs: 0.5, delayMeanMs: 3, tailShare: 0.01, tailFactor: 20 },
    clocks: Array.from({ length: 5 }, (_, node) => ({ offsetMs: node * 100, driftPpm: node })),
    limits: { requestsMax: 64, batchBytesMax: 4_096 },
    faults,
    clients,
  };
}

function drawFault(stream: RandomStream, atMs: number): FaultStep {
  const node = stream.below(5);
  switch (stream.below(6)) {
    case 0:
      return { kind: 'partition', atMs, forMs: 1_500, groups: [[node], [5, 6]], isOneWay: false };
    case 1:
      return { kind: 'clog', atMs, forMs: 800, links: [{ from: node, to: 6 }] };
    case 2:
      return { kind: 'loss', atMs, forMs: 900, share: 0.1 };
    case 3:
      return { kind: 'delay', atMs, forMs: 900, node, byMs: 40 };
    case 4:
      return { kind: 'reset', atMs, between: [node, 7], afterDelivery: true };
    default:
      return { kind: 'clock-jump', atMs, node, byMs: 100 };
  }
}

function resultOf(scenario: Scenario, core: Core | undefined): RunResult {
  const operations = allSteps(scenario).map((step) => writeOf(step));
  const history: History = {
    replicas: scenario.replicas,
    operations: operations.sort((one, other) => one.startUs - other.startUs),
    minted: [],
    contents: [],
    faults: [],
    losses: [],
    watermarks: [],
    healedUs: 0,
    afterHealing: [],
    endUs: 0,
  };
  const key = operations.find(({ id }) => core?.steps.includes(id))?.key;
  const violation = { check: CHECK, message: 'A write is lost', operations: core?.steps ?? [] };
  const violations =
    core === undefined ? [] : [key === undefined ? violation : { ...violation, key }];
  return {
    ...{ scenario, violations, traceHash: '', history, operations: operations.length },
    ...{ acknowledged: 0, faults: {}, messages: 0, virtualMs: 0, events: 0 },
    ...{ checksPassed: [], notEnabled: [], sometimes: {} },
  };
}

function writeOf({ id, key, level, atMs }: ClientStep): WriteOperation {
  const startUs = RUN_STARTS_US + atMs * 1_000 + (id % 5) * 100;
  return {
    ...{ kind: 'put', id, client: 'c', key, level, startUs, endUs: startUs + 900, outcome: 'ok' },
    ...{ write: id, given: [], acknowledgedBy: ['n0', 'n1'], durable: 2, required: 2 },
  };
}
