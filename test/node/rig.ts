/** A cluster in one process, on a clock that the test moves: real nodes, links and sessions over
 *  the memory engine and the memory transport. Nothing here waits for the machine. */
import { crc32 } from 'node:zlib';
import { createClient } from '../../src/client/client.ts';
import { initCluster } from '../../src/client/init-cluster.ts';
import type { Client, ClientOptions } from '../../src/client/types.ts';
import { CoterieError } from '../../src/core/errors.ts';
import { decodeLayout, layoutHash } from '../../src/core/ring/layout.ts';
import { Ring } from '../../src/core/ring/ring.ts';
import type { DeleteReply, GetReply, PutReply } from '../../src/wire/generated/coterie/v1/kv.ts';
import { ManualClock } from '../client/manual-clock.ts';
import { seededRandom, silentLog } from '../client/scripted-node.ts';
import { NodeClock, settled } from './node-clock.ts';
import { NodeNetwork } from './node-network.ts';
import {
  bytesOf,
  type DeleteFields,
  deleteRequest,
  type GetFields,
  getRequest,
  type PutFields,
  putRequest,
} from './requests.ts';
import { type NodeSpec, RigNode } from './rig-node.ts';

export const checksum = (bytes: Uint8Array, previous?: number): number => crc32(bytes, previous);

export interface ClusterSpec {
  /** Names, or more about each. */
  readonly nodes: readonly (string | NodeSpec)[];
  /** As many as nodes, at most 3. */
  readonly replicas?: number;
  /** 8. */
  readonly partitions?: number;
  /** For every node. */
  readonly options?: NodeSpec['options'];
  readonly windowBytes?: number;
}

export class Cluster implements AsyncDisposable {
  readonly world = new ManualClock();
  readonly network: NodeNetwork;
  readonly #spec: ClusterSpec;
  readonly #nodes = new Map<string, RigNode>();
  readonly #clients: Client[] = [];
  #ring: Ring | undefined;

  constructor(spec: ClusterSpec) {
    this.#spec = spec;
    this.network = new NodeNetwork(this.world, spec.windowBytes);
    for (const given of spec.nodes) {
      const node = typeof given === 'string' ? { name: given } : given;
      const options = { ...spec.options, ...node.options };
      this.#nodes.set(node.name, new RigNode(this, { ...node, options }));
    }
  }

