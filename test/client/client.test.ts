import { describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import type { ClientOptions } from '../../src/client/types.ts';
import { CoterieError } from '../../src/core/errors.ts';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../../src/core/limits.ts';
import { closeClient, createRig, readyClient, watch } from './client-rig.ts';
import { ManualClock } from './manual-clock.ts';
import { ScriptedNetwork, seededRandom, silentLog, stored, TOOK_US } from './scripted-node.ts';

describe('arguments are checked before anything is sent', () => {
  const cases: readonly (readonly [string, string, (db: Db) => Promise<unknown>])[] = [
    ['an empty key', 'INVALID_ARGUMENT', (db) => db.get('')],
    ['a key over the limit', 'KEY_TOO_LARGE', (db) => db.get('k'.repeat(KEY_BYTES_MAX + 1))],
    [
      'a value over the limit',
      'VALUE_TOO_LARGE',
      (db) => db.put('k', new Uint8Array(VALUE_BYTES_MAX + 1)),
    ],
    ['half of a surrogate pair', 'INVALID_ARGUMENT', (db) => db.get('a\ud800')],
    ['a bad bucket name', 'INVALID_ARGUMENT', (db) => db.get('k', { bucket: 'No!' })],
    [
      'a level with raw numbers',
      'INVALID_ARGUMENT',
      (db) => db.get('k', { consistency: 'one', r: 1 }),
    ],
    ['a raw number of 0', 'INVALID_ARGUMENT', (db) => db.put('k', 'v', { w: 0 })],
    [
      'a context with overwrite',
      'INVALID_ARGUMENT',
      (db) => db.put('k', 'v', { context: 'AA', overwrite: true }),
    ],
    [
      'a context with blind',
      'INVALID_ARGUMENT',
      (db) => db.delete('k', { context: 'AA', blind: true }),
    ],
    [
      'a context that is not base64url',
      'INVALID_CONTEXT',
      (db) => db.put('k', 'v', { context: '!' }),
    ],
    ['a request id of 3 bytes', 'INVALID_ARGUMENT', (db) => db.put('k', 'v', { requestId: 'abc' })],
    ['a budget of 0 ms', 'INVALID_ARGUMENT', (db) => db.get('k', { timeoutMs: 0 })],
  ];

  test.each(cases)('%s is %s', async (_what, code, request) => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    const db = client();
    const result = watch(request(db));
    await clock.settle();
    expect(result.error).toMatchObject({ code, applied: 'no' });
    expect(node.dials).toBe(0);
    await closeClient(db, clock);
  });

  test('keys and values at the limit pass', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1');
    const db = client();
    const result = watch(db.put('k'.repeat(KEY_BYTES_MAX), new Uint8Array(VALUE_BYTES_MAX)));
    await clock.settle();
    expect(result.value?.durable).toBe(2);
    await closeClient(db, clock);
  });

  test.each([
    ['no node', { nodes: [] }],
    ['nodes left out', { nodes: undefined }],
    ['one node in place of a list', { nodes: 'a:1' }],
    ['a node that is no text', { nodes: [7400] }],
    ['an address without a port', { nodes: ['localhost'] }],
    ['an unknown level', { consistency: 'most' }],
    ['an unknown retry mode', { retry: 'always' }],
    ['a bound of 0', { inFlightMax: 0 }],
    ['room for less than one value', { inFlightBytesMax: VALUE_BYTES_MAX }],
    ['a cluster id that is none', { clusterId: 'x' }],
  ] as const)('a client with %s cannot be made', (_what, options) => {
    const clock = new ManualClock();
    const transport = new ScriptedNetwork(clock);
    const environment = { transport, clock, random: seededRandom(), log: silentLog };
    const make = () => createClient(environment, { nodes: ['a:1'], ...options } as ClientOptions);
    expect(make).toThrow(CoterieError);
  });
});

