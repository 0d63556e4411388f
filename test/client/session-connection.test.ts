import { describe, expect, test } from 'vitest';
import {
  DIAL_TIMEOUT_MS,
  REDIAL_MAX_MS,
  SEND_BUFFER_BYTES_MAX,
  SILENCE_MS,
} from '../../src/client/session-connection.ts';
import { closeClient as close, createRig, readyClient as ready, watch } from './client-rig.ts';
import { ok, serve, stored } from './scripted-node.ts';

describe('frames', () => {
  test('requests of one tick share a frame, and their answers come in any order', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    node.script = () => undefined;
    const db = client();
    await ready(db, clock);
    const results = ['k0', 'k1', 'k2'].map((key) => watch(db.get(key)));
    await clock.settle();
    expect(node.frames.map((frame) => frame.length)).toEqual([3]);

    const [first, second, third] = node.requests.map((request) => request.id);
    node.answer({ id: third ?? 0, result: ok('three') }, { id: first ?? 0, result: ok('one') });
    await clock.settle();
    expect(results.map((result) => result.value?.text())).toEqual(['one', undefined, 'three']);
    node.answer({ id: second ?? 0, result: ok('two') });
    await clock.settle();
    expect(results[1]?.value?.text()).toBe('two');
    expect(new Set([first, second, third]).size).toBe(3);
    await close(db, clock);
  });

  test('no more is unanswered than the node takes; the rest follows as answers come', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1', { inFlightMax: 2 });
    node.script = () => undefined;
    const db = client();
    const results = [1, 2, 3].map((key) => watch(db.get(`k${key}`)));
    await clock.settle();
    expect(node.requests.length).toBe(2);
    node.answer({ id: node.requests[0]?.id ?? 0, result: ok() });
    await clock.settle();
    expect(node.requests.length).toBe(3);
    expect(results.map((result) => result.isSettled)).toEqual([true, false, false]);
    await close(db, clock);
  });

  test('while the network takes nothing, nothing is added to what waits for it', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    const db = client();
    await ready(db, clock);
    node.bufferedBytes = SEND_BUFFER_BYTES_MAX;
    const result = watch(db.put('k', 'v'));
    await clock.settle();
    expect(node.requests.length).toBe(0);
    node.bufferedBytes = 0;
    for (const stream of node.streams) stream.handlers.drained?.();
    await clock.settle();
    expect(result.value?.dot).toBe('1.2.3');
    await close(db, clock);
  });

  test('a batch of large values is cut into several frames', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    const db = client();
    const value = new Uint8Array(200 * 1_024);
    const results = [1, 2, 3, 4].map((key) => watch(db.put(`k${key}`, value)));
    await clock.settle();
    expect(node.frames.map((frame) => frame.length)).toEqual([2, 2]);
    expect(results.every((result) => result.value !== undefined)).toBe(true);
    await close(db, clock);
  });

  test('an answer to a request that was given up is ignored', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    node.script = () => undefined;
    const db = client();
    const late = watch(db.get('k', { timeoutMs: 100 }));
    await clock.advance(101);
    expect(late.error?.code).toBe('DEADLINE_EXCEEDED');
    node.script = serve;
    const next = watch(db.get('k'));
    await clock.settle();
    const [request] = node.of('get');
    node.answer({ id: request?.id ?? 0, result: ok('late') });
    await clock.settle();
    expect(next.value?.text()).toBe('a:1');
    await close(db, clock);
  });
});

describe('the handshake', () => {
  test('nothing but the hello is sent before the node has answered it', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    node.state = 'silent';
    const db = client();
    const result = watch(db.put('k', 'v', { timeoutMs: 5_000 }));
    await clock.advance(DIAL_TIMEOUT_MS + 1);
    expect(node.requests.length).toBe(0);
    expect(result.error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
    await close(db, clock);
  });

  test('a node of another cluster is refused by either side', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1');
    const db = client({ clusterId: 'ff'.repeat(16) });
    const result = watch(db.get('k'));
    await clock.settle();
    expect(result.error).toMatchObject({ code: 'CLUSTER_MISMATCH', applied: 'no' });
    await close(db, clock);

    const there = createRig();
    const error = { code: 'CLUSTER_MISMATCH', message: 'Another cluster', retryable: false };
    const refused = { ...error, appliedUnknown: false, detailsJson: '' };
    there.network.add('a:1', { refused });
    const other = there.client();
    const write = watch(other.put('k', 'v'));
    await there.clock.settle();
    expect(write.error).toMatchObject({ code: 'CLUSTER_MISMATCH', applied: 'no' });
    await close(other, there.clock);
  });

  test('the first cluster met binds all later sessions', async () => {
    const { clock, network, client } = createRig();
    const a = network.add('a:1');
    const b = network.add('b:1', { clusterId: new Uint8Array(16).fill(7) });
    const db = client({ nodes: ['a:1'] });
    await ready(db, clock);
    await close(db, clock);
    expect(a.hellos[0]?.clusterId.length).toBe(0);

    const both = client({ nodes: ['a:1', 'b:1'] });
    await ready(both, clock);
    a.cut();
    await clock.settle();
    const results = [1, 2, 3, 4].map((key) => watch(both.get(`k${key}`)));
    await clock.advance(1_000);
    const bound = [...a.hellos, ...b.hellos].filter((hello) => hello.clusterId.length > 0);
    expect(bound.length).toBeGreaterThan(0);
    const readers = new Set(results.map((result) => result.value?.text()).filter(Boolean));
    expect(readers.size).toBe(1);
    await close(both, clock);
  });

  test('another protocol version is refused', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1', { protocol: 2 });
    const db = client();
    const result = watch(db.get('k'));
    await clock.settle();
    expect(result.error?.code).toBe('VERSION_UNSUPPORTED');
    await close(db, clock);
  });
});

