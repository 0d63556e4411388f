/** Faults of one node of a cluster that a benchmark has started: its last one.
 *  Invariant: what is left at fault is healed or ended when the cluster stops; a fault leaves no
 *  process and no timer.
 *  Not here: when faults come and go (bench/quorum/run-quorum.ts). */
import { join } from 'node:path';
import type { ClusterFaults, FaultKind } from '../bench/cluster.ts';
import type { NodeConfigInput } from '../config/schema.ts';
import { CoterieError } from '../core/errors.ts';
import { type RunningNode, startNode } from '../embed.ts';
import type { Clock, Timer } from '../env/clock.ts';
import type { NodeProcess } from './node-process.ts';

/** Of a slow node: it stands still for the first part of each period. */
const STILL_MS = 40;
const RUNNING_MS = 10;

/** `nodes` always holds those that are there: a killed one is replaced by the one that is started
 *  in its place. */
export class ProcessFaults implements ClusterFaults {
  readonly #clock: Clock;
  readonly #nodes: NodeProcess[];
  readonly #start: (index: number) => Promise<NodeProcess>;
  #fault: FaultKind | undefined;
  #timer: Timer | undefined;
  #starting: Promise<void> | undefined;
  #hasEnded = false;

  constructor(clock: Clock, nodes: NodeProcess[], start: (index: number) => Promise<NodeProcess>) {
    this.#clock = clock;
    this.#nodes = nodes;
    this.#start = start;
  }

  async inject(kind: FaultKind): Promise<string> {
    const node = this.#node;
    if (this.#hasEnded) return node.name;
    this.#fault = kind;
    if (kind === 'kill') await node.kill();
    else if (kind === 'stop') node.signal('SIGSTOP');
    else this.#standStill(node);
    return node.name;
  }

  async heal(): Promise<void> {
    const fault = this.#fault;
    if (fault === undefined || this.#hasEnded) return;
    this.#fault = undefined;
    this.#timer?.cancel();
    if (fault === 'kill') {
      this.#starting = this.#startAgain();
      await this.#starting;
    } else {
      this.#node.signal('SIGCONT');
    }
  }

  /** Nothing is started any more: the cluster stops what is there, whatever is wrong with it. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    this.#timer?.cancel();
    // What it failed with was thrown to who healed.
    await this.#starting?.catch(() => {});
  }

  async #startAgain(): Promise<void> {
    const index = this.#nodes.length - 1;
    this.#nodes[index] = await this.#start(index);
  }

  get #node(): NodeProcess {
    const node = this.#nodes.at(-1);
    if (node === undefined) throw new RangeError('A cluster without nodes');
    return node;
  }

  #standStill(node: NodeProcess): void {
    node.signal('SIGSTOP');
    this.#timer = this.#clock.setTimer(STILL_MS, () => {
      node.signal('SIGCONT');
      this.#timer = this.#clock.setTimer(RUNNING_MS, () => this.#standStill(node));
    });
  }
}

/** Nodes of one process cannot be stopped or slowed one by one, and one of them ends in order: its
 *  peers are told. */
export class EmbeddedFaults implements ClusterFaults {
  readonly #nodes: readonly RunningNode[];
  readonly #folder: string | undefined;
  readonly #config: NodeConfigInput;
  #isDown = false;
  #hasEnded = false;
  #restarting: Promise<RunningNode> | undefined;

  /** `folder`: undefined for an engine in memory. */
  constructor(nodes: readonly RunningNode[], folder: string | undefined, config: NodeConfigInput) {
    this.#nodes = nodes;
    this.#folder = folder;
    this.#config = config;
  }

  async inject(kind: FaultKind): Promise<string> {
    if (kind !== 'kill') {
      throw new CoterieError(
        'INVALID_ARGUMENT',
        `Nodes of one process cannot be made to ${kind} one by one; use --spawn`,
      );
    }
    const node = this.#node;
    if (this.#hasEnded) return node.name;
    this.#isDown = true;
    await ((await this.#restarting) ?? node).stop();
    return node.name;
  }

  /** The node comes back with its folder; without one it comes back empty, as after a lost disk. */
  async heal(): Promise<void> {
    if (!this.#isDown || this.#hasEnded) return;
    this.#isDown = false;
    const { name, address } = this.#node;
    const folder = this.#folder;
    this.#restarting = startNode({
      ...this.#config,
      node: {
        id: name,
        zone: `zone-${this.#nodes.length}`,
        engine: folder === undefined ? 'memory' : 'rocksdb',
        ...(folder === undefined ? {} : { dataDirectory: join(folder, name) }),
      },
      listen: { address },
      membership: { seeds: this.#nodes.slice(0, 1).map((node) => node.address) },
    });
    await this.#restarting;
  }

  /** What was started in place of a node is stopped; the others are the cluster's. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    const restarted = await this.#restarting?.catch(() => undefined);
    await restarted?.stop();
  }

  get #node(): RunningNode {
    const node = this.#nodes.at(-1);
    if (node === undefined) throw new RangeError('A cluster without nodes');
    return node;
  }
}
