/** Carries out a scenario: a cluster is made, clients ask while things break, everything is healed
 *  and proves that it works, and then the promises are checked.
 *  Invariants: equal scenarios give equal results, trace hash included; whatever is thrown inside
 *  (an assertion, a promise that nobody handles, a dead process that acts) is a violation of the
 *  run and never lost; a run leaves nothing behind that could still happen.
 *  Not here: each phase (cluster, clients, faults, closing.ts), the promises (checkers).
 *  Source: FoundationDB's simulation (Zhou et al., SIGMOD 2021, section 4); TigerBeetle's safety
 *  and liveness phases. */
import { notOffered } from './capabilities.ts';
import { CHECKERS } from './checkers/all.ts';
import type { Checker, Violation } from './checkers/checker.ts';
import { CallerValues } from './clients/caller-values.ts';
import { ClientProcess } from './clients/client-process.ts';
import { OperationNotes } from './clients/operation-notes.ts';
import { ScriptClient } from './clients/script-client.ts';
import { NUMBER_LISTS, type SetValues } from './clients/set-values.ts';
import { WriteBook } from './clients/write-book.ts';
import { Closing } from './closing.ts';
import { SimCluster } from './cluster/sim-cluster.ts';
import { drive } from './drive.ts';
import { FAULT_KINDS, FAULTS, WAITING_FAULTS } from './faults/catalogue.ts';
import { Nemesis } from './faults/nemesis.ts';
import type { History, MemberView, OwedHints, QuietPass, ReplicaContents } from './history.ts';
import { Kernel } from './kernel/kernel.ts';
import type { RunOptions, RunResult, RunScenario, RunWorld } from './result.ts';
import type { ClientScript, NetworkModel, Scenario } from './scenario.ts';
import { pathsTaken } from './sometimes.ts';

const US_PER_MS = 1_000;
/** Virtual time beside that of the scenario: forming, healing, closing. */
const EXTRA_MS = 3_600_000;
/** Virtual time in which everything that was set going ends after the stop. */
const QUIET_MS = 120_000;
/** Mean time of a frame of the tail from which on the tail is heavy. */
const TAIL_HEAVY_MS = 250;
/** The batch under way and the one after it. */
const UNDER_WAY_US = 200_000;

export const runScenario: RunScenario = async (world, scenario, options = {}) => {
  const run = new Run(world, scenario, options.values);
  await run.carryOut();
  return run.judge(options);
};

class Run {
  readonly #world: RunWorld;
  readonly #values: CallerValues;
  readonly #scenario: Scenario;
  readonly #kernel: Kernel;
  readonly #cluster: SimCluster;
  readonly #nemesis: Nemesis;
  readonly #notes = new OperationNotes();
  readonly #book = new WriteBook();
  readonly #closing: Closing;
  readonly #bugs: Violation[] = [];
  readonly #clients: ScriptClient[] = [];
  #contents: readonly ReplicaContents[] = [];
  #compared: readonly ReplicaContents[] | undefined;
  #quietPass: QuietPass | undefined;
  #memberViews: readonly MemberView[] | undefined;
  #owed: readonly OwedHints[] | undefined;
  #isFormed = false;
  #healedUs = Number.POSITIVE_INFINITY;

  constructor(world: RunWorld, scenario: Scenario, values: SetValues = NUMBER_LISTS) {
    this.#world = world;
    this.#values = new CallerValues(values, scenario.seed);
    this.#scenario = scenario;
    this.#kernel = new Kernel(scenario.seed);
    this.#cluster = new SimCluster(this.#kernel, scenario, world);
    this.#nemesis = new Nemesis(this.#cluster);
    this.#closing = new Closing(this.#cluster, keysOf(scenario));
  }

  /** Never rejects for what the product does. Errors: those of the caller's own functions. */
  async carryOut(): Promise<void> {
    const { driver } = this.#world;
    const kernel = this.#kernel;
    try {
      const withinMs = this.#scenario.durationMs + EXTRA_MS;
      await drive({ driver, kernel, withinMs }, () => this.#phases());
      await this.#expectQuiet();
    } catch (error) {
      if (this.#values.fault !== undefined) throw this.#values.fault;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const atS = kernel.nowUs / (1_000 * US_PER_MS);
      const message = `Seed ${this.#scenario.seed} broke after ${atS} virtual s: ${text}`;
      this.#bugs.push({ check: 'bug', message, operations: [] });
    }
  }

  async #phases(): Promise<void> {
    const { durationMs, clients } = this.#scenario;
    await this.#cluster.start();
    this.#isFormed = true;
    const startUs = this.#kernel.nowUs;
    const untilUs = startUs + durationMs * US_PER_MS;
    const working = clients.map((script) => this.#client(script));
    this.#nemesis.start();
    await Promise.all(working.map((client) => client.run(startUs, untilUs)));
    await this.#kernel.after(untilUs - this.#kernel.nowUs, 'run');
    this.#nemesis.stop();
    await this.#cluster.heal();
    this.#healedUs = this.#kernel.nowUs;
    await this.#closing.settle();
    this.#owed = await this.#closing.handOver();
    this.#compared = await this.#closing.compare();
    this.#quietPass = await this.#closing.compareAgain(this.#compared);
    await this.#closing.prove(this.#provers(working, clients));
    await this.#closing.compare();
    this.#memberViews = await this.#closing.agree();
    this.#contents = this.#cluster.contents();
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#cluster.stop();
  }

  /** One that hands a request to one node only cannot be sure to succeed as long as there is a node
   *  that lost its data: in its place a patient one asks. */
  #provers(
    working: readonly ScriptClient[],
    scripts: readonly ClientScript[],
  ): readonly ScriptClient[] {
    return working.map((client, index) => {
      if (scripts[index]?.retry !== 'none') return client;
      return this.#client(this.#patientScript(`${client.name} patient`));
    });
  }

  #client(script: ClientScript): ScriptClient {
    const process = new ClientProcess(this.#cluster, script.name);
    const client = new ScriptClient(
      {
        kernel: this.#kernel,
        book: this.#book,
        notes: this.#notes,
        values: this.#values,
        connect: (label, nodes, options) => process.connect(label, nodes, options),
      },
      script,
    );
    this.#clients.push(client);
    return client;
  }

  #patientScript(name: string): ClientScript {
    const nodes = this.#cluster.nodes.map(({ index }) => index);
    return { name, nodes, timeoutMs: 10_000, retry: 'same', steps: [] };
  }

