/** What is the least that still goes wrong? A failing scenario is made smaller until nothing can be
 *  left out of it or the budget is spent.
 *  Order: what comes after the violation, other keys, faults (by kind, then one by one), clients,
 *  keys, steps, nodes, replicas and partitions, and last the numbers, delays to their mean. What
 *  saves most comes first, because every later run is then cheaper; rounds repeat until one finds
 *  nothing.
 *  Invariants: a scenario is taken only when it was run and broke the same promise; deterministic
 *  but for the moment at which the budget ends.
 *  Not here: running (run.ts), leaving out (shrinking/edits.ts), the search
 *  (shrinking/minimize.ts).
 *  Source: design of the test programme, "seeds, shrinking, replay". */
import type { RunWorld } from './result.ts';
import type { FaultStep, LimitsModel, NetworkModel, Scenario } from './scenario.ts';
import {
  cutAt,
  keepClients,
  keepSteps,
  shortened,
  stepsOf,
  withoutNode,
} from './shrinking/edits.ts';
import { minimize } from './shrinking/minimize.ts';
import { type ShrinkOptions, Trials } from './shrinking/trials.ts';

/** The smallest scenario found that breaks the promise of `check`; the one given when that does not
 *  break it, or when there is no budget. */
export async function shrinkScenario(
  world: RunWorld,
  scenario: Scenario,
  check: string,
  options: ShrinkOptions,
): Promise<Scenario> {
  const trials = new Trials(world, scenario, check, options);
  if (!(await trials.fails(scenario))) return scenario;
  for (;;) {
    const before = trials.best;
    for (const pass of PASSES) {
      if (trials.isOver()) return trials.best;
      await pass(trials);
    }
    if (trials.best === before) return before;
  }
}

type Pass = (trials: Trials) => Promise<void>;

const PASSES: readonly Pass[] = [
  cutAfterViolation,
  keepItsKey,
  fewerFaults,
  fewerSteps,
  fewerNodes,
  calmer,
  shorterFaults,
];

/** Runs spent on finding where a scenario may end when it may not end at the violation. */
const CUTS_MAX = 6;

async function cutAfterViolation(trials: Trials): Promise<void> {
  const whole = trials.best;
  const times = [...whole.faults, ...stepsOf(whole)].map((step) => step.atMs);
  const last = times.reduce((latest, atMs) => Math.max(latest, atMs), 0);
  const { atMs = 0 } = trials.failure ?? {};
  let passes = Math.min(atMs, last);
  let fails = last;
  if (await trials.fails(cutAt(whole, passes))) return;
  // It takes something that came later: a crash that loses what was written, a read that shows it.
  for (let cut = 0; cut < CUTS_MAX && fails - passes > 1; cut += 1) {
    const middle = passes + (fails - passes) / 2;
    if (await trials.fails(cutAt(whole, middle))) fails = middle;
    else passes = middle;
  }
}

async function keepItsKey(trials: Trials): Promise<void> {
  const key = trials.failure?.violation.key;
  if (key === undefined) return;
  await trials.fails(keepSteps(trials.best, (step) => step.key === key));
}

async function fewerFaults(trials: Trials): Promise<void> {
  const withKinds = trials.best;
  const kinds = distinct(withKinds.faults.map((fault) => fault.kind));
  await minimize(kinds, {
    fails: (kept) => {
      const left = new Set(kept);
      const faults = withKinds.faults.filter((fault) => left.has(fault.kind));
      return trials.fails({ ...withKinds, faults });
    },
    isOver: trials.isOver,
  });
  const withFaults = trials.best;
  await minimize(withFaults.faults, {
    fails: (faults) => trials.fails({ ...withFaults, faults }),
    isOver: trials.isOver,
  });
}

async function fewerSteps(trials: Trials): Promise<void> {
  const withClients = trials.best;
  await minimize(withClients.clients, {
    fails: (kept) => {
      const left = new Set(kept);
      return trials.fails(keepClients(withClients, (client) => left.has(client)));
    },
    isOver: trials.isOver,
  });
  const withKeys = trials.best;
  await minimize(distinct(stepsOf(withKeys).map((step) => step.key)), {
    fails: (kept) => {
      const left = new Set(kept);
      return trials.fails(keepSteps(withKeys, (step) => left.has(step.key)));
    },
    isOver: trials.isOver,
  });
  const withSteps = trials.best;
  await minimize(stepsOf(withSteps), {
    fails: (kept) => {
      const left = new Set(kept);
      return trials.fails(keepSteps(withSteps, (step) => left.has(step)));
    },
    isOver: trials.isOver,
  });
  await trials.fails(keepClients(trials.best, (client) => client.steps.length > 0));
}

async function fewerNodes(trials: Trials): Promise<void> {
  do {
    for (let node = trials.best.nodes - 1; node >= 0; node -= 1) {
      if (trials.best.nodes <= trials.best.replicas) break;
      await trials.fails(withoutNode(trials.best, node));
    }
  } while (await trials.fails({ ...trials.best, replicas: Math.max(1, trials.best.replicas - 1) }));
  const { partitions } = trials.best;
  for (let fewer = 1; fewer < partitions; fewer *= 2) {
    if (await trials.fails({ ...trials.best, partitions: fewer })) return;
  }
}

async function calmer(trials: Trials): Promise<void> {
  const { network } = trials.best;
  if (!(await trials.fails({ ...trials.best, network: steady(network) }))) {
    await trials.fails({ ...trials.best, network: { ...network, tailShare: 0, tailFactor: 1 } });
  }
  const right = { offsetMs: 0, driftPpm: 0 };
  const { clocks } = trials.best;
  if (!(await trials.fails({ ...trials.best, clocks: clocks.map(() => right) }))) {
    for (const index of clocks.keys()) {
      const fewer = trials.best.clocks.map((clock, at) => (at === index ? right : clock));
      await trials.fails({ ...trials.best, clocks: fewer });
    }
  }
  if (await trials.fails({ ...trials.best, limits: {} })) return;
  for (const name of Object.keys(trials.best.limits)) {
    const limits = Object.fromEntries(
      Object.entries(trials.best.limits).filter(([other]) => other !== name),
    ) as LimitsModel;
    await trials.fails({ ...trials.best, limits });
  }
}

/** Every frame takes the mean. */
function steady({ delayMinMs, delayMeanMs }: NetworkModel): NetworkModel {
  return { delayMinMs: delayMinMs + delayMeanMs, delayMeanMs: 0, tailShare: 0, tailFactor: 1 };
}

async function shorterFaults(trials: Trials): Promise<void> {
  for (const index of trials.best.faults.keys()) {
    for (let half = halved(trials.best.faults, index); half !== undefined; ) {
      if (!(await trials.fails({ ...trials.best, faults: half }))) break;
      half = halved(half, index);
    }
  }
}

function halved(faults: readonly FaultStep[], index: number): readonly FaultStep[] | undefined {
  const fault = faults[index];
  const shorter = fault && shortened(fault);
  return shorter && faults.with(index, shorter);
}

function distinct<Item>(items: readonly Item[]): readonly Item[] {
  return [...new Set(items)];
}
