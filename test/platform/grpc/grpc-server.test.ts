import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import { afterEach, describe, expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import type { StreamClosed } from '../../../src/env/transport.ts';
import { GrpcServer } from '../../../src/platform/grpc/grpc-server.ts';
import { asBuffer, KV_METHODS, STREAM_PATHS } from '../../../src/platform/grpc/methods.ts';
import { createAdminClient, createKvClient } from '../../../src/platform/grpc/unary-client.ts';
import { silentLog } from '../../../src/platform/system/pino-log.ts';
import { decodeError } from '../../../src/wire/error-codec.ts';
import { AdoptRequest, StatusReply } from '../../../src/wire/generated/coterie/v1/admin.ts';
import { GetReply, GetRequest } from '../../../src/wire/generated/coterie/v1/kv.ts';
import type { NodeServices } from '../../../src/wire/services.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { fakeServices, freeAddress, Serving } from './grpc-rig.ts';

const EMPTY = new Uint8Array();
const GET = GetRequest.decode(EMPTY);
const REPLY = GetReply.decode(EMPTY);
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

async function serve(services: NodeServices): Promise<{ address: string; server: GrpcServer }> {
  const server = new GrpcServer({ services, port: 0, log: silentLog });
  cleanups.push(() => server.stop({ graceMs: 500 }));
  return { address: await server.start(), server };
}

function rawClient(address: string): Client {
  const client = new Client(address, credentials.createInsecure());
  cleanups.push(() => client.close());
  return client;
}

function callRaw(
  client: Client,
  path: string,
  message: Uint8Array,
  options: { deadline?: number } = {},
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, reply?: Uint8Array) =>
      error === null ? resolve(reply ?? EMPTY) : reject(error);
    client.makeUnaryRequest(path, asBuffer, (bytes: Buffer) => bytes, message, options, done);
  });
}

function kvClient(address: string, timeoutMs = 5_000) {
  const client = createKvClient(address, { timeoutMs });
  cleanups.push(() => client.close());
  return client;
}

function adminClient(address: string, timeoutMs = 5_000) {
  const client = createAdminClient(address, { timeoutMs });
  cleanups.push(() => client.close());
  return client;
}

const until = (predicate: () => boolean, what: string) =>
  waitUntil(predicate, { deadlineMs: 5_000, what, everyMs: 2 });