describe('a broken stream', () => {
  test('fails what was sent as unknown, what waited as not applied', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1', { inFlightMax: 1 });
    node.script = () => undefined;
    const db = client({ retry: 'none' });
    const sent = watch(db.put('k1', 'v'));
    const waiting = watch(db.put('k2', 'v'));
    const read = watch(db.get('k3'));
    await clock.settle();
    node.cut();
    await clock.settle();
    expect(sent.error).toMatchObject({ code: 'UNREACHABLE', applied: 'unknown' });
    expect(waiting.error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
    expect(read.error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
    await close(db, clock);
  });

  test('is dialed again on demand, not before', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    const db = client();
    await ready(db, clock);
    node.cut();
    await clock.advance(10_000);
    expect(node.dials).toBe(1);
    const result = watch(db.get('k'));
    await clock.settle();
    expect(node.dials).toBe(2);
    expect(result.value?.found).toBe(true);
    await close(db, clock);
  });

  test('rests longer with every failure, up to the bound', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    node.state = 'refusing';
    const db = client({ timeoutMs: 10_000 });
    const pauses: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const startedMs = clock.monotonicMs();
      const result = watch(db.get('k'));
      while (!result.isSettled) await clock.advance(1);
      pauses.push(clock.monotonicMs() - startedMs);
      expect(result.error?.code).toBe('UNREACHABLE');
    }
    expect(node.dials).toBe(8);
    expect(pauses[0]).toBeLessThanOrEqual(1);
    expect(pauses[7]).toBeGreaterThan(pauses[1] ?? 0);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(REDIAL_MAX_MS + 1);
    await close(db, clock);
  });

  test('a node that has fallen silent is given up after SILENCE_MS, and dialed anew', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    const db = client({ timeoutMs: 500 });
    await ready(db, clock);
    node.script = () => undefined;
    for (let waitedMs = 0; waitedMs < SILENCE_MS + 1_000; waitedMs += 500) {
      watch(db.get('k'));
      await clock.advance(500);
    }
    node.script = serve;
    const result = watch(db.get('k'));
    await clock.advance(100);
    expect(node.dials).toBe(2);
    expect(result.value?.found).toBe(true);
    await close(db, clock);
  });

  test('garbage in place of a frame breaks the stream and leaves writes unknown', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    node.script = () => undefined;
    const db = client();
    const result = watch(db.put('k', 'v'));
    await clock.settle();
    for (const stream of node.streams) stream.raw(Uint8Array.of(0xff, 0xff, 0xff));
    await clock.settle();
    expect(result.error).toMatchObject({ code: 'MALFORMED_MESSAGE', applied: 'unknown' });
    expect(node.streams.size).toBe(0);
    await close(db, clock);
  });
});

describe('cancelling', () => {
  test('a read that is given up is cancelled at the node, a write is not', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1');
    node.script = () => undefined;
    const db = client({ timeoutMs: 100 });
    const read = watch(db.get('k'));
    const write = watch(db.put('k', 'v'));
    await clock.advance(101);
    const [get] = node.of('get');
    expect(node.of('cancel').map((request) => request.operation)).toEqual([
      { $case: 'cancel', cancel: get?.id },
    ]);
    expect(read.error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'no' });
    expect(write.error).toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'unknown' });
    await close(db, clock);
  });

  test('what was never sent is taken back without a word', async () => {
    const { clock, network, client } = createRig();
    const node = network.add('a:1', { inFlightMax: 1 });
    node.script = () => undefined;
    const db = client();
    watch(db.get('k1'));
    const controller = new AbortController();
    const queued = watch(db.put('k2', 'v', { signal: controller.signal }));
    await clock.settle();
    controller.abort(new Error('enough'));
    await clock.settle();
    expect(queued.error).toMatchObject({ code: 'ABORTED', applied: 'no' });
    node.answer({ id: node.requests[0]?.id ?? 0, result: stored() });
    await clock.settle();
    expect(node.of('put').length).toBe(0);
    expect(node.of('cancel').length).toBe(0);
    await close(db, clock);
  });
});