describe('requests and results', () => {
  test('options reach the node as the protocol says', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    const db = client({ bucket: 'carts', consistency: 'one' });
    await readyClient(db, clock);
    watch(db.get(Uint8Array.of(1, 2)));
    watch(db.get('k', { r: 2, pr: 1, explain: true }));
    const requestId = '00112233-4455-6677-8899-aabbccddeeff';
    watch(db.put('k', 'v', { w: 3, dw: 2, durability: 'memory', context: 'AQI', requestId }));
    watch(db.delete('k', { blind: true, bucket: 'other', consistency: 'all' }));
    await clock.settle();
    const [first, raw, put, gone] = node.requests.map((request) => request.operation);
    const key = new TextEncoder().encode('k');
    expect(first).toMatchObject({ get: { bucket: 'carts', key: Uint8Array.of(1, 2), level: 2 } });
    expect(raw).toMatchObject({ get: { key, level: 0, r: 2, pr: 1, explain: true } });
    expect(put).toMatchObject({
      put: { level: 0, w: 3, dw: 2, durability: 1, context: Uint8Array.of(1, 2), isRetry: true },
    });
    expect(gone).toMatchObject({
      delete: { bucket: 'other', blind: true, level: 6, isRetry: false },
    });
    await closeClient(db, clock);
  });

  test('a put shows dot, acknowledgements and its request id', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1');
    const db = client();
    const requestId = '00112233445566778899AABBCCDDEEFF';
    const result = watch(db.put('k', 'v', { requestId }));
    await clock.settle();
    expect(result.value).toEqual({
      context: 'CQ',
      siblings: 1,
      level: 'quorum',
      acks: { required: 2, received: 3, nodes: ['n1', 'n2', 'n3'] },
      durable: 2,
      dot: '1.2.3',
      requestId: requestId.toLowerCase(),
      elapsedMs: 0,
      coordinatorMs: TOOK_US / 1_000,
    });
    await closeClient(db, clock);
  });

  test('a sloppy put asks for stand-ins and names them', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    const db = client();
    const answer = stored();
    const quorum = { level: 'w=2', required: 2, received: 2, nodes: ['n1'] };
    const standIns = ['n4'];
    if (answer.$case === 'put') answer.put.quorum = { ...quorum, standIns: { nodes: standIns } };
    node.script = () => answer;
    const result = watch(db.put('k', 'v', { sloppy: true }));
    await clock.settle();
    expect(result.value?.acks).toEqual({ required: 2, received: 2, nodes: ['n1'], standIns });
    expect(node.requests.at(-1)?.operation).toMatchObject({ put: { sloppy: true } });
    await closeClient(db, clock);
  });

  test('one value is a value; several are siblings, and text() says so', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    const db = client();
    const one = watch(db.get('k'));
    await clock.settle();
    expect(one.value?.text()).toBe('a:1');
    expect(one.value?.value).toEqual(new TextEncoder().encode('a:1'));
    expect(one.value).toMatchObject({ found: true, context: 'AQID', level: 'quorum' });

    const sibling = (text: string, dot: string) => {
      return { value: new TextEncoder().encode(text), dot, writtenAtMs: 1 };
    };
    const reply = { found: true, context: Uint8Array.of(1), quorum: undefined, trace: undefined };
    const siblings = [sibling('x', '0.1.1'), sibling('y', '1.1.1')];
    node.script = () => ({ $case: 'get', get: { ...reply, siblings } });
    const two = watch(db.get('k'));
    await clock.settle();
    expect(two.value?.siblings.map(({ dot }) => dot)).toEqual(['0.1.1', '1.1.1']);
    expect(two.value !== undefined && 'value' in two.value).toBe(false);
    expect(() => two.value?.text()).toThrow(expect.objectContaining({ code: 'SIBLINGS' }));

    node.script = () => ({ $case: 'get', get: { ...reply, found: false, siblings: [] } });
    const none = watch(db.get('k'));
    await clock.settle();
    expect(none.value).toMatchObject({ found: false, siblings: [] });
    expect(none.value?.text()).toBeUndefined();

    const binary = [{ value: Uint8Array.of(0xff), dot: '0.1.1', writtenAtMs: 1 }];
    node.script = () => ({ $case: 'get', get: { ...reply, siblings: binary } });
    const bytes = watch(db.get('k'));
    await clock.settle();
    expect(() => bytes.value?.text()).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    await closeClient(db, clock);
  });

  test('a small value does not keep its frame alive', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1').script = () => {
      const siblings = [
        { value: new Uint8Array(10), dot: '0.1.1', writtenAtMs: 1 },
        { value: new Uint8Array(100_000), dot: '0.1.2', writtenAtMs: 1 },
      ];
      const get = { found: true, siblings, context: Uint8Array.of(), quorum: undefined };
      return { $case: 'get', get: { ...get, trace: undefined } };
    };
    const db = client();
    const result = watch(db.get('k'));
    await clock.settle();
    expect(result.value?.siblings[0]?.value.buffer.byteLength).toBe(10);
    await closeClient(db, clock);
  });

  test('layout() is the ring a node works with, NOT_INITIALISED before there is one', async () => {
    const { clock, network, client } = createRig();
    const [node] = network.addCluster(3);
    const db = client();
    const ring = watch(db.layout());
    await clock.settle();
    expect(ring.value?.layout.roles.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3']);
    for (const each of network.nodes.values())
      each.hello = { ...each.hello, layout: Uint8Array.of() };
    const none = watch(db.layout());
    await clock.settle();
    expect(none.error?.code).toBe('NOT_INITIALISED');
    expect(node?.requests.length).toBeLessThanOrEqual(2);
    await closeClient(db, clock);
  });
});

