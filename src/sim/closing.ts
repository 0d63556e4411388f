/** Is the cluster whole again once nothing is broken any more? First every client reads and writes
 *  every key, which must succeed; then every key is read at all of its replicas, so that those that
 *  differ are repaired, until none differ; then the nodes are asked what they think of each other,
 *  until they agree.
 *  Invariants: nothing here draws; ids of the operations are above those of every scenario and do
 *  not depend on it, so that a smaller scenario asks for the same.
 *  Not here: judging (checkers): what is not equal in the end is left as it is.
 *  Source: TigerBeetle's simulator, the liveness phase after the safety phase. */
import { findDisagreement } from './checkers/members-agree.ts';
import type { ScriptClient } from './clients/script-client.ts';
import type { SimCluster } from './cluster/sim-cluster.ts';
import type { MemberView, ReplicaContents } from './history.ts';
import type { ClientStep } from './scenario.ts';
import { getStep, type StepPlace, writeStep } from './workloads/steps.ts';

/** Ids of closing operations begin here. */
export const CLOSING_ID_FROM = 100_000_000;
/** Streams that were cut off find out within 30 s; then clients connect again. */
const SETTLE_US = 40_000_000;
/** Of one operation: several requests may have to wait for connections. */
const TIMEOUT_MS = 10_000;
/** Of one operation after another until one succeeds: a network may be slow without a fault, and a
 *  replica write has 1 s. */
const TRIES_MAX = 5;
/** For repairs that a read leaves behind: a replica write has 1 s. */
const REPAIR_US = 3_000_000;
const ROUNDS_MAX = 3;
/** A member that came and went too often is avoided for 2 min after that. */
const AGREE_MAX_US = 150_000_000;
const AGREE_POLL_US = 1_000_000;

export class Closing {
  readonly #cluster: SimCluster;
  readonly #keys: readonly string[];
  /** Ids of operations that must succeed. */
  readonly asked: number[] = [];
  #nextId = CLOSING_ID_FROM;

  constructor(cluster: SimCluster, keys: readonly string[]) {
    this.#cluster = cluster;
    this.#keys = keys;
  }

  /** Each client reads each key and writes every other one, one client after the other: bounds that
   *  a run draws small must not refuse them. What is not written shows on the disks what the run
   *  left: siblings, tombstones, events of repeated requests. */
  async prove(clients: readonly ScriptClient[]): Promise<void> {
    await this.#cluster.kernel.after(SETTLE_US, 'closing');
    for (const client of clients) {
      for (const [index, key] of this.#keys.entries()) {
        await this.#ask(client, () => getStep(this.#place(key)));
        if (index % 2 === 1) continue;
        await this.#ask(client, () => writeStep('put', this.#place(key), 'last'));
      }
    }
  }

  /** Reads keys whose replicas differ until none do. */
  async equalise(client: ScriptClient): Promise<void> {
    let keys = this.#keys;
    for (let round = 0; round < ROUNDS_MAX && keys.length > 0; round += 1) {
      for (const key of keys) await this.#readAll(client, key);
      await this.#cluster.kernel.after(REPAIR_US, 'closing');
      const contents = this.#cluster.contents();
      keys = this.#keys.filter((key) => differs(contents, key));
    }
  }

  /** What every node thinks of every member, as soon as they agree, or after 150 virtual s. */
  async agree(): Promise<readonly MemberView[]> {
    const { kernel, nodes } = this.#cluster;
    const endUs = kernel.nowUs + AGREE_MAX_US;
    for (;;) {
      const views = await this.#cluster.memberViews();
      const states = nodes.map(({ name, state }) => ({ node: name, state }));
      const isAgreed = findDisagreement(states, views) === undefined;
      if (isAgreed || kernel.nowUs >= endUs) return views;
      await kernel.after(AGREE_POLL_US, 'closing');
    }
  }

  async #ask(client: ScriptClient, makeStep: () => ClientStep): Promise<void> {
    for (let left = TRIES_MAX - 1; ; left -= 1) {
      const step = makeStep();
      const operation = await client.perform(step, TIMEOUT_MS);
      if (operation?.outcome !== 'ok' && left > 0) continue;
      this.asked.push(step.id);
      return;
    }
  }

  /** At as many replicas as can answer: one that lost its data does not, nor one whose row of this
   *  key is damaged. */
  async #readAll(client: ScriptClient, key: string): Promise<void> {
    const { nodes, scenario } = this.#cluster;
    const serving = nodes.filter((node) => {
      return node.state === 'SERVING' && this.#cluster.owns(node.index, key);
    });
    const fewest = Math.floor(scenario.replicas / 2) + 1;
    for (let count = serving.length; count >= fewest; count -= 1) {
      const level = { r: count, w: count };
      const read = await client.perform(getStep(this.#place(key), level), TIMEOUT_MS);
      if (read?.outcome === 'ok') return;
    }
  }

  #place(key: string): StepPlace {
    this.#nextId += 1;
    return { id: this.#nextId, atMs: 0, key };
  }
}

/** Whether replicas that serve hold different bytes for the key. */
function differs(contents: readonly ReplicaContents[], key: string): boolean {
  const held = contents
    .filter(({ state, owns }) => state === 'SERVING' && owns(key))
    .map(({ records }) => records.get(key)?.hex ?? '');
  return new Set(held).size > 1;
}
