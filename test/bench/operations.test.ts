import { beforeEach, describe, expect, it } from 'vitest';
import { ContextCache } from '../../src/bench/context-cache.ts';
import { LoadRun } from '../../src/bench/load-run.ts';
import { Operations, type OperationsOptions } from '../../src/bench/operations.ts';
import { Outcomes } from '../../src/bench/outcomes.ts';
import { parseMix } from '../../src/bench/workload.ts';
import { CoterieError } from '../../src/core/errors.ts';
import { ManualClock } from '../client/manual-clock.ts';
import { FakeClient } from './fake-client.ts';

let clock: ManualClock;
let client: FakeClient;
let outcomes: Outcomes;

beforeEach(() => {
  clock = new ManualClock();
  client = new FakeClient(clock);
  outcomes = new Outcomes();
});

function optionsOf(mix: string, more: Partial<OperationsOptions> = {}): OperationsOptions {
  return {
    bucket: 'b',
    keys: 1,
    valueBytes: 10,
    mix: parseMix(mix),
    distribution: 'uniform',
    update: 'context',
    contextsMax: 100,
    read: { r: 1 },
    write: { w: 2 },
    seed: 1,
    client: { index: 0, count: 1 },
    ...more,
  };
}

async function perform(operations: Operations, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await operations.perform(clock.monotonicMs(), outcomes);
  }
}

describe('updates', () => {
  it('replace what this client last saw, and leave no siblings', async () => {
    const operations = new Operations(client, clock, optionsOf('update=1'));
    await operations.load(0);
    await perform(operations, 5);
    expect(client.asked.map(({ verb }) => verb)).toEqual(Array(6).fill('put'));
    expect((await client.get('user000000000000')).siblings).toHaveLength(1);
    expect(outcomes).toMatchObject({ operations: 5, succeeded: 5, contextReads: 0 });
    expect(outcomes.write.count).toBe(5);
  });

  it('read first where this client has no context, and say how often', async () => {
    const loader = new Operations(client, clock, optionsOf('update=1'));
    await loader.load(0);
    const operations = new Operations(client, clock, optionsOf('update=1'));
    await perform(operations, 3);
    expect(client.asked.map(({ verb }) => verb)).toEqual(['put', 'get', 'put', 'put', 'put']);
    expect(outcomes.contextReads).toBe(1);
    expect(outcomes.read.count).toBe(0);
    expect((await client.get('user000000000000')).siblings).toHaveLength(1);
  });

  it('read first again after a failure, and once concurrent writers left many siblings', async () => {
    const operations = new Operations(client, clock, optionsOf('update=1'));
    await operations.load(0);
    client.failures = [new CoterieError('DEADLINE_EXCEEDED', 'late', { applied: 'unknown' })];
    await perform(operations, 2);
    expect(client.asked.map(({ verb }) => verb)).toEqual(['put', 'put', 'get', 'put']);
    expect(outcomes.errors).toEqual({ DEADLINE_EXCEEDED: 1 });
    for (let other = 0; other < 10; other += 1) await client.put('user000000000000', 'x');
    client.asked.length = 0;
    await perform(operations, 2);
    expect(client.asked.map(({ verb }) => verb)).toEqual(['put', 'get', 'put']);
    expect((await client.get('user000000000000')).siblings).toHaveLength(1);
  });

  it('with overwrite give no context and never read', async () => {
    const operations = new Operations(
      client,
      clock,
      optionsOf('update=1', { update: 'overwrite' }),
    );
    await perform(operations, 3);
    for (const { verb, options } of client.asked) {
      expect({ verb, options }).toEqual({
        verb: 'put',
        options: { bucket: 'b', w: 2, overwrite: true },
      });
    }
  });
});

describe('a read-modify-write', () => {
  it('writes with the context that it read; it is one operation, one read and one write', async () => {
    client.takesMs = 5;
    const operations = new Operations(client, clock, optionsOf('rmw=1'));
    const done = operations.perform(clock.monotonicMs() - 100, outcomes);
    await clock.advance(20);
    await done;
    expect(client.asked.map(({ verb }) => verb)).toEqual(['get', 'put']);
    expect(client.asked[1]?.options.context).toBe('');
    expect(outcomes).toMatchObject({ operations: 1, succeeded: 1, notFound: 1 });
    // It was meant to start 100 ms ago; its write began when its read had ended.
    expect(
      [outcomes.read, outcomes.write, outcomes.rmw].map((each) => each.summary().maxMs),
    ).toEqual([105, 5, 110]);
  });
});

