/** Is the cluster whole again once nothing is broken any more? First the nodes hand over what they
 *  owe each other, and compare their copies until none differ, without anybody reading them, and
 *  once more when they are equal; then every
 *  client reads and writes every key, which must succeed; then the nodes compare once more, and are
 *  asked what they think of each other, until they agree.
 *  Invariants: nothing here draws; ids of the operations are above those of every scenario and do
 *  not depend on it, so that a smaller scenario asks for the same.
 *  Not here: judging (checkers): what is not equal in the end is left as it is.
 *  Source: TigerBeetle's simulator, the liveness phase after the safety phase. */
import { findDisagreement } from './checkers/members-agree.ts';
import type { ScriptClient } from './clients/script-client.ts';
import type { SimCluster } from './cluster/sim-cluster.ts';
import type { MemberView, OwedHints, QuietPass, ReplicaContents } from './history.ts';
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
/** Streams that were cut off find out within 30 s, and a peer that failed is asked again after 5 s
 *  at most. Rows that rotted stay different as long as nothing rebuilds them. */
const COMPARE_MAX_US = 60_000_000;
const COMPARE_POLL_US = 1_000_000;
const COMPARE_AGAIN_MAX_US = 10_000_000;
/** A member that came and went too often is avoided for 2 min after that. */
const AGREE_MAX_US = 150_000_000;
/** The longest pause after failures is 30 s in a simulated node, and several may follow. */
const HAND_OVER_MAX_US = 150_000_000;
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
    for (const client of clients) {
      for (const [index, key] of this.#keys.entries()) {
        await this.#ask(client, () => getStep(this.#place(key)));
        if (index % 2 === 1) continue;
        await this.#ask(client, () => writeStep('put', this.#place(key), 'last'));
      }
    }
  }

  /** What the nodes owe each other, as soon as nobody is owed anything, or after 150 virtual s. */
  async handOver(): Promise<readonly OwedHints[]> {
    const { kernel } = this.#cluster;
    const endUs = kernel.nowUs + HAND_OVER_MAX_US;
    for (;;) {
      const { owed } = this.#cluster;
      if (owed.length === 0 || kernel.nowUs >= endUs) return owed;
      await kernel.after(AGREE_POLL_US, 'closing');
    }
  }

  /** What was cut off finds out, and connects again. */
  async settle(): Promise<void> {
    await this.#cluster.kernel.after(SETTLE_US, 'closing');
  }

  /** Until no replicas differ, or for 60 virtual s; what they hold then. */
  async compare(): Promise<readonly ReplicaContents[]> {
    const { kernel } = this.#cluster;
    const endUs = kernel.nowUs + COMPARE_MAX_US;
    this.#cluster.hurryExchanges();
    for (;;) {
      await kernel.after(COMPARE_POLL_US, 'closing');
      const contents = this.#cluster.contents();
      const isEqual = !this.#keys.some((key) => differs(contents, key));
      if (isEqual || kernel.nowUs >= endUs) return contents;
    }
  }

  /** All copies that are equal once more; undefined when they are not. An exchange that met a
   *  difference before it was gone may tell of it during the first pass; a second must be quiet. */
  async compareAgain(contents: readonly ReplicaContents[]): Promise<QuietPass | undefined> {
    if (this.#keys.some((key) => differs(contents, key))) return undefined;
    const pass = await this.#pass();
    return pass.found === 0 ? pass : this.#pass();
  }

  async #pass(): Promise<QuietPass> {
    const found = this.#found;
    const { kernel } = this.#cluster;
    const startUs = kernel.nowUs;
    this.#cluster.hurryExchanges();
    for (;;) {
      await kernel.after(COMPARE_POLL_US, 'closing');
      // Clocks of nodes run at speeds of their own.
      const ageMaxMs = (kernel.nowUs - startUs) / 1_000 + 10;
      const isNew = ({ lastEqualMs = Number.POSITIVE_INFINITY }) => lastEqualMs <= ageMaxMs;
      const { pairs } = this.#cluster;
      const compared = pairs.filter(isNew).length;
      const isOver = compared === pairs.length || kernel.nowUs - startUs >= COMPARE_AGAIN_MAX_US;
      if (isOver) return { found: this.#found - found, compared };
    }
  }

  get #found(): number {
    return this.#cluster.pairs.reduce((sum, pair) => sum + pair.found, 0);
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
