import { describe, expect, test } from 'vitest';
import { SENT_MAX } from '../../src/client/retry-policy.ts';
import type { RetryMode } from '../../src/client/types.ts';
import { CoterieError, type ErrorOptions } from '../../src/core/errors.ts';
import { closeClient, createRig, type Rig, readyClient, watch } from './client-rig.ts';
import { refusal, type Script, type ScriptedNode, serve, stored } from './scripted-node.ts';

/** Answers with the error the first `times`, then serves. */
function refusing(error: CoterieError, times = Number.POSITIVE_INFINITY): Script {
  let left = times;
  return (request, node) => {
    if (left <= 0) return serve(request, node);
    left -= 1;
    return refusal(error);
  };
}

function fault(code: 'OVERLOADED' | 'NOT_RECOVERED' | 'QUORUM_NOT_MET', options?: ErrorOptions) {
  return new CoterieError(code, `${code} says the test`, options);
}

function putsOf(nodes: readonly ScriptedNode[]) {
  return nodes.flatMap((node) =>
    node.requests.flatMap(({ operation }) => {
      return operation?.$case === 'put' ? [{ node: node.address, put: operation.put }] : [];
    }),
  );
}

/** A client with a session to every node. */
async function warmed(rig: Rig, nodes: readonly ScriptedNode[], retry: RetryMode = 'same') {
  const db = rig.client({ retry });
  await readyClient(db, rig.clock);
  expect(nodes.every((node) => node.streams.size === 1)).toBe(true);
  return db;
}

describe('the budget', () => {
  test('a request fails at its deadline, and says phase, node and budget', async () => {
    const rig = createRig();
    const [node] = rig.network.addCluster(1);
    if (node !== undefined) node.script = () => undefined;
    const db = rig.client({ timeoutMs: 300 });
    const put = watch(db.put('k', 'v'));
    await rig.clock.advance(299);
    expect(put.isSettled).toBe(false);
    await rig.clock.advance(1);
    expect(put.error).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      applied: 'unknown',
      details: { phase: 'reply', node: 'n1:1' },
    });
    expect(put.error?.details['requestId']).toMatch(/^[0-9a-f]{32}$/);
    expect(put.error?.message).toContain('300 ms');
    await closeClient(db, rig.clock);
  });

  test('the node is given a little less than what is left', async () => {
    const rig = createRig();
    const [node] = rig.network.addCluster(1);
    const db = rig.client();
    await readyClient(db, rig.clock);
    watch(db.get('k', { timeoutMs: 2_000 }));
    watch(db.get('k', { timeoutMs: 100 }));
    watch(db.get('k', { timeoutMs: 1 }));
    await rig.clock.settle();
    const budgets = node?.requests.map(({ operation }) => {
      return operation?.$case === 'get' ? operation.get.timeoutMs : undefined;
    });
    expect(budgets).toEqual([1_950, 90, 1]);
    await closeClient(db, rig.clock);
  });

  test('a node that swallows the dial costs half of the budget at most', async () => {
    const rig = createRig();
    const silent = rig.network.add('a:1');
    silent.state = 'silent';
    rig.network.add('b:1');
    const db = rig.client({ timeoutMs: 800 });
    const results = [1, 2, 3, 4, 5, 6].map((key) => watch(db.get(`k${key}`)));
    await rig.clock.advance(0);
    expect(results.some((result) => result.isSettled)).toBe(true);
    expect(results.every((result) => result.isSettled)).toBe(false);
    await rig.clock.advance(401);
    expect(results.map((result) => result.value?.text())).toEqual(Array(6).fill('b:1'));
    await closeClient(db, rig.clock);
  });

  test('one timer serves any number of requests', async () => {
    const rig = createRig();
    const [node] = rig.network.addCluster(1);
    const db = rig.client();
    await readyClient(db, rig.clock);
    const before = rig.clock.timersSet;
    for (let round = 0; round < 20; round += 1) {
      for (let key = 0; key < 50; key += 1) watch(db.get(`k${key}`));
      await rig.clock.advance(1);
    }
    expect(node?.of('get').length).toBe(1_000);
    expect(rig.clock.timersSet - before).toBeLessThanOrEqual(1);
    expect(rig.clock.timerCount).toBeLessThanOrEqual(1);
    await closeClient(db, rig.clock);
  });
});

