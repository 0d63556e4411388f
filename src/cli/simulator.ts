/** The simulator as the command uses it: seeds over threads, single scenarios in this one. */
import { systemClock } from '../platform/system/system-clock.ts';
import { reportOf, summarize } from '../sim/campaign.ts';
import { runScenario } from '../sim/run.ts';
import { parseScenario } from '../sim/scenario-file.ts';
import { shrinkScenario } from '../sim/shrink.ts';
import { replay, replayCommand, scenarioOf, simulationWorld } from '../simulate.ts';
import type { Simulator } from './ports.ts';
import { runSeeds } from './sim-pool.ts';

export const simulator: Simulator = {
  nowMs: () => systemClock.monotonicMs(),
  runSeeds,
  scenarioOf,
  replay,
  replayCommand,
  reportOf,
  summarize,
  parseScenario,
  shrink: (scenario, check, seconds) => {
    const endMs = systemClock.monotonicMs() + seconds * 1_000;
    const isOver = (): boolean => systemClock.monotonicMs() > endMs;
    return shrinkScenario(simulationWorld, scenario, check, { runScenario, isOver });
  },
};