  get nodes(): readonly RigNode[] {
    return [...this.#nodes.values()];
  }

  node(name: string): RigNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  /** One more node, which is not started. */
  add(spec: NodeSpec): RigNode {
    const node = new RigNode(this, {
      ...spec,
      options: { ...this.#spec.options, ...spec.options },
    });
    this.#nodes.set(`${spec.name} at ${node.address}`, node);
    return node;
  }

  /** Starts every node; they belong to no cluster yet. */
  async start(): Promise<this> {
    for (const node of this.nodes) await node.start();
    return this;
  }

  get initArguments(): { nodes: string[]; replicas: number; partitions: number } {
    const { nodes, replicas, partitions } = this.#spec;
    return {
      nodes: this.nodes.map((node) => node.address),
      replicas: replicas ?? Math.min(3, nodes.length),
      partitions: partitions ?? 8,
    };
  }

  async init(): Promise<this> {
    await this.initUnlinked();
    await this.untilServing();
    return this;
  }

  /** Every node has its place, and may not have met another yet. */
  async initUnlinked(): Promise<void> {
    const targets = this.nodes.map(({ address, admin }) => ({ target: address, admin }));
    await this.run(initCluster(this.initArguments, targets));
  }

  /** Until every running node is SERVING and every pair of them is linked. */
  async untilServing(names?: readonly string[]): Promise<void> {
    const nodes = this.nodes.filter(({ name }) => names?.includes(name) ?? true);
    await this.until(() => nodes.every(({ state }) => state === 'SERVING'), 'SERVING');
  }

  async until(condition: () => boolean, what: string, withinMs = 60_000): Promise<void> {
    await this.world.settle();
    for (let passedMs = 0; !condition(); passedMs += 10) {
      if (passedMs >= withinMs) throw new Error(`${withinMs} ms passed without: ${what}`);
      await this.world.advance(10);
    }
  }

  /** What the promise comes to, while as little time passes as it needs. */
  run<T>(promise: Promise<T>): Promise<T> {
    return settled(this.world, promise);
  }

  /** The error that the promise comes to. */
  async failure(promise: Promise<unknown>): Promise<CoterieError> {
    const outcome = await this.run(
      promise.then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      ),
    );
    if ('error' in outcome && outcome.error instanceof CoterieError) return outcome.error;
    throw new Error(`expected a CoterieError, got ${JSON.stringify(outcome)}`);
  }

  settle(): Promise<void> {
    return this.world.settle();
  }

  advance(durationMs: number): Promise<void> {
    return this.world.advance(durationMs);
  }

  get ring(): Ring {
    if (this.#ring === undefined) throw new Error('ask for the layout first: await learnRing()');
    return this.#ring;
  }

  async learnRing(): Promise<Ring> {
    const [first] = this.nodes;
    if (first === undefined) throw new Error('a cluster has nodes');
    const { layout } = await this.run(first.admin.layout({}));
    this.#ring = new Ring(decodeLayout(layout), layoutHash(layout));
    return this.#ring;
  }

  /** Names of the key's replicas. */
  replicasOf(key: string): string[] {
    const { partition } = this.ring.partitionOfKey('default', bytesOf(key));
    return this.ring.replicasOf(partition).map((index) => this.ring.role(index)?.name ?? '');
  }

  /** The first key of `k0`, `k1`, ... of which the condition holds. */
  keyWhere(condition: (replicas: readonly string[]) => boolean): string {
    for (let index = 0; index < 10_000; index += 1) {
      if (condition(this.replicasOf(`k${index}`))) return `k${index}`;
    }
    throw new Error('no such key');
  }

  indexOf(name: string): number {
    return this.ring.roleByName(name)?.nodeIndex ?? -1;
  }

  put(at: string, fields: PutFields): Promise<PutReply> {
    return this.run(this.node(at).kv.put(putRequest(fields)));
  }

  get(at: string, fields: GetFields): Promise<GetReply> {
    return this.run(this.node(at).kv.get(getRequest(fields)));
  }

  delete(at: string, fields: DeleteFields): Promise<DeleteReply> {
    return this.run(this.node(at).kv.delete(deleteRequest(fields)));
  }

  /** What this node alone holds, as its values in the order of their dots. */
  async held(at: string, key: string): Promise<string[]> {
    const others = this.nodes.filter(({ name }) => name !== at);
    for (const other of others) this.network.part(this.node(at).address, other.address);
    const reply = await this.get(at, { key, level: 'one' });
    for (const other of others) this.network.heal(this.node(at).address, other.address);
    await this.untilLinked();
    return valuesOf(reply);
  }

  /** Until no pair of running nodes that may talk is without its link. */
  async untilLinked(): Promise<void> {
    const running = this.nodes.filter(({ isRunning }) => isRunning);
    const isLinked = async (): Promise<boolean> => {
      for (const node of running) {
        const { members } = await this.run(node.admin.status({}));
        for (const { address, link } of members) {
          const isExpected =
            running.some((other) => other.address === address) &&
            !this.network.isParted(node.address, address);
          if (isExpected && link !== 'self' && link !== 'connected') return false;
        }
      }
      return true;
    };
    for (let passedMs = 0; !(await isLinked()); passedMs += 50) {
      if (passedMs >= 10_000) throw new Error('the nodes did not link within 10 s');
      await this.advance(50);
    }
  }

  /** A client that knows these nodes, or all. */
  client(names?: readonly string[], options: Partial<ClientOptions> = {}): Client {
    const known = names ?? this.nodes.map(({ name }) => name);
    const client = createClient(
      {
        transport: this.network.transportOf('client'),
        clock: new NodeClock(this.world),
        random: seededRandom(7 + this.#clients.length),
        log: silentLog,
      },
      { nodes: known.map((name) => this.node(name).address), ...options },
    );
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await this.run(client.close());
    for (const node of this.nodes) await node.stop();
  }
}

/** A cluster that serves. */
export async function startCluster(spec: ClusterSpec): Promise<Cluster> {
  const cluster = new Cluster(spec);
  await cluster.start();
  await cluster.init();
  await cluster.learnRing();
  await cluster.untilLinked();
  return cluster;
}

/** n1, n2, n3: three replicas of everything. */
export function startThree(options: NodeSpec['options'] = {}): Promise<Cluster> {
  return startCluster({ nodes: ['n1', 'n2', 'n3'], options });
}

export function valuesOf(reply: GetReply): string[] {
  return reply.siblings.map(({ value }) => new TextDecoder().decode(value));
}