describe('failures', () => {
  it('of the cluster are counted by code and end nothing; others are not swallowed', async () => {
    const operations = new Operations(client, clock, optionsOf('read=1'));
    client.failures = [new CoterieError('NO_REPLICA', 'none'), undefined];
    await perform(operations, 2);
    expect(outcomes).toMatchObject({ operations: 2, succeeded: 1, errors: { NO_REPLICA: 1 } });
    expect(outcomes.read.count).toBe(1);
    client.failures = [new TypeError('a bug') as CoterieError];
    await expect(operations.perform(0, outcomes)).rejects.toThrow(TypeError);
  });

  it('an insert that failed leaves a number that is not used again', async () => {
    const operations = new Operations(client, clock, optionsOf('insert=1'));
    client.failures = [new CoterieError('OVERLOADED', 'full')];
    await perform(operations, 3);
    const keys = client.asked.map(({ key }) => key);
    expect(keys).toEqual(['user000000000001', 'user000000000002', 'user000000000003']);
  });
});

describe('the context cache', () => {
  it('forgets the one that was set longest ago, and holds no more than its bound', () => {
    const contexts = new ContextCache(3);
    for (const key of [1, 2, 3]) contexts.set(key, `c${key}`);
    contexts.set(1, 'newer');
    contexts.set(4, 'c4');
    expect(contexts.size).toBe(3);
    expect([1, 2, 3, 4].map((key) => contexts.get(key))).toEqual(['newer', undefined, 'c3', 'c4']);
    contexts.forget(1);
    expect(contexts.get(1)).toBeUndefined();
  });
});

describe('a run', () => {
  const pace = { kind: 'closed', inFlight: 2 } as const;

  it('loads its share of the keys, warms up without counting, then measures', async () => {
    client.takesMs = 10;
    const run = new LoadRun(client, clock, {
      ...optionsOf('read=1', { keys: 10, client: { index: 1, count: 3 } }),
      pace,
      warmupSeconds: 1,
      operations: 50,
    });
    const loading = run.load();
    await clock.advance(1_000);
    await loading;
    expect(client.asked.map(({ key }) => Number(key.slice(4)))).toEqual([1, 4, 7]);
    const warming = run.warmUp();
    await clock.advance(2_000);
    await warming;
    expect(run.progress()).toMatchObject({ phase: 'warm-up', operations: 200, p99Ms: 10 });
    const measuring = run.measure();
    await clock.advance(5_000);
    const { outcomes: measured, elapsedSeconds, unstarted } = await measuring;
    expect(measured).toMatchObject({ operations: 50, succeeded: 50 });
    expect(measured.read.count).toBe(50);
    expect(elapsedSeconds).toBeCloseTo(0.25, 6);
    expect(unstarted).toBe(0);
  });

  it('is told in slices, which together are all of it', async () => {
    client.takesMs = 10;
    const run = new LoadRun(client, clock, {
      ...{ ...optionsOf('read=1'), pace, warmupSeconds: 0, seconds: 1, slices: 4 },
    });
    await run.warmUp();
    const measuring = run.measure();
    await clock.advance(600);
    expect(run.progress()).toMatchObject({ phase: 'measure', operations: 120, p99Ms: 10 });
    await clock.advance(500);
    const { slices, outcomes } = await measuring;
    expect(slices.map(({ outcomes: each }) => each.read.count)).toEqual([50, 50, 50, 50]);
    expect(outcomes.read.count).toBe(200);
    expect(run.progress()).toMatchObject({ operations: 200 });
  });

  it('ends soon when it is stopped, with what it has', async () => {
    client.takesMs = 10;
    const run = new LoadRun(client, clock, {
      ...optionsOf('read=1'),
      pace,
      warmupSeconds: 0,
      seconds: 100,
    });
    await run.warmUp();
    const measuring = run.measure();
    await clock.advance(95);
    run.stop();
    await clock.advance(20);
    expect((await measuring).outcomes.operations).toBe(20);
    expect(clock.timerCount).toBe(0);
  });
});
