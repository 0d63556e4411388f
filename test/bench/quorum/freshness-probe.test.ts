import { beforeEach, describe, expect, it } from 'vitest';
import { Outcomes } from '../../../src/bench/outcomes.ts';
import { FreshnessCounts } from '../../../src/bench/quorum/freshness-counts.ts';
import { FreshnessProbe } from '../../../src/bench/quorum/freshness-probe.ts';
import type { GetOptions, GetResult, PutOptions, PutResult } from '../../../src/client/types.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { FakeClient } from '../fake-client.ts';

/** Shows what was written so long ago, or longer. */
class LateClient extends FakeClient {
  lagMs = 0;
  readonly #clock: ManualClock;
  readonly #shown = new Map<string, { readonly atMs: number; readonly result: GetResult }[]>();

  constructor(clock: ManualClock) {
    super(clock);
    this.#clock = clock;
  }

  override async put(key: string, value: Uint8Array, options: PutOptions): Promise<PutResult> {
    const result = await super.put(key, value, options);
    const before = this.#shown.get(key) ?? [];
    const written = await super.get(key);
    const shown = { atMs: this.#clock.monotonicMs(), result: written };
    this.#shown.set(key, [...before, shown]);
    return result;
  }

  override async get(key: string, options: GetOptions = {}): Promise<GetResult> {
    const nothing = await super.get('nothing', options);
    const untilMs = this.#clock.monotonicMs() - this.lagMs;
    return this.#shown.get(key)?.findLast(({ atMs }) => atMs <= untilMs)?.result ?? nothing;
  }
}

let clock: ManualClock;
let client: LateClient;
let counts: FreshnessCounts;
let outcomes: Outcomes;

beforeEach(() => {
  clock = new ManualClock();
  client = new LateClient(clock);
  counts = new FreshnessCounts();
  outcomes = new Outcomes();
});

function probeOf(lanes: number) {
  return new FreshnessProbe(client, client, clock, {
    bucket: 'b',
    lanes,
    valueBytes: 1,
    read: { r: 1 },
    write: { w: 1 },
    seed: 1,
    client: { index: 0, count: 1 },
  });
}

async function probe(lanes: number, durationMs: number): Promise<void> {
  let isOver = false;
  const run = probeOf(lanes).run(() => isOver, { counts, outcomes });
  await clock.advance(durationMs);
  isOver = true;
  await clock.advance(200);
  await run;
  expect(clock.timerCount).toBe(0);
}

describe('a probe of staleness', () => {
  it('finds every read fresh that begins after the lag, and every other one stale', async () => {
    client.takesMs = 2;
    client.lagMs = 7;
    await probe(4, 3_000);
    expect(counts.reads).toBeGreaterThan(400);
    for (const { tMs, fresh, reads } of counts.points) {
      // The answer is of two milliseconds after the read began.
      expect({ tMs, share: fresh / reads }).toEqual({ tMs, share: tMs + 2 >= 7 ? 1 : 0 });
    }
    expect(counts.points.length).toBeGreaterThan(6);
    expect(outcomes.errorCount).toBe(0);
  });

  it('says how many versions a read is behind', async () => {
    client.takesMs = 1;
    client.lagMs = Number.POSITIVE_INFINITY;
    await probe(1, 500);
    expect(counts.kStale.at(-1)).toBe(0);
  });

  it('writes with the context of its last write, reads once for each, and at its level', async () => {
    client.takesMs = 1;
    await probe(1, 500);
    const puts = client.asked.filter(({ verb }) => verb === 'put');
    expect(puts[0]?.options).toEqual({ bucket: 'b', w: 1, overwrite: true });
    for (const { options } of puts.slice(1)) {
      expect(options).toEqual({ bucket: 'b', w: 1, context: expect.any(String) });
    }
    expect(counts.reads).toBeGreaterThan(10);
    expect(counts.stale).toBe(0);
  });

  it('counts what fails by its code, slows down, and starts anew without a context', async () => {
    client.takesMs = 1;
    client.failures = Array.from(
      { length: 5 },
      () => new CoterieError('NO_REPLICA', 'too few are there'),
    );
    await probe(1, 1_000);
    expect(outcomes.errors).toEqual({ NO_REPLICA: 5 });
    expect(client.asked[5]?.options).toMatchObject({ overwrite: true });
    expect(counts.stale).toBe(0);
  });

  it('takes no version of an earlier run in a cluster that stays for a newer one', async () => {
    client.takesMs = 1;
    await probe(1, 500);
    await clock.advance(1_000);
    counts = new FreshnessCounts();
    client.lagMs = 1_000;
    await probe(1, 500);
    expect(counts.reads).toBeGreaterThan(10);
    expect(counts.stale).toBe(counts.reads);
  });
});