describe('bounds', () => {
  test('one request over the count fails at once, until another is over', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    node.script = () => undefined;
    const db = client({ inFlightMax: 2 });
    const results = [1, 2, 3].map((key) => watch(db.put(`k${key}`, 'v')));
    await clock.settle();
    expect(results[2]?.error).toMatchObject({
      code: 'OVERLOADED',
      applied: 'no',
      details: { bound: 'inFlightMax', limit: 2 },
    });
    node.answer({ id: node.requests[0]?.id ?? 0, result: stored() });
    await clock.settle();
    const next = watch(db.put('k4', 'v'));
    await clock.settle();
    expect(next.isSettled).toBe(false);
    await closeClient(db, clock);
  });

  test('bytes in flight are bounded, and given back', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    const db = client({ inFlightBytesMax: VALUE_BYTES_MAX + KEY_BYTES_MAX });
    const value = new Uint8Array(3 * 1_024 * 1_024);
    const first = watch(db.put('k1', value));
    const second = watch(db.put('k2', value));
    await clock.settle();
    expect(first.value).toBeDefined();
    expect(second.error).toMatchObject({
      code: 'OVERLOADED',
      details: { bound: 'inFlightBytesMax' },
    });
    const third = watch(db.put('k3', value));
    await clock.settle();
    expect(third.value).toBeDefined();
    expect(node.of('put').length).toBe(2);
    await closeClient(db, clock);
  });
});

describe('ready', () => {
  test('resolves on the first node that answers', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1').state = 'refusing';
    network.add('b:1').state = 'silent';
    network.add('c:1');
    const db = client();
    const isReady = watch(db.ready());
    await clock.settle();
    expect(isReady).toMatchObject({ isSettled: true });
    expect(isReady.error).toBeUndefined();
    await closeClient(db, clock);
  });

  test('names every address when none is there, at once or at the deadline', async () => {
    const { clock, network, client } = createRig();
    for (const address of ['a:1', 'b:1', 'c:1', 'd:1']) network.add(address).state = 'refusing';
    const db = client();
    const isReady = watch(db.ready());
    await clock.settle();
    expect(isReady.error).toMatchObject({
      code: 'UNREACHABLE',
      applied: 'no',
      details: { nodes: ['a:1', 'b:1', 'c:1', 'd:1'] },
    });
    for (const node of network.nodes.values()) node.state = 'silent';
    await clock.advance(2_000);
    const late = watch(db.ready({ timeoutMs: 300 }));
    await clock.advance(300);
    expect(late.error?.code).toBe('UNREACHABLE');
    expect(late.error?.message).toContain('d:1');
    await closeClient(db, clock);
  });

  test('a node that refuses the cluster says more than one that is away', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1').state = 'refusing';
    network.add('b:1');
    const db = client({ clusterId: 'ee'.repeat(16) });
    const isReady = watch(db.ready());
    await clock.settle();
    expect(isReady.error?.code).toBe('CLUSTER_MISMATCH');
    await closeClient(db, clock);
  });

  test('can be given up', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1').state = 'silent';
    const db = client();
    const controller = new AbortController();
    const isReady = watch(db.ready({ signal: controller.signal }));
    await clock.settle();
    controller.abort();
    await clock.settle();
    expect(isReady.error?.code).toBe('ABORTED');
    await closeClient(db, clock);
  });
});

describe('close', () => {
  test('ends what is in flight and leaves no timer, stream or callback', async () => {
    const { clock, network, client } = createRig();
    const nodes = network.addCluster(3);
    for (const node of nodes) node.script = () => undefined;
    const away = network.add('away:1');
    away.state = 'silent';
    const db = client();
    await readyClient(db, clock);
    const put = watch(db.put('k', 'v'));
    const get = watch(db.get('k'));
    await clock.settle();
    const unsent = watch(db.put('k', 'v'));
    await closeClient(db, clock);
    expect(put.error).toMatchObject({ code: 'NOT_RUNNING', applied: 'unknown' });
    expect(get.error).toMatchObject({ code: 'NOT_RUNNING', applied: 'no' });
    expect(unsent.error).toMatchObject({ code: 'NOT_RUNNING', applied: 'no' });
    expect(clock.timerCount).toBe(0);
    expect(clock.deferredCount).toBe(0);
    expect([...network.nodes.values()].every((node) => node.streams.size === 0)).toBe(true);
    const dials = [...network.nodes.values()].map((node) => node.dials);
    await clock.advance(60_000);
    expect([...network.nodes.values()].map((node) => node.dials)).toEqual(dials);
  });

  test('is idempotent, ends a wait for ready, and refuses later requests', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1').state = 'silent';
    const db = client();
    const isReady = watch(db.ready());
    await clock.settle();
    expect(db.close()).toBe(db.close());
    await closeClient(db, clock);
    expect(isReady.error?.code).toBe('NOT_RUNNING');
    const late = watch(db.get('k'));
    await clock.settle();
    expect(late.error).toMatchObject({ code: 'NOT_RUNNING', applied: 'no', retryable: false });
  });

  test('a pause between attempts ends with the client', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1').script = () => {
      const error = { code: 'OVERLOADED', message: 'full', retryable: true, appliedUnknown: false };
      return { $case: 'error', error: { ...error, detailsJson: '{"retryAfterMs":500}' } };
    };
    const db = client();
    const result = watch(db.put('k', 'v'));
    await clock.settle();
    await closeClient(db, clock);
    expect(result.error).toMatchObject({ code: 'NOT_RUNNING', applied: 'no' });
    expect(clock.timerCount).toBe(0);
  });
});

type Db = ReturnType<ReturnType<typeof createRig>['client']>;
