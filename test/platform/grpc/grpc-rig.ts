/** A server, clients and free ports of the gRPC adapter, as its tests need them. */
import { createServer } from 'node:net';
import type { StreamAcceptor, Transport } from '../../../src/env/transport.ts';
import { GrpcServer } from '../../../src/platform/grpc/grpc-server.ts';
import { GrpcTransport } from '../../../src/platform/grpc/grpc-transport.ts';
import type { Standstill } from '../../../src/platform/standstill/standstill.ts';
import { silentLog } from '../../../src/platform/system/pino-log.ts';
import type { AdminService, KvService, NodeServices } from '../../../src/wire/services.ts';
import type { Listener, TransportRig } from '../../conformance/transport.ts';

/** `standstill`: of all that listens and dials here. */
export async function makeGrpcRig(standstill?: Standstill): Promise<TransportRig> {
  const servers: GrpcServer[] = [];
  const transports: Transport[] = [];
  return {
    freeAddress,
    listen: async (address, acceptor): Promise<Listener> => {
      const services = fakeServices({ accept: acceptor });
      const server = new GrpcServer({
        services: standstill?.services(services, silentLog) ?? services,
        doorway: standstill,
        port: Number(address.split(':')[1]),
        log: silentLog,
      });
      servers.push(server);
      await server.start();
      return { kill: () => server.stop({ graceMs: 0 }) };
    },
    transport: () => {
      const real = new GrpcTransport({ log: silentLog });
      const transport = standstill?.transport(real, silentLog) ?? real;
      transports.push(transport);
      return transport;
    },
    dispose: async () => {
      await Promise.all(transports.map((transport) => transport.close()));
      await Promise.all(servers.map((server) => server.stop({ graceMs: 500 })));
    },
  };
}

/** A port that was free a moment ago. */
export function freeAddress(): Promise<string> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const bound = probe.address();
      const port = typeof bound === 'object' ? bound?.port : undefined;
      probe.close(() => resolve(`127.0.0.1:${port}`));
    });
  });
}

/** Services of which a test fills in what it looks at; the rest answers that it is not there. */
export function fakeServices(
  parts: {
    kv?: Partial<KvService>;
    admin?: Partial<AdminService>;
    accept?: StreamAcceptor;
    serving?: Serving;
  } = {},
): NodeServices {
  const absent = () => Promise.reject(new Error('not part of this test'));
  const serving = parts.serving ?? new Serving(true);
  return {
    kv: { get: absent, put: absent, delete: absent, ...parts.kv },
    admin: {
      status: absent,
      layout: absent,
      reserve: absent,
      adopt: absent,
      repairStatus: absent,
      repair: absent,
      legs: absent,
      ...parts.admin,
    },
    accept:
      parts.accept ??
      (() => {
        throw new Error('not part of this test');
      }),
    isServing: () => serving.isServing,
    onServingChange: (listener) => serving.subscribe(listener),
  };
}

/** A node's readiness that a test flips. */
export class Serving {
  isServing: boolean;
  readonly listeners = new Set<(serving: boolean) => void>();

  constructor(isServing: boolean) {
    this.isServing = isServing;
  }

  subscribe(listener: (serving: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  set(isServing: boolean): void {
    this.isServing = isServing;
    for (const listener of this.listeners) listener(isServing);
  }
}
