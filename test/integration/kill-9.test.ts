/** Nothing acknowledged at quorum is lost, and nothing is invented, when processes are killed with
 *  -9 under load. kill -9 tests the death of processes; that no acknowledgement precedes its sync
 *  is asserted by the conformance suite of the storage. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Client, CoterieError, connect } from '../../src/index.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const NODES = 3;
const READS_IN_FLIGHT = 128;
const PROGRESS_DEADLINE_MS = 20_000;

/** Writers that put a new key each time and note what became of it. */
class Load implements AsyncDisposable {
  readonly acknowledged: string[] = [];
  /** Failed with `applied: 'unknown'`: may be there or not. */
  readonly unknown: string[] = [];
  /** Failed with `applied: 'no'`: must never be there. */
  readonly refused: string[] = [];
  readonly #name: string;
  readonly #writers: Promise<void>[];
  #next = 0;
  #isStopping = false;

  /** The keys begin with `name`. */
  constructor(client: Client, name: string, writers: number) {
    this.#name = name;
    this.#writers = Array.from({ length: writers }, () => this.#write(client));
  }

  untilAcknowledged(count: number): Promise<true> {
    return waitUntil(() => this.acknowledged.length >= count, {
      deadlineMs: PROGRESS_DEADLINE_MS,
      what: () => `${count} acknowledged puts; there are ${this.describe()}`,
      everyMs: 1,
    });
  }

  /** What is under way is ended and noted. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#writers);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  describe(): string {
    const { acknowledged, unknown, refused } = this;
    return (
      `${acknowledged.length} acknowledged, ${unknown.length} unknown, ` +
      `${refused.length} refused`
    );
  }

  async #write(client: Client): Promise<void> {
    while (!this.#isStopping) {
      const key = `${this.#name}-${this.#next}`;
      this.#next += 1;
      try {
        await client.put(key, valueFor(key));
        this.acknowledged.push(key);
      } catch (error) {
        if (!(error instanceof CoterieError)) throw error;
        (error.applied === 'no' ? this.refused : this.unknown).push(key);
        // With nobody there a put fails at once: without a pause the writers would only count keys.
        await this.#untilAnswered(client);
      }
    }
  }

  async #untilAnswered(client: Client): Promise<void> {
    const isAnswered = () => client.get('nothing').then(() => true, isFailure);
    const what = 'a quorum to answer again';
    await waitUntil(async () => this.#isStopping || (await isAnswered()), {
      deadlineMs: PROGRESS_DEADLINE_MS,
      what,
    });
  }
}

function isFailure(error: unknown): false {
  if (error instanceof CoterieError) return false;
  throw error;
}

function valueFor(key: string): string {
  return `${key} `.repeat(1 + (key.length % 5));
}

/** Every value at quorum, READS_IN_FLIGHT at a time. */
async function readAll(client: Client, keys: readonly string[]): Promise<Map<string, string[]>> {
  const decoder = new TextDecoder();
  const found = new Map<string, string[]>();
  const rest = keys.values();
  const read = async (): Promise<void> => {
    for (const key of rest) {
      const { siblings } = await client.get(key, { consistency: 'quorum' });
      found.set(
        key,
        siblings.map(({ value }) => decoder.decode(value)),
      );
    }
  };
  await Promise.all(Array.from({ length: READS_IN_FLIGHT }, read));
  return found;
}

/** What is wrong, in words; empty when every promise was kept. */
async function faults(client: Client, loads: readonly Load[]): Promise<string[]> {
  const acknowledged = loads.flatMap((load) => load.acknowledged);
  const unknown = loads.flatMap((load) => load.unknown);
  const refused = loads.flatMap((load) => load.refused);
  const found = await readAll(client, [...acknowledged, ...unknown, ...refused]);
  const wrong: string[] = [];
  for (const key of acknowledged) {
    if (found.get(key)?.length === 0) wrong.push(`${key} was acknowledged and is lost`);
  }
  for (const key of refused) {
    if (found.get(key)?.length !== 0) wrong.push(`${key} was refused as not applied and is there`);
  }
  for (const [key, values] of found) {
    if (values.length > 1) wrong.push(`${key} has ${values.length} siblings of one put`);
    if (values.some((value) => value !== valueFor(key))) wrong.push(`${key} has another's value`);
  }
  return wrong;
}

describe('kill -9', () => {
  let cluster: ProcessCluster;
  let client: Client;

  beforeEach(async () => {
    cluster = await ProcessCluster.start(NODES);
    client = await connect({ nodes: cluster.addresses });
  });

  afterEach(async () => {
    await client?.close();
    await cluster?.[Symbol.asyncDispose]();
  });

  afterAll(assertNothingLeft);

  it('of all three amid 2,000 puts acknowledged at quorum loses and invents none', async () => {
    await using load = new Load(client, 'key', 64);
    await load.untilAcknowledged(1_000);
    await cluster.kill(0, 1, 2);
    await Promise.all([0, 1, 2].map((index) => cluster.startNode(index)));
    await load.untilAcknowledged(2_000);
    await load.stop();
    await cluster.untilServing();
    expect(await faults(client, [load])).toEqual([]);
    expect(load.unknown.length + load.refused.length).toBeGreaterThan(0);
  });

  const timeout = 180_000;
  it('of a random node, 20 times under load, loses and invents none', { timeout }, async () => {
    const seed = Number(process.env['COTERIE_TEST_SEED'] ?? Date.now() % 2 ** 31);
    console.log(`kill -9 rounds: COTERIE_TEST_SEED=${seed}`);
    const random = mulberry32(seed);
    const loads: Load[] = [];
    for (let round = 0; round < 20; round += 1) {
      const victim = Math.floor(random() * NODES);
      await using load = new Load(client, `round-${round}`, 16);
      loads.push(load);
      await load.untilAcknowledged(1 + Math.floor(random() * 200));
      await cluster.kill(victim);
      await load.untilAcknowledged(load.acknowledged.length + 50);
      // Puts that were handed to the victim are tried again there when it is back.
      await Promise.all([load.stop(), cluster.startNode(victim)]);
      await cluster.untilServing();
    }
    console.log(`kill -9 rounds: ${loads.map((load) => load.describe()).join('; ')}`);
    expect(await faults(client, loads)).toEqual([]);
  });
});

/** A small seeded generator of numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
