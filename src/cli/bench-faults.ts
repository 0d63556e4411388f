/** Faults of one node of a cluster that a benchmark has started: its last one.
 *  Invariant: what is left at fault is healed or ended when the cluster stops; a fault leaves no
 *  process and no timer.
 *  Not here: when faults come and go (bench/quorum/run-quorum.ts), how a node of this process
 *  stands still (platform/standstill). */
import type { ClusterFaults, FaultKind } from '../bench/cluster.ts';
import type { RunningNode } from '../embed.ts';
import type { Clock } from '../env/clock.ts';
import { DutyCycle, type Stoppable } from './duty-cycle.ts';
import type { NodeProcess } from './node-process.ts';

/** `nodes` always holds those that are there: a killed one is replaced by the one that is started
 *  in its place. */
export class ProcessFaults implements ClusterFaults {
  readonly #nodes: NodeProcess[];
  readonly #start: (index: number) => Promise<NodeProcess>;
  readonly #slowness: DutyCycle;
  #fault: FaultKind | undefined;
  #starting: Promise<void> | undefined;
  #hasEnded = false;

  constructor(clock: Clock, nodes: NodeProcess[], start: (index: number) => Promise<NodeProcess>) {
    this.#nodes = nodes;
    this.#start = start;
    this.#slowness = new DutyCycle(clock, {
      stop: () => this.#node.signal('SIGSTOP'),
      goOn: () => this.#node.signal('SIGCONT'),
    });
  }

  async inject(kind: FaultKind): Promise<string> {
    const node = this.#node;
    if (this.#hasEnded) return node.name;
    this.#fault = kind;
    if (kind === 'kill') await node.kill();
    else if (kind === 'stop') node.signal('SIGSTOP');
    else this.#slowness.start();
    return node.name;
  }

  async heal(): Promise<void> {
    const fault = this.#fault;
    if (fault === undefined || this.#hasEnded) return;
    this.#fault = undefined;
    this.#slowness.end();
    if (fault === 'stop') this.#node.signal('SIGCONT');
    if (fault !== 'kill') return;
    this.#starting = this.#startAgain();
    await this.#starting;
  }

  /** Nothing is started any more: the cluster stops what is there, whatever is wrong with it. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    this.#slowness.end();
    // What it failed with was thrown to who healed.
    await this.#starting?.catch(() => {});
  }

  async #startAgain(): Promise<void> {
    const index = this.#nodes.length - 1;
    this.#nodes[index] = await this.#start(index);
  }

  get #node(): NodeProcess {
    return lastOf(this.#nodes);
  }
}

/** Of a node of this process `kill` is an end in order, of which its peers are told. */
export class EmbeddedFaults implements ClusterFaults {
  readonly #nodes: readonly RunningNode[];
  readonly #standstill: Stoppable;
  readonly #start: (dead: RunningNode) => Promise<RunningNode>;
  readonly #slowness: DutyCycle;
  #fault: FaultKind | undefined;
  #hasEnded = false;
  #restarting: Promise<RunningNode> | undefined;

  /** `standstill`: of the last node, also of the one that is started in its place. */
  constructor(
    clock: Clock,
    nodes: readonly RunningNode[],
    standstill: Stoppable,
    start: (dead: RunningNode) => Promise<RunningNode>,
  ) {
    this.#nodes = nodes;
    this.#standstill = standstill;
    this.#start = start;
    this.#slowness = new DutyCycle(clock, standstill);
  }

  async inject(kind: FaultKind): Promise<string> {
    const first = lastOf(this.#nodes);
    const node = (await this.#restarting) ?? first;
    if (this.#hasEnded) return node.name;
    this.#fault = kind;
    if (kind === 'kill') await node.stop();
    else if (kind === 'stop') this.#standstill.stop();
    else this.#slowness.start();
    return node.name;
  }

  async heal(): Promise<void> {
    const fault = this.#fault;
    if (fault === undefined || this.#hasEnded) return;
    this.#fault = undefined;
    this.#slowness.end();
    this.#standstill.goOn();
    if (fault !== 'kill') return;
    this.#restarting = this.#start(lastOf(this.#nodes));
    await this.#restarting;
  }

  /** What was started in place of a node is stopped; the others are the cluster's. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    this.#slowness.end();
    this.#standstill.goOn();
    const restarted = await this.#restarting?.catch(() => undefined);
    await restarted?.stop();
  }
}

function lastOf<Each>(nodes: readonly Each[]): Each {
  const node = nodes.at(-1);
  if (node === undefined) throw new RangeError('A cluster without nodes');
  return node;
}
