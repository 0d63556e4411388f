/** What exchanges cost on the wire, on the storage of two nodes. COTERIE_LARGE=1 takes a million
 *  keys instead of some thousands, some gigabytes of memory and some minutes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExchangeResult } from '../../../src/node/contracts.ts';
import { seededRandom } from '../../client/scripted-node.ts';
import { load, Pair, type PairNode, recordOf } from './pair-rig.ts';

const IS_LARGE = process.env['COTERIE_LARGE'] === '1';
const KEYS = IS_LARGE ? 1_000_000 : 16_384;
/** About as many keys for each leaf in both. */
const PARTITIONS = IS_LARGE ? 256 : 4;
const VALUE_BYTES = 1_024;
const title = IS_LARGE ? 'a million keys' : `${KEYS} keys (a million with COTERIE_LARGE=1)`;

function bytesFor(index: number): Uint8Array {
  const value = new Uint8Array(VALUE_BYTES).fill(index);
  new DataView(value.buffer).setUint32(0, index);
  return value;
}

function* records(pair: Pair, from: number, to: number, step: number, atMs: number) {
  for (let index = from; index < to; index += step) {
    yield [pair.keyOf(`user${index}`), recordOf(atMs, bytesFor(index))] as const;
  }
}

function sumOf(results: readonly ExchangeResult[], field: 'differing' | 'differingBytes'): number {
  return results.reduce((sum, result) => sum + result[field], 0);
}

function told(what: string): void {
  if (IS_LARGE) console.log(`${title}: ${what}`);
}

describe(`exchanges of ${title}`, () => {
  const pair = new Pair({ partitions: PARTITIONS });

  beforeAll(async () => {
    await pair.start();
    await load(pair, [pair.a, pair.b], records(pair, 0, KEYS, 1, 1));
  }, 1_200_000);

  afterAll(() => pair[Symbol.asyncDispose]());

  async function passOver(): Promise<{ results: ExchangeResult[]; bytes: number }> {
    pair.wire.bytes = 0;
    pair.wire.messages = 0;
    const results = await pair.run(pair.exchangeAll());
    expect(results.every(({ isComplete }) => isComplete)).toBe(true);
    return { results, bytes: pair.wire.bytes };
  }

  test('equal copies cost one small question and answer for each partition', async () => {
    const { results, bytes } = await passOver();
    expect(sumOf(results, 'differing')).toBe(0);
    expect(pair.wire.messages).toBe(2 * PARTITIONS);
    expect(bytes / PARTITIONS).toBeLessThan(160);
    told(`equal copies cost ${bytes} bytes in ${pair.wire.messages} messages`);
  }, 600_000);

  test('one key that differs is found and repaired with less than 64 KiB', async () => {
    const key = pair.keyOf('user777');
    await load(pair, [pair.b], [[key, recordOf(5, bytesFor(1))]]);
    const { results, bytes } = await passOver();
    expect(sumOf(results, 'differing')).toBe(1);
    expect(bytes).toBeLessThan(64 * 1_024);
    told(`one key that differs costs ${bytes} bytes`);
    expect((await pair.run(pair.a.records.read(key)))?.bytes).toEqual(recordOf(5, bytesFor(1)));
  }, 600_000);

  test('one key of a hundred costs at most three times the bytes that differ', async () => {
    await load(pair, [pair.b], records(pair, 0, KEYS, 200, 7));
    await load(pair, [pair.a], records(pair, 100, KEYS, 200, 7));
    const { results, bytes } = await passOver();
    const differing = sumOf(results, 'differing');
    expect(differing).toBe(Math.ceil(KEYS / 200) + Math.ceil((KEYS - 100) / 200));
    const differingBytes = sumOf(results, 'differingBytes');
    expect(differingBytes).toBeGreaterThan(differing * VALUE_BYTES);
    expect(bytes).toBeLessThan(3 * differing * VALUE_BYTES);
    const ratio = (bytes / (differing * VALUE_BYTES)).toFixed(2);
    told(`${differing} that differ cost ${bytes} bytes, ${ratio} times what differs`);
  }, 600_000);

  test('after that two more full passes find nothing and write nothing', async () => {
    const before = [pair.a, pair.b].map(({ records: { commitSeq } }) => commitSeq);
    for (let pass = 0; pass < 2; pass += 1) {
      expect(sumOf((await passOver()).results, 'differing')).toBe(0);
    }
    expect([pair.a, pair.b].map(({ records: { commitSeq } }) => commitSeq)).toEqual(before);
  }, 600_000);
});

const TRAFFIC_KEYS = 16_384;

/** Writes at this rate that reach one copy at once and the other a little later. */
class Traffic {
  writes = 0;
  #isOver = false;
  readonly #pair: Pair;
  readonly #random = seededRandom(5);
  readonly #pending = new Set<Promise<unknown>>();

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  start(perMs: number): void {
    this.#pair.clock.setTimer(1, () => {
      if (this.#isOver) return;
      for (let count = 0; count < perMs; count += 1) this.#write();
      this.start(perMs);
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#pair.clock.advance(100);
    await this.#pair.run(Promise.all(this.#pending));
  }

  /** Half of the writes go to a few keys; none to every hundredth one. */
  #index(): number {
    const isHot = this.#random.float() < 0.5;
    const index = Math.floor(this.#random.float() * (isHot ? 20 : TRAFFIC_KEYS));
    return index % 100 === 0 ? index + 1 : index;
  }

  #write(): void {
    this.writes += 1;
    const { clock, a, b } = this.#pair;
    const key = this.#pair.keyOf(`user${this.#index()}`);
    const record = recordOf(10_000 + this.writes, `write ${this.writes}`);
    const [first, second] = this.#random.float() < 0.5 ? [a, b] : [b, a];
    const merge = (node: PairNode): void => {
      const merged = node.merge(key, record);
      this.#pending.add(merged);
      void merged.finally(() => this.#pending.delete(merged));
    };
    merge(first);
    clock.setTimer(1 + Math.floor(this.#random.float() * 20), () => merge(second));
  }
}

test('with 5,000 writes a second under 1 % of what is written is transferred for nothing', async () => {
  await using pair = await new Pair({ partitions: 4, latencyMs: 1 }).start();
  await load(pair, [pair.a, pair.b], records(pair, 0, TRAFFIC_KEYS, 1, 1));
  await load(pair, [pair.b], records(pair, 0, TRAFFIC_KEYS, 100, 7));
  const differing = Math.ceil(TRAFFIC_KEYS / 100);
  const traffic = new Traffic(pair);
  traffic.start(5);
  const endMs = pair.clock.monotonicMs() + (IS_LARGE ? 30_000 : 3_000);
  const passes = async (): Promise<number> => {
    let count = 0;
    for (; pair.clock.monotonicMs() < endMs; count += 1) await pair.exchangeAll();
    return count;
  };
  const count = await pair.run(passes());
  await pair.run(traffic.stop());
  const of = (kind: string) => pair.a.notes.number('coterie_exchange_keys_total', { kind });
  const needless = of('changed') + of('needless') - differing;
  const { writes } = traffic;
  told(
    `${writes} writes in ${count} passes, ${differing} differed, ${needless} needless transfers`,
  );
  expect(writes).toBeGreaterThan(10_000);
  expect(count).toBeGreaterThan(0);
  expect(needless).toBeGreaterThanOrEqual(0);
  expect(needless).toBeLessThan(writes / 100);
  await pair.run(pair.exchangeAll());
  const [a, b] = await pair.run(Promise.all([pair.a.rows(), pair.b.rows()]));
  expect(a).toEqual(b);
}, 600_000);
