import { createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { StreamClosed } from '../../../src/env/transport.ts';
import { GrpcServer } from '../../../src/platform/grpc/grpc-server.ts';
import { GrpcTransport } from '../../../src/platform/grpc/grpc-transport.ts';
import { silentLog } from '../../../src/platform/system/pino-log.ts';
import { describeTransport } from '../../conformance/transport.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { fakeServices, makeGrpcRig } from './grpc-rig.ts';

describeTransport('GrpcTransport', () => makeGrpcRig());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

/** Listens, and hands every connection to `talk`. */
async function rawListener(talk: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).once('close', () => sockets.delete(socket)));
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const bound = server.address();
  return `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
}

function dialed(transport: GrpcTransport, address: string): Promise<StreamClosed> {
  return new Promise((closed) => {
    transport.dial(address, 'link', { frame: () => {}, closed }).send(new Uint8Array(10));
  });
}

/** Waits until this process holds no TCP socket any more. */
async function noSockets(): Promise<void> {
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap');
  await waitUntil(() => sockets().length === 0, {
    deadlineMs: 5_000,
    what: () => `${sockets().length} sockets to go`,
  });
}

test('a host that takes connections and says nothing breaks the dial when its time is up', async () => {
  const address = await rawListener(() => {});
  const transport = new GrpcTransport({ log: silentLog, dialTimeoutMs: 100 });
  expect(await dialed(transport, address)).toMatchObject({ kind: 'broken' });
  await transport.close();
});

test('a listener that hangs up, or speaks something else, refuses the dial', async () => {
  const transport = new GrpcTransport({ log: silentLog });
  const hangsUp = await rawListener((socket) => socket.end());
  const speaksHttp1 = await rawListener((socket) =>
    socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'),
  );
  for (const address of [hangsUp, speaksHttp1]) {
    expect(await dialed(transport, address)).toMatchObject({ kind: 'refused' });
  }
  await transport.close();
});

test.each(['nowhere', '127.0.0.1:0', '127.0.0.1:99999', '::1:80', 'unix:/tmp/x'])(
  'the address %s is refused',
  async (address) => {
    const transport = new GrpcTransport({ log: silentLog });
    expect(await dialed(transport, address)).toMatchObject({ kind: 'refused' });
    await transport.close();
  },
);

test('nothing of a stream remains once it is closed, whatever became of it', async () => {
  await noSockets();
  const transport = new GrpcTransport({ log: silentLog, dialTimeoutMs: 100 });
  const server = new GrpcServer({
    services: fakeServices({
      accept: (_service, stream) => ({ frame: () => stream.close(), closed: () => {} }),
    }),
    port: 0,
    log: silentLog,
  });
  const address = await server.start();
  const silent = await rawListener(() => {});
  const kinds: string[] = [];
  for (const target of [address, silent, '127.0.0.1:1', address]) {
    kinds.push((await dialed(transport, target)).kind);
  }
  expect(kinds).toEqual(['ended', 'broken', 'refused', 'ended']);
  await transport.close();
  await server.stop({ graceMs: 0 });
  for (const cleanUp of cleanups.splice(0)) await cleanUp();
  await noSockets();
});
