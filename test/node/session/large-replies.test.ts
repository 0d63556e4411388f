/** Replies that are large, alone or together: none ends the session, and what a client does not
 *  take costs the node no more than its bound. */
import { expect, test } from 'vitest';
import { contextFromText } from '../../../src/core/version/context-token.ts';
import type { FrameStream } from '../../../src/env/transport.ts';
import { errorFromWire } from '../../../src/wire/error-codec.ts';
import type { SessionReply, SessionRequest } from '../../../src/wire/generated/coterie/v1/kv.ts';
import {
  SessionReplyFrame,
  SessionRequestFrame,
} from '../../../src/wire/generated/coterie/v1/kv.ts';
import { RawSession } from '../raw-stream.ts';
import { type GetFields, getRequest, type PutFields, putRequest } from '../requests.ts';
import { type Cluster, startThree, valuesOf } from '../rig.ts';

const MIB = 1_024 * 1_024;
/** Replies of a session that may wait in its stream, and what one frame may add to them. */
const WAITING_BYTES_MAX = 8 * MIB + 2 * MIB;

function get(id: number, fields: GetFields): SessionRequest {
  return { id, operation: { $case: 'get', get: getRequest(fields) } };
}

function put(id: number, fields: PutFields): SessionRequest {
  return { id, operation: { $case: 'put', put: putRequest(fields) } };
}

/** 24 MiB of siblings: two nodes minted half of them each, out of each other's sight. */
async function putTooMany(cluster: Cluster): Promise<void> {
  const value = new Uint8Array(4 * MIB);
  for (const at of ['n1', 'n2']) {
    const { address } = cluster.node(at);
    const others = cluster.nodes.filter(({ name }) => name !== at);
    for (const other of others) cluster.network.part(address, other.address);
    for (let count = 0; count < 3; count += 1) {
      await cluster.put(at, { key: 'big', value, level: 'one' });
    }
    for (const other of others) cluster.network.heal(address, other.address);
    await cluster.untilLinked();
  }
}

test('siblings too large for a frame are refused alone and can be replaced', async () => {
  await using cluster = await startThree();
  await putTooMany(cluster);
  const session = new RawSession(cluster, 'n1');
  session.greet();
  session.send([get(1, { key: 'big', level: 'all' }), get(2, { key: 'other' })]);
  await cluster.advance(100);
  const result = session.reply(1);
  if (result?.$case !== 'error') throw new Error(`expected a refusal, got ${result?.$case}`);
  const error = errorFromWire(result.error);
  expect(error).toMatchObject({ code: 'SIBLING_LIMIT', applied: 'no', details: { count: 6 } });
  expect(session.reply(2)?.$case).toBe('get');
  const context = contextFromText(String(error.details['context']));
  session.send([put(3, { key: 'big', value: 'small', context })]);
  await cluster.advance(100);
  expect(session.reply(3)).toMatchObject({ put: { siblings: 1 } });
  expect(session.closed).toBeUndefined();
  expect(valuesOf(await cluster.get('n2', { key: 'big', level: 'all' }))).toEqual(['small']);
});

/** A session to n1 of which the far end is in sight. */
function dialInSight(cluster: Cluster) {
  const seen: { far?: FrameStream; readonly replies: SessionReply[] } = { replies: [] };
  cluster.network.memory.listen('in-sight:1', (service, stream) => {
    seen.far = stream;
    return cluster.node('n1').node.accept(service, stream);
  });
  const near = cluster.network.transportOf('raw').dial('in-sight:1', 'session', {
    frame: (bytes) => seen.replies.push(...SessionReplyFrame.decode(bytes).replies),
    closed: () => {},
  });
  const send = (requests: SessionRequest[], isFirst: boolean): void => {
    const hello = isFirst ? { protocol: 1, clusterId: new Uint8Array(0) } : undefined;
    near.send(SessionRequestFrame.encode({ hello, requests }).finish());
  };
  return { seen, near, send };
}

test('replies that a client does not take wait unsent and come in order later', async () => {
  await using cluster = await startThree();
  await cluster.put('n1', { key: 'big', value: new Uint8Array(MIB), level: 'all' });
  const { seen, near, send } = dialInSight(cluster);
  send([], true);
  await cluster.settle();
  near.pause();
  const ids = Array.from({ length: 64 }, (_, id) => id);
  send(
    ids.map((id) => get(id, { key: 'big', level: 'one' })),
    false,
  );
  await cluster.settle();
  expect(seen.far?.bufferedBytes).toBeGreaterThan(0);
  expect(seen.far?.bufferedBytes).toBeLessThanOrEqual(WAITING_BYTES_MAX);
  near.resume();
  await cluster.settle();
  expect(seen.replies.map(({ id }) => id)).toEqual(ids);
  near.close();
  await cluster.settle();
});
