/** A server whose node stands still, and goes on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import type { StreamClosed } from '../../../src/env/transport.ts';
import { GrpcServer } from '../../../src/platform/grpc/grpc-server.ts';
import { GrpcTransport } from '../../../src/platform/grpc/grpc-transport.ts';
import { createKvClient } from '../../../src/platform/grpc/unary-client.ts';
import { Standstill } from '../../../src/platform/standstill/standstill.ts';
import { silentLog } from '../../../src/platform/system/pino-log.ts';
import { systemClock } from '../../../src/platform/system/system-clock.ts';
import { GetReply, GetRequest } from '../../../src/wire/generated/coterie/v1/kv.ts';
import { Recorder, turns } from '../../conformance/transport.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { fakeServices } from './grpc-rig.ts';

const GET = GetRequest.decode(new Uint8Array());
const FOUND: GetReply = { ...GetReply.decode(new Uint8Array()), found: true };
const SHORT_MS = 100;

const cleanups: (() => unknown)[] = [];
let standstill: Standstill;
let address: string;
/** Gets that have reached the node, and what answers the oldest of them. */
let served: number;
let answers: ((reply: GetReply | Promise<never>) => void)[];
let taken: Recorder[];

beforeEach(async () => {
  standstill = new Standstill(systemClock);
  served = 0;
  answers = [];
  taken = [];
  const services = fakeServices({
    kv: {
      get: () => {
        served += 1;
        return new Promise((resolve) => answers.push(resolve));
      },
    },
    accept: (_service, stream) => {
      const far = new Recorder(stream);
      taken.push(far);
      return far.handlers;
    },
  });
  const server = new GrpcServer({
    services: standstill.services(services, silentLog),
    doorway: standstill,
    port: 0,
    log: silentLog,
  });
  address = await server.start();
  cleanups.push(() => server.stop({ graceMs: 500 }));
  cleanups.push(() => standstill.goOn());
});

afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

function kvClient(timeoutMs = 10_000) {
  const client = createKvClient(address, { timeoutMs });
  cleanups.push(() => client.close());
  return client;
}

function transport(dialTimeoutMs?: number): GrpcTransport {
  const dialling = new GrpcTransport({
    log: silentLog,
    ...(dialTimeoutMs === undefined ? {} : { dialTimeoutMs }),
  });
  cleanups.push(() => dialling.close());
  return dialling;
}

const until = (predicate: () => boolean, what: string) =>
  waitUntil(predicate, { deadlineMs: 10_000, what, everyMs: 2 });

describe('a call to a node that stands still', () => {
  it('is not known to the node until it goes on, and is answered then', async () => {
    standstill.stop();
    const reply = kvClient().get(GET);
    await turns(50);
    expect(served).toBe(0);
    standstill.goOn();
    await until(() => served === 1, 'the call');
    answers[0]?.(FOUND);
    expect((await reply).found).toBe(true);
  });

  it('of which the caller despairs never reaches the node', async () => {
    standstill.stop();
    await expect(kvClient(SHORT_MS).get(GET)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await turns(20);
    standstill.goOn();
    const next = kvClient().get(GET);
    await until(() => served === 1, 'the next call');
    answers[0]?.(FOUND);
    await next;
    expect(served).toBe(1);
  });

  it.each([
    ['answered', FOUND],
    ['refused', new CoterieError('NO_REPLICA', 'none')],
  ])('that it had taken before is %s when it goes on', async (_how, answer) => {
    let answered: unknown;
    const reply = kvClient()
      .get(GET)
      .catch((error: unknown) => error)
      .then((outcome) => {
        answered = outcome;
      });
    await until(() => served === 1, 'the call');
    standstill.stop();
    answers[0]?.(answer instanceof CoterieError ? Promise.reject(answer) : answer);
    await turns(50);
    expect(answered).toBeUndefined();
    standstill.goOn();
    await reply;
    expect(answered).toMatchObject(answer === FOUND ? { found: true } : { code: 'NO_REPLICA' });
  });
});

describe('a stream dialled to a node that stands still', () => {
  it('is taken when it goes on, with the frames that were sent', async () => {
    standstill.stop();
    const near = new Recorder();
    near.stream = transport().dial(address, 'link', near.handlers);
    near.stream.send(Uint8Array.of(1));
    near.stream.send(Uint8Array.of(2));
    await turns(50);
    expect(taken).toEqual([]);
    standstill.goOn();
    await until(() => taken[0]?.frames.length === 2, 'the frames');
    expect(taken[0]?.frames.map((frame) => frame[0])).toEqual([1, 2]);
    expect(near.closed).toEqual([]);
  });

  it('gets no answer, so that the dial breaks in its time and the node never hears of it', async () => {
    standstill.stop();
    const dialling = transport(SHORT_MS);
    const closed = await new Promise<StreamClosed>((resolve) => {
      dialling.dial(address, 'link', { frame: () => {}, closed: resolve });
    });
    expect(closed.kind).toBe('broken');
    await turns(20);
    standstill.goOn();
    const near = new Recorder();
    near.stream = transport().dial(address, 'session', near.handlers);
    near.stream.send(Uint8Array.of(3));
    await until(() => taken.some(({ frames }) => frames.length === 1), 'the next stream');
    expect(taken).toHaveLength(1);
  });
});

it('a server whose node stands still stops, once the node is told to go on', async () => {
  standstill.stop();
  const reply = kvClient(SHORT_MS).get(GET);
  await expect(reply).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
  expect(served).toBe(0);
});