describe('giving up', () => {
  test('an aborted request fails at once with the reason as its cause', async () => {
    const rig = createRig();
    const [node] = rig.network.addCluster(1);
    if (node !== undefined) node.script = () => undefined;
    const db = rig.client();
    const controller = new AbortController();
    const { signal } = controller;
    const get = watch(db.get('k', { signal }));
    const put = watch(db.put('k', 'v', { signal }));
    await rig.clock.settle();
    const reason = new Error('no longer needed');
    controller.abort(reason);
    await rig.clock.settle();
    expect(get.error).toMatchObject({ code: 'ABORTED', applied: 'no', cause: reason });
    expect(put.error).toMatchObject({ code: 'ABORTED', applied: 'unknown', cause: reason });
    const late = watch(db.put('k', 'v', { signal }));
    await rig.clock.settle();
    expect(late.error).toMatchObject({ code: 'ABORTED', applied: 'no', cause: reason });
    await closeClient(db, rig.clock);
  });
});

describe('retries', () => {
  test('a refusal that says not applied moves a write to the next node', async () => {
    const rig = createRig();
    const nodes = rig.network.addCluster(3);
    const db = await warmed(rig, nodes);
    const [first, ...others] = nodes;
    for (const node of nodes) node.script = refusing(fault('NOT_RECOVERED'));
    if (first !== undefined) first.script = serve;
    const result = watch(db.put('k', 'v'));
    await rig.clock.settle();
    expect(result.value?.dot).toBe('1.2.3');
    const puts = putsOf(nodes);
    expect(new Set(puts.map(({ put }) => put.requestId.join())).size).toBe(1);
    expect(puts.every(({ put }) => !put.isRetry)).toBe(true);
    expect(others.length).toBe(2);
    await closeClient(db, rig.clock);
  });

  test('a repeated write that is refused may have been applied by its first try', async () => {
    const rig = createRig();
    const nodes = rig.network.addCluster(1);
    const db = await warmed(rig, nodes);
    for (const node of nodes) node.script = refusing(fault('NOT_RECOVERED'));
    const requestId = '00112233445566778899aabbccddeeff';
    const first = watch(db.put('k', 'v'));
    const repeated = watch(db.put('k', 'v', { requestId }));
    const wrong = watch(db.put('', 'v', { requestId }));
    await rig.clock.settle();
    expect(first.error).toMatchObject({ code: 'NOT_RECOVERED', applied: 'no' });
    expect(repeated.error).toMatchObject({ code: 'NOT_RECOVERED', applied: 'unknown' });
    expect(wrong.error).toMatchObject({ code: 'INVALID_ARGUMENT', applied: 'no' });
    await closeClient(db, rig.clock);
  });

  test('an overloaded node is left alone for as long as it asks', async () => {
    const rig = createRig();
    const nodes = rig.network.addCluster(1);
    const db = await warmed(rig, nodes);
    const [node] = nodes;
    const error = fault('OVERLOADED', { details: { retryAfterMs: 200 } });
    if (node !== undefined) node.script = refusing(error, 1);
    const result = watch(db.put('k', 'v'));
    await rig.clock.advance(199);
    expect(node?.of('put').length).toBe(1);
    await rig.clock.advance(150);
    expect(result.value?.dot).toBe('1.2.3');
    await closeClient(db, rig.clock);
  });

  test('attempts are bounded', async () => {
    const rig = createRig();
    const nodes = rig.network.addCluster(1);
    const db = await warmed(rig, nodes);
    const [node] = nodes;
    if (node !== undefined) node.script = refusing(fault('OVERLOADED'));
    const result = watch(db.get('k'));
    await rig.clock.advance(1_999);
    expect(result.error?.code).toBe('OVERLOADED');
    expect(node?.of('get').length).toBe(SENT_MAX);
    expect(result.error?.details['attempts']).toHaveLength(SENT_MAX);
    await closeClient(db, rig.clock);
  });

  test('a broken write is tried once more, at the same node and under the same id', async () => {
    const rig = createRig();
    const nodes = rig.network.addCluster(3);
    const db = await warmed(rig, nodes);
    for (const node of nodes) node.script = cutOnce;
    const result = watch(db.put('k', 'v'));
    await rig.clock.advance(500);
    expect(result.value?.dot).toBe('1.2.3');
    const puts = putsOf(nodes);
    expect(puts.map(({ put }) => put.isRetry)).toEqual([false, true]);
    expect(puts[0]?.node).toBe(puts[1]?.node);
    expect(puts[0]?.put.requestId).toEqual(puts[1]?.put.requestId);
    await closeClient(db, rig.clock);
  });

  test('in mode same an unknown write never meets a second node; in mode any it may', async () => {
    for (const [retry, count] of [
      ['same', 1],
      ['any', 2],
      ['none', 1],
    ] as const) {
      const rig = createRig();
      const nodes = rig.network.addCluster(3);
      const db = await warmed(rig, nodes, retry);
      let isFirst = true;
      for (const node of nodes) {
        node.script = (request) => {
          if (!isFirst) return stored();
          isFirst = false;
          node.state = 'refusing';
          node.cut();
          return request.id === 0 ? stored() : undefined;
        };
      }
      const result = watch(db.put('k', 'v'));
      await rig.clock.advance(1_000);
      const puts = putsOf(nodes);
      expect(new Set(puts.map(({ node }) => node)).size).toBe(count);
      if (retry === 'any') {
        expect(result.value?.dot).toBe('1.2.3');
        expect(puts.filter(({ put }) => put.isRetry).length).toBe(1);
      } else {
        expect(result.error).toMatchObject({ code: 'UNREACHABLE', applied: 'unknown' });
      }
      await closeClient(db, rig.clock);
    }
  });

  test('one unknown attempt keeps the error unknown, whatever comes later', async () => {
    const rig = createRig();
    const nodes = rig.network.addCluster(1);
    const db = await warmed(rig, nodes);
    const [node] = nodes;
    let attempts = 0;
    if (node !== undefined) {
      node.script = () => {
        attempts += 1;
        if (attempts > 1) return refusal(fault('OVERLOADED'));
        node.cut();
        return undefined;
      };
    }
    const result = watch(db.put('k', 'v'));
    await rig.clock.advance(1_000);
    expect(attempts).toBe(2);
    expect(result.error).toMatchObject({ code: 'UNREACHABLE', applied: 'unknown' });
    expect(result.error?.message).toContain('OVERLOADED says the test');
    expect(result.error?.cause).toMatchObject({ code: 'OVERLOADED' });
    expect(result.error?.details['attempts']).toMatchObject([
      { code: 'UNREACHABLE', applied: 'unknown' },
      { code: 'OVERLOADED', applied: 'no' },
    ]);
    await closeClient(db, rig.clock);
  });

  test('a write reports an unmet quorum at once, a read asks the next node', async () => {
    const rig = createRig();
    const nodes = rig.network.addCluster(3);
    const db = await warmed(rig, nodes);
    for (const node of nodes) node.script = refusing(fault('QUORUM_NOT_MET'));
    const put = watch(db.put('k', 'v'));
    const get = watch(db.get('k'));
    await rig.clock.settle();
    expect(put.error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'unknown' });
    expect(put.error?.details['node']).toMatch(/^n\d:1$/);
    expect(get.error).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'no' });
    const reads = nodes.map((node) => node.of('get').length);
    expect(reads).toEqual([1, 1, 1]);
    await closeClient(db, rig.clock);
  });

  test('what a node answered is told, and not that the next node could not be reached', async () => {
    const rig = createRig();
    const nodes = rig.network.addCluster(2);
    const db = await warmed(rig, nodes);
    const [alive, dead] = nodes;
    alive!.script = refusing(fault('QUORUM_NOT_MET'));
    dead!.state = 'refusing';
    dead!.cut();
    const get = watch(db.get('k'));
    await rig.clock.advance(1_000);
    expect(get.error).toMatchObject({ code: 'QUORUM_NOT_MET' });
    await closeClient(db, rig.clock);
  });

  test('when no node is there every address is named, and nothing was applied', async () => {
    const rig = createRig();
    for (const address of ['a:1', 'b:1', 'c:1']) rig.network.add(address).state = 'refusing';
    const db = rig.client();
    const result = watch(db.put('k', 'v'));
    await rig.clock.settle();
    expect(result.error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
    for (const address of ['a:1', 'b:1', 'c:1']) expect(result.error?.message).toContain(address);
    await closeClient(db, rig.clock);
  });
});

