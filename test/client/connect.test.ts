import { afterEach, expect, test } from 'vitest';
import { connect } from '../../src/connect.ts';
import { CoterieError } from '../../src/core/errors.ts';
import type { FrameStream } from '../../src/env/transport.ts';
import { GrpcServer } from '../../src/platform/grpc/grpc-server.ts';
import { silentLog } from '../../src/platform/system/pino-log.ts';
import { SessionReplyFrame, SessionRequestFrame } from '../../src/wire/generated/coterie/v1/kv.ts';
import { fakeServices, freeAddress } from '../platform/grpc/grpc-rig.ts';
import { CLUSTER_ID, ok } from './scripted-node.ts';

const servers: GrpcServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ graceMs: 0 })));
});

const EMPTY = new Uint8Array(0);
const HELLO = {
  protocol: 1,
  clusterId: CLUSTER_ID,
  node: 'n1',
  layout: EMPTY,
  refused: undefined,
  inFlightMax: 64,
};

function answer(stream: FrameStream, bytes: Uint8Array): void {
  const { hello, requests } = SessionRequestFrame.decode(bytes);
  const replies = requests.map(({ id }) => ({ id, result: ok('over gRPC'), tookUs: 0 }));
  const frame = {
    hello: hello === undefined ? undefined : HELLO,
    replies,
    layoutHash: EMPTY,
    members: [],
    leaving: false,
    last: false,
  };
  stream.send(SessionReplyFrame.encode(frame).finish());
}

async function listen(): Promise<string> {
  const server = new GrpcServer({
    services: fakeServices({
      accept: (_service, stream) => ({
        frame: (bytes) => answer(stream, bytes),
        closed: () => undefined,
      }),
    }),
    port: 0,
    log: silentLog,
  });
  servers.push(server);
  return await server.start();
}

async function failureOf(promise: Promise<unknown>): Promise<CoterieError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CoterieError) return error;
    throw error;
  }
  throw new Error('It was expected to fail');
}

test('connects to the node that is there, and serves until it is disposed of', async () => {
  const away = await freeAddress();
  const address = await listen();
  const client = await connect({ nodes: [away, address] });
  const results = await Promise.all(Array.from({ length: 300 }, (_, key) => client.get(`k${key}`)));
  expect(new Set(results.map((result) => result.text()))).toEqual(new Set(['over gRPC']));
  await client[Symbol.asyncDispose]();
  expect(await failureOf(client.get('k'))).toMatchObject({ code: 'NOT_RUNNING' });
});

test('names every address when nobody is there', async () => {
  const nodes = [await freeAddress(), await freeAddress()];
  const error = await failureOf(connect({ nodes }));
  expect(error).toMatchObject({ code: 'UNREACHABLE', applied: 'no', details: { nodes } });
  for (const address of nodes) expect(error.message).toContain(address);
});

test('refuses another cluster than the one asked for', async () => {
  const address = await listen();
  const error = await failureOf(connect({ nodes: [address], clusterId: 'ab'.repeat(16) }));
  expect(error.code).toBe('CLUSTER_MISMATCH');
});

test('refuses an option that it does not know, with the nearest', async () => {
  const options = { nodes: ['127.0.0.1:1'], signl: undefined };
  const error = await failureOf(connect(options));
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', applied: 'no' });
  expect(error.message).toBe('"signl" is not an option of connect; did you mean signal');
});
