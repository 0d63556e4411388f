/** Whatever is cut, killed and lost between: what was acknowledged at quorum, or once shown by a
 *  quorum read, is shown by every later quorum read until somebody who saw it replaces it. */
import fc from 'fast-check';
import { test } from 'vitest';
import { deleteRequest, getRequest, putRequest } from '../requests.ts';
import { type Cluster, startThree, valuesOf } from '../rig.ts';

const NAMES = ['n1', 'n2', 'n3'] as const;
const node = fc.constantFrom(...NAMES);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), at: node }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('replace' as const), at: node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), at: node }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), at: node }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), at: node }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('part' as const), at: node }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('heal' as const), at: node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), at: node }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What the history so far demands of a quorum read. */
class Expected {
  readonly written = new Set<string>();
  readonly #due = new Set<string>();

  /** Acknowledged, or shown. */
  owe(value: string): void {
    this.#due.add(value);
  }

  /** Somebody who had seen these replaced them, for all that is known. */
  replaced(values: readonly string[]): void {
    for (const value of values) this.#due.delete(value);
  }

  check(shown: readonly string[], where: string): void {
    for (const value of shown) {
      if (!this.written.has(value)) throw new Error(`${where} showed ${value}, never written`);
    }
    for (const value of this.#due) {
      if (!shown.includes(value)) throw new Error(`${where} lost ${value}, showed [${shown}]`);
    }
  }
}

class Story {
  readonly #cluster: Cluster;
  readonly #expected = new Expected();
  #count = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async play({ do: what, at }: Step): Promise<void> {
    const cluster = this.#cluster;
    const others = NAMES.filter((name) => name !== at).map((name) => cluster.node(name).address);
    switch (what) {
      case 'put':
        return this.#put(at, new Uint8Array(0), []);
      case 'get':
        await this.#get(at);
        return;
      case 'replace': {
        const seen = await this.#get(at);
        if (seen !== undefined) await this.#put(at, seen.context, seen.values);
        return;
      }
      case 'delete':
        return this.#delete(at);
      case 'lose':
        // What is sent to this node from now until the next step of healing is lost.
        cluster.node(at).requests.hold();
        return;
      case 'part':
        for (const other of others) cluster.network.part(cluster.node(at).address, other);
        return cluster.settle();
      case 'heal':
        return this.#heal();
      case 'restart':
        await cluster.node(at).kill();
        await cluster.node(at).start();
        return cluster.settle();
    }
  }

  /** Everything works again, and replicas that were read at all are equal. */
  async end(): Promise<void> {
    await this.#heal();
    await this.#cluster.untilServing();
    await this.#cluster.untilLinked();
    const all = await this.#cluster.get('n1', { key: 'k', level: 'all' });
    this.#expected.check(valuesOf(all), 'the last read at all');
    const held = [];
    for (const name of NAMES) held.push((await this.#cluster.held(name, 'k')).join());
    if (new Set(held).size > 1) throw new Error(`replicas differ: ${held.join(' / ')}`);
  }

  async #heal(): Promise<void> {
    for (const { address, requests } of this.#cluster.nodes) {
      requests.drop();
      for (const other of this.#cluster.nodes) {
        if (other.address !== address) this.#cluster.network.heal(address, other.address);
      }
    }
    // Requests that were lost end, links that hung are dialled again.
    await this.#cluster.advance(4_000);
  }

  async #put(at: string, context: Uint8Array, seen: readonly string[]): Promise<void> {
    this.#count += 1;
    const value = `v${this.#count}`;
    this.#expected.written.add(value);
    const put = this.#cluster.node(at).kv.put(putRequest({ key: 'k', value, context, ...BUDGET }));
    const isAcknowledged = await this.#outcome(put, seen);
    if (isAcknowledged) this.#expected.owe(value);
  }

  async #delete(at: string): Promise<void> {
    const seen = await this.#get(at);
    if (seen === undefined || seen.values.length === 0) return;
    const request = deleteRequest({ key: 'k', context: seen.context, ...BUDGET });
    await this.#outcome(this.#cluster.node(at).kv.delete(request), seen.values);
  }

  async #outcome(write: Promise<unknown>, seen: readonly string[]): Promise<boolean> {
    const error = await this.#cluster.run(
      write.then(
        () => undefined,
        (thrown: { applied?: string }) => thrown,
      ),
    );
    if (error?.applied !== 'no') this.#expected.replaced(seen);
    return error === undefined;
  }

  async #get(at: string): Promise<{ context: Uint8Array; values: string[] } | undefined> {
    const read = this.#cluster.node(at).kv.get(getRequest({ key: 'k', ...BUDGET }));
    const reply = await this.#cluster.run(read.catch(() => undefined));
    if (reply === undefined) return undefined;
    const values = valuesOf(reply);
    this.#expected.check(values, `a read at ${at}`);
    for (const value of values) this.#expected.owe(value);
    return { context: reply.context, values };
  }
}

const BUDGET = { timeoutMs: 1_500 };

test('what a quorum acknowledged or showed is never lost, and healed replicas become equal', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      await using cluster = await startThree();
      const story = new Story(cluster);
      for (const next of steps) await story.play(next);
      await story.end();
    }),
    { numRuns: 30 },
  );
});