/** Breaks the connection on the first request it sees, then serves. */
const cutSeen = new WeakSet<ScriptedNode>();
const cutOnce: Script = (request, node) => {
  if (cutSeen.has(node)) return serve(request, node);
  cutSeen.add(node);
  node.cut();
  return undefined;
};

describe('a node that stops in order', () => {
  test('is asked nothing new from the moment it says so, as long as there is another one', async () => {
    const rig = createRig();
    const nodes = rig.network.addCluster(2);
    const [first, second] = nodes;
    const db = await warmed(rig, nodes);
    first?.leave();
    await rig.clock.settle();
    const puts = Array.from({ length: 20 }, (_, key) => watch(db.put(`k${key}`, 'v')));
    await rig.clock.settle();
    expect(puts.every(({ value }) => value !== undefined)).toBe(true);
    expect(first?.of('put')).toEqual([]);
    expect(second?.of('put')).toHaveLength(20);
    await closeClient(db, rig.clock);
  });

  test('did not apply what it left unanswered: another node takes it, in every mode of retry but none', async () => {
    for (const retry of ['same', 'any', 'none'] as const) {
      const rig = createRig();
      const nodes = rig.network.addCluster(2);
      const [first, second] = nodes;
      if (first !== undefined) first.script = () => undefined;
      const db = await warmed(rig, nodes, retry);
      const puts = Array.from({ length: 20 }, (_, key) => watch(db.put(`k${key}`, 'v')));
      await rig.clock.settle();
      expect(first?.of('put').length).toBeGreaterThan(0);
      first?.stop();
      await rig.clock.settle();
      const failed = puts.filter(({ error }) => error !== undefined);
      expect(failed).toHaveLength(retry === 'none' ? (first?.of('put').length ?? 0) : 0);
      for (const { error } of failed) {
        expect(error).toMatchObject({ code: 'NOT_RUNNING', applied: 'no' });
      }
      // Not even as the repetition of something that may have been applied.
      expect(putsOf(nodes).every(({ put }) => !put.isRetry)).toBe(true);
      expect(second?.streams.size).toBe(1);
      await closeClient(db, rig.clock);
    }
  });

  test('is not asked again until it listens, and then serves as before', async () => {
    const rig = createRig();
    const [node] = rig.network.addCluster(1);
    const db = rig.client();
    await readyClient(db, rig.clock);
    node?.stop();
    await rig.clock.settle();
    const early = watch(db.put('k', 'v'));
    await rig.clock.advance(100);
    expect(early.error).toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
    if (node !== undefined) node.state = 'up';
    await rig.clock.advance(1_000);
    const late = watch(db.put('k', 'v'));
    await rig.clock.advance(1_000);
    expect(late.value?.dot).toBe('1.2.3');
    await closeClient(db, rig.clock);
  });
});
