/** What did one run come to, and what does it need from outside?
 *  Invariant: a result is a function of its scenario and nothing else.
 *  Not here: how it is carried out (run.ts), how it is told to people (report). */
import type { Checksum } from '../core/checksum.ts';
import type { Driver } from '../env/driver.ts';
import type { Violation } from './checkers/checker.ts';
import type { SetValues } from './clients/set-values.ts';
import type { History } from './history.ts';
import type { Capability, Scenario } from './scenario.ts';

/** What the platform lends to a run. */
export interface RunWorld {
  readonly driver: Driver;
  readonly checksum: Checksum;
}

export interface RunOptions {
  /** By name; all that the product offers enough for when absent. */
  readonly checks?: readonly string[];
  /** How sets are kept in values; the simulator's own way when absent. */
  readonly values?: SetValues;
}

export interface NotEnabled {
  readonly name: string;
  readonly needs: readonly Capability[];
}

export interface RunResult {
  readonly scenario: Scenario;
  readonly violations: readonly Violation[];
  /** 16 hex digits; equal scenarios give equal ones. */
  readonly traceHash: string;
  readonly history: History;
  /** Operations asked for, and of these acknowledged. */
  readonly operations: number;
  readonly acknowledged: number;
  /** Injected, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Frames delivered. */
  readonly messages: number;
  readonly virtualMs: number;
  readonly events: number;
  readonly checksPassed: readonly string[];
  /** Checks and faults left out, each with the capability that it waits for. */
  readonly notEnabled: readonly NotEnabled[];
  /** Rare paths, and how often the run came by. */
  readonly sometimes: Readonly<Record<string, number>>;
}

export type RunScenario = (
  world: RunWorld,
  scenario: Scenario,
  options?: RunOptions,
) => Promise<RunResult>;

/** Draws the scenario of a seed. */
export interface PlanOptions {
  readonly seed: number;
  readonly nodes?: number;
  readonly replicas?: number;
  readonly minutes?: number;
  /** Kinds to choose among; all that the product can survive when absent. */
  readonly faults?: readonly string[];
  /** Drawn when absent. */
  readonly workload?: string;
  /** Operations of all clients in a virtual second, on average, above 0; 40 when absent. */
  readonly rate?: number;
}

export type PlanScenario = (options: PlanOptions) => Scenario;