  /** After the stop whatever is still due comes due, and then there is nothing more. */
  async #expectQuiet(): Promise<void> {
    const kernel = this.#kernel;
    const endUs = kernel.nowUs + QUIET_MS * US_PER_MS;
    await this.#world.driver(() => kernel.nowUs < endUs && kernel.step());
    if (kernel.nowUs < endUs) return;
    const message = `Something still goes on ${QUIET_MS} virtual ms after everything stopped`;
    this.#bugs.push({ check: 'stops-cleanly', message, operations: [] });
  }

  judge(options: RunOptions): RunResult {
    const history = this.#history();
    const { operations } = history;
    const enabled = CHECKERS.filter(({ needs }) => notOffered(needs).length === 0);
    const chosen = enabled.filter(({ name }) => options.checks?.includes(name) ?? true);
    // What was cut short in the middle proves nothing else.
    const judged = this.#bugs.length === 0 ? chosen : [];
    const found = new Map(judged.map((checker) => [checker.name, checker.check(history)]));
    return {
      scenario: this.#scenario,
      violations: [...this.#bugs, ...this.#notes.violations, ...[...found.values()].flat()],
      traceHash: this.#kernel.trace.digest(),
      history,
      operations: operations.length,
      acknowledged: operations.filter(({ outcome }) => outcome === 'ok').length,
      faults: this.#nemesis.counts,
      messages: this.#cluster.network.counters.frames,
      virtualMs: this.#kernel.nowUs / US_PER_MS,
      events: this.#kernel.eventCount,
      checksPassed: [...found].flatMap(([name, { length }]) => (length === 0 ? [name] : [])),
      notEnabled: notEnabled(CHECKERS),
      sometimes: { ...this.#cluster.sometimes, ...pathsTaken(this.#scenario.clients, history) },
    };
  }

  #history(): History {
    const { minted, faultEvents, losses, damage, states, rebuilt, memberChanges, watermarks } =
      this.#cluster;
    const isOver = this.#bugs.length === 0;
    return {
      replicas: this.#scenario.replicas,
      operations: this.#notes.operations(),
      minted,
      contents: isOver ? this.#contents : this.#contentsNow(),
      faults: faultEvents,
      losses,
      damage,
      states,
      rebuilt,
      memberChanges,
      ...(this.#compared !== undefined && { compared: this.#compared }),
      ...(this.#quietPass !== undefined && { quietPass: this.#quietPass }),
      ...(this.#memberViews !== undefined && { memberViews: this.#memberViews }),
      ...(this.#owed !== undefined && { owed: this.#owed }),
      hasHeavyTail: hasHeavyTail(this.#scenario.network),
      watermarks,
      remembersFewRequests: this.#scenario.limits.requestTableEntriesMax !== undefined,
      healedUs: this.#healedUs,
      afterHealing: this.#closing.asked,
      endUs: this.#kernel.nowUs,
      underWayUs: UNDER_WAY_US,
    };
  }

  /** Of a run that was cut short: as far as there is a cluster. */
  #contentsNow(): readonly ReplicaContents[] {
    return this.#isFormed ? this.#cluster.contents() : [];
  }
}

/** In the order in which scripts name them. */
function keysOf({ clients }: Scenario): string[] {
  return [...new Set(clients.flatMap(({ steps }) => steps.map(({ key }) => key)))];
}

/** Whether a frame of the tail takes long enough that several in a row look like silence. */
function hasHeavyTail(model: NetworkModel): boolean {
  const { delayMinMs, delayMeanMs, tailShare, tailFactor } = model;
  return tailShare > 0 && (delayMinMs + delayMeanMs) * tailFactor > TAIL_HEAVY_MS;
}

function notEnabled(checkers: readonly Checker[]): RunResult['notEnabled'] {
  const faults = FAULT_KINDS.map((name) => ({ name, needs: FAULTS[name].needs }));
  return [...checkers, ...faults, ...WAITING_FAULTS].flatMap(({ name, needs }) => {
    const missing = notOffered(needs);
    return missing.length === 0 ? [] : [{ name, needs: missing }];
  });
}
