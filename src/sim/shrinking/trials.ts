/** Runs scenarios to see whether they still break one promise, and keeps the smallest that does.
 *  Invariants: `best` failed the check when it was run (or is the scenario given); no scenario is
 *  run twice; nothing is run once the budget is spent; faults that the product promises to survive
 *  do not become more than it promises (with one replica fewer, fewer disks may be lost).
 *  Not here: which scenarios are worth a run (shrink.ts). */
import type { Violation } from '../checkers/checker.ts';
import { atlasBreaches } from '../faults/atlas.ts';
import { TraceHash } from '../kernel/trace-hash.ts';
import type { RunResult, RunScenario, RunWorld } from '../result.ts';
import type { Scenario } from '../scenario.ts';

export interface ShrinkProgress {
  readonly runs: number;
  /** Runs that threw in place of coming to an end; such a scenario is not taken. */
  readonly thrown: readonly unknown[];
  /** The smallest so far. */
  readonly best: Scenario;
}

export interface ShrinkOptions {
  readonly runScenario: RunScenario;
  /** Whether the budget is spent; asked before every run. */
  readonly isOver: () => boolean;
  /** Called after every run. */
  readonly onProgress?: (progress: ShrinkProgress) => void;
}

/** The failure of the smallest scenario. */
export interface Failure {
  readonly violation: Violation;
  /** When the last operation that the violation names began, as steps count time. `undefined` when
   *  it names none that a client was asked for. */
  readonly atMs: number | undefined;
}

export class Trials {
  readonly #world: RunWorld;
  readonly #check: string;
  readonly #options: ShrinkOptions;
  readonly #isFair: boolean;
  readonly #tried = new Set<string>();
  readonly #thrown: unknown[] = [];
  #best: Scenario;
  #failure: Failure | undefined;
  #runs = 0;

  constructor(world: RunWorld, scenario: Scenario, check: string, options: ShrinkOptions) {
    this.#world = world;
    this.#best = scenario;
    this.#check = check;
    this.#options = options;
    this.#isFair = isFair(scenario);
  }

  get best(): Scenario {
    return this.#best;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  readonly isOver = (): boolean => this.#options.isOver();

  /** Whether it fails in the same way; if so it is the best. False without a run when it has been
   *  tried before, asks for more than is promised or the budget is spent. */
  async fails(candidate: Scenario): Promise<boolean> {
    if (this.isOver() || !this.#isNew(candidate)) return false;
    if (this.#isFair && !isFair(candidate)) return false;
    const failure = await this.#run(candidate);
    if (failure !== undefined) {
      this.#best = candidate;
      this.#failure = failure;
    }
    const { onProgress } = this.#options;
    onProgress?.({ runs: this.#runs, thrown: this.#thrown, best: this.#best });
    return failure !== undefined;
  }

  #isNew(candidate: Scenario): boolean {
    const hash = new TraceHash();
    hash.text(JSON.stringify(candidate));
    const name = hash.digest();
    if (this.#tried.has(name)) return false;
    this.#tried.add(name);
    return true;
  }

  async #run(candidate: Scenario): Promise<Failure | undefined> {
    this.#runs += 1;
    let result: RunResult;
    try {
      result = await this.#options.runScenario(this.#world, candidate, { checks: [this.#check] });
    } catch (error) {
      this.#thrown.push(error);
      return undefined;
    }
    const violation = result.violations.find((found) => found.check === this.#check);
    return violation && { violation, atMs: timeOf(candidate, result, violation) };
  }
}

function isFair(scenario: Scenario): boolean {
  return atlasBreaches(scenario, scenario.faults).length === 0;
}

/** Histories count time from the start of the run, steps from the first moment of the clients: the
 *  step that was begun with the least delay tells how far they are apart. */
function timeOf(scenario: Scenario, result: RunResult, violation: Violation): number | undefined {
  const due = new Map<number, number>();
  for (const { steps } of scenario.clients) for (const step of steps) due.set(step.id, step.atMs);
  const named = new Set(violation.operations.map(Math.ceil));
  let apartMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { id, startUs } of result.history.operations) {
    // A step that reads before it writes notes its read as `id - 0.5`.
    const stepId = Math.ceil(id);
    const atMs = due.get(stepId);
    if (atMs === undefined) continue;
    apartMs = Math.min(apartMs, startUs / 1_000 - atMs);
    if (named.has(stepId)) lastMs = Math.max(lastMs, startUs / 1_000);
  }
  return lastMs === Number.NEGATIVE_INFINITY ? undefined : lastMs - apartMs;
}