describe('unary calls', () => {
  test('carry requests to the node and its replies back', async () => {
    const seen: GetRequest[] = [];
    const get = async (request: GetRequest) => {
      seen.push(request);
      return { ...REPLY, found: true, context: Uint8Array.of(1, 2, 3) };
    };
    const { address } = await serve(fakeServices({ kv: { get } }));
    const reply = await kvClient(address).get({ ...GET, bucket: 'b', key: Uint8Array.of(9) });
    expect(reply.found).toBe(true);
    expect([...reply.context]).toEqual([1, 2, 3]);
    expect([...(seen[0]?.key ?? [])]).toEqual([9]);
  });

  test('that fail carry the whole error in the trailer, and a status other clients understand', async () => {
    const failure = new CoterieError('QUORUM_NOT_MET', '1 of 2 replicas answered ✓ \ud800', {
      details: { required: 2, received: 1 },
      applied: 'no',
    });
    const { address } = await serve(fakeServices({ kv: { get: () => Promise.reject(failure) } }));
    const raw: ServiceError = await callRaw(rawClient(address), KV_METHODS.get.path, EMPTY).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(raw.code).toBe(status.UNAVAILABLE);
    expect(raw.details).toBe('QUORUM_NOT_MET: 1 of 2 replicas answered ✓ \ufffd');
    const trailer = raw.metadata.get('coterie-error-bin')[0] as Buffer;
    expect(decodeError(trailer)).toMatchObject({ code: 'QUORUM_NOT_MET', applied: 'no' });
    await expect(kvClient(address).get(GET)).rejects.toMatchObject({
      code: 'QUORUM_NOT_MET',
      applied: 'no',
      retryable: true,
      details: { required: 2, received: 1 },
    });
  });

  test('whose handler fails unexpectedly answer INTERNAL, and the server goes on', async () => {
    let failures = 0;
    const kv = {
      get: () => {
        failures++;
        throw new TypeError('bug');
      },
    };
    const { address } = await serve(fakeServices({ kv }));
    for (let attempt = 1; attempt <= 3; attempt++) {
      await expect(kvClient(address).get(GET)).rejects.toMatchObject({ code: 'ASSERTION_FAILED' });
      expect(failures).toBe(attempt);
    }
  });

  test('with bytes that are no message are malformed', async () => {
    const { address } = await serve(fakeServices());
    const raw = callRaw(rawClient(address), KV_METHODS.get.path, Uint8Array.of(0x0a, 0xff));
    await expect(raw).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test('over 20 MiB are refused without harm to the server', async () => {
    const { address } = await serve(fakeServices({ kv: { get: async () => REPLY } }));
    const client = rawClient(address);
    const large = new Uint8Array(20 * 1_024 * 1_024 + 1);
    await expect(callRaw(client, KV_METHODS.get.path, large)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
    await expect(callRaw(client, KV_METHODS.get.path, EMPTY)).resolves.toBeDefined();
  });

  test('that their caller cancels abort the signal', async () => {
    const signals: AbortSignal[] = [];
    const get = (_request: GetRequest, signal?: AbortSignal) => {
      signals.push(signal!);
      return new Promise<GetReply>(() => {});
    };
    const { address } = await serve(fakeServices({ kv: { get } }));
    const cancellation = new AbortController();
    const call = kvClient(address).get(GET, cancellation.signal);
    await until(() => signals.length === 1, 'the call');
    expect(signals[0]?.aborted).toBe(false);
    cancellation.abort();
    await expect(call).rejects.toMatchObject({ code: 'ABORTED', applied: 'unknown' });
    await until(() => signals[0]!.aborted, 'the abort');
    expect(signals[0]?.reason).toMatchObject({ code: 'ABORTED' });
  });

  test('bring the deadline of gRPC to the node when it is the shorter one', async () => {
    const budgets: number[] = [];
    const get = async (request: GetRequest) => {
      budgets.push(request.timeoutMs);
      return REPLY;
    };
    const { address } = await serve(fakeServices({ kv: { get } }));
    await kvClient(address, 4_000).get(GET);
    await kvClient(address, 4_000).get({ ...GET, timeoutMs: 60_000 });
    await kvClient(address, 4_000).get({ ...GET, timeoutMs: 5 });
    await callRaw(rawClient(address), KV_METHODS.get.path, EMPTY);
    expect(budgets[0]).toBeGreaterThan(0);
    expect(budgets[0]).toBeLessThanOrEqual(4_000);
    expect(budgets[1]).toBeLessThanOrEqual(4_000);
    expect(budgets.slice(2)).toEqual([5, 0]);
  });
});

describe('unary clients', () => {
  test('say that nothing was applied when nobody listens, and reach a node that comes up later', async () => {
    const address = await freeAddress();
    const client = adminClient(address);
    await expect(client.status({})).rejects.toMatchObject({ code: 'UNREACHABLE', applied: 'no' });
    const empty = StatusReply.decode(EMPTY);
    const admin = { status: async () => ({ ...empty, node: 'a' }) };
    const services = fakeServices({ admin });
    const port = Number(address.split(':')[1]);
    const start = async () => {
      const server = new GrpcServer({ services, port, log: silentLog });
      cleanups.push(() => server.stop({ graceMs: 0 }));
      await server.start();
      return server;
    };
    const server = await start();
    expect((await client.status({})).node).toBe('a');
    await server.stop({ graceMs: 0 });
    await expect(client.status({})).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await start();
    expect((await client.status({})).node).toBe('a');
  });

  test('say DEADLINE_EXCEEDED, applied unknown, when the node does not answer in time', async () => {
    const admin = { adopt: () => new Promise<never>(() => {}) };
    const { address } = await serve(fakeServices({ admin }));
    const call = adminClient(address, 200).adopt(AdoptRequest.decode(EMPTY));
    await expect(call).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', applied: 'unknown' });
  });

  test('refuse an address without a port, and calls after close', async () => {
    await expect(adminClient('nowhere').status({})).rejects.toMatchObject({ code: 'UNREACHABLE' });
    const { address } = await serve(fakeServices());
    const client = adminClient(address);
    client.close();
    await expect(client.status({})).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });
});

describe('streams', () => {
  test('a session frame over 20 MiB ends that session and harms nothing else', async () => {
    const ends: StreamClosed[] = [];
    let frameCount = 0;
    const accept = () => ({
      frame: () => frameCount++,
      closed: (reason: StreamClosed) => ends.push(reason),
    });
    const { address } = await serve(fakeServices({ accept, kv: { get: async () => REPLY } }));
    const client = rawClient(address);
    const call = client.makeBidiStreamRequest(STREAM_PATHS.session, asBuffer, (bytes) => bytes);
    const failed = new Promise<ServiceError>((resolve) => {
      call.on('error', resolve);
    });
    call.resume();
    call.write(new Uint8Array(10));
    call.write(new Uint8Array(20 * 1_024 * 1_024 + 1));
    expect((await failed).details).toContain('20971520');
    await until(() => ends.length === 1, 'the end on the server');
    expect(ends[0]?.kind).toBe('broken');
    expect(frameCount).toBe(1);
    await expect(callRaw(client, KV_METHODS.get.path, EMPTY)).resolves.toBeDefined();
  });

  test('a frame over the limit of the whole server ends its stream only', async () => {
    const ends: StreamClosed[] = [];
    const accept = () => ({
      frame: () => {},
      closed: (reason: StreamClosed) => ends.push(reason),
    });
    const { address } = await serve(fakeServices({ accept, kv: { get: async () => REPLY } }));
    const client = rawClient(address);
    const call = client.makeBidiStreamRequest(STREAM_PATHS.link, asBuffer, (bytes) => bytes);
    const failed = new Promise<ServiceError>((resolve) => {
      call.on('error', resolve);
    });
    call.resume();
    call.write(new Uint8Array(64 * 1_024 * 1_024 + 1));
    expect((await failed).code).toBe(status.RESOURCE_EXHAUSTED);
    await until(() => ends.length === 1, 'the end on the server');
    await expect(callRaw(client, KV_METHODS.get.path, EMPTY)).resolves.toBeDefined();
  });
});

describe('the server', () => {
  test('shows in its health whether the node serves, for itself and for KV', async () => {
    const serving = new Serving(false);
    const { address, server } = await serve(fakeServices({ serving }));
    const client = rawClient(address);
    const health = loadSync(healthProto, { enums: String })['grpc.health.v1.Health'] as never as {
      Check: {
        path: string;
        requestSerialize(request: object): Buffer;
        responseDeserialize(bytes: Uint8Array): { status: string };
      };
    };
    const check = async (service: string) => {
      const request = health.Check.requestSerialize({ service });
      return health.Check.responseDeserialize(await callRaw(client, health.Check.path, request))
        .status;
    };
    for (const isServing of [false, true, false, true]) {
      serving.set(isServing);
      const wanted = isServing ? 'SERVING' : 'NOT_SERVING';
      expect(await check('')).toBe(wanted);
      expect(await check('coterie.v1.KV')).toBe(wanted);
    }
    await server.stop({ graceMs: 0 });
    expect(serving.listeners.size).toBe(0);
  });

  test.each(['v1', 'v1alpha'])('lists its services by reflection %s', async (version) => {
    const { address } = await serve(fakeServices());
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const call = rawClient(address).makeBidiStreamRequest(path, asBuffer, (bytes) => bytes);
    const answer = new Promise<Buffer>((resolve, reject) => {
      call.on('data', resolve);
      call.on('error', reject);
    });
    // ServerReflectionRequest { list_services = 7: "" }
    call.write(Uint8Array.of(0x3a, 0));
    const text = (await answer).toString('latin1');
    for (const name of ['KV', 'Peer', 'Admin']) expect(text).toContain(`coterie.v1.${name}`);
    expect(text).toContain('grpc.health.v1.Health');
    call.end();
  });

  test('listens on the loopback address only, unless told otherwise', async () => {
    const { address } = await serve(fakeServices());
    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  });

  test('says which address it cannot have', async () => {
    const { address } = await serve(fakeServices());
    const port = Number(address.split(':')[1]);
    const second = new GrpcServer({ services: fakeServices(), port, log: silentLog });
    await expect(second.start()).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { address },
    });
    await second.stop({ graceMs: 0 });
  });

  test('finishes the calls in flight when it stops, and takes no new ones', async () => {
    let finish: ((reply: GetReply) => void) | undefined;
    const get = () =>
      new Promise<GetReply>((resolve) => {
        finish = resolve;
      });
    const { address, server } = await serve(fakeServices({ kv: { get } }));
    const client = kvClient(address);
    const call = client.get(GET);
    await until(() => finish !== undefined, 'the call');
    const stopped = server.stop({ graceMs: 5_000 });
    await expect(kvClient(address).get(GET)).rejects.toMatchObject({ applied: 'no' });
    finish?.({ ...REPLY, found: true });
    expect((await call).found).toBe(true);
    client.close();
    await stopped;
  });

  test('drops what is still running when the grace is over', async () => {
    let isCalled = false;
    const get = () => {
      isCalled = true;
      return new Promise<GetReply>(() => {});
    };
    const { address, server } = await serve(fakeServices({ kv: { get } }));
    const call = kvClient(address).get(GET);
    const outcome = expect(call).rejects.toMatchObject({ applied: 'unknown' });
    await until(() => isCalled, 'the call');
    await server.stop({ graceMs: 20 });
    await outcome;
  });
});
