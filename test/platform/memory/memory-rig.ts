/** A network of the memory adapter, as the tests of transports need it. */
import { MemoryNetwork } from '../../../src/platform/memory/memory-transport.ts';
import type { Standstill } from '../../../src/platform/standstill/standstill.ts';
import { silentLog } from '../../../src/platform/system/pino-log.ts';
import { systemClock } from '../../../src/platform/system/system-clock.ts';
import type { TransportRig } from '../../conformance/transport.ts';
import { fakeServices } from '../grpc/grpc-rig.ts';

export interface MemoryRigOptions {
  readonly network?: MemoryNetwork;
  /** Of all that listens and dials here. */
  readonly standstill?: Standstill;
}

export function makeMemoryRig(options: MemoryRigOptions = {}): TransportRig {
  const { standstill } = options;
  const network = options.network ?? new MemoryNetwork({ clock: systemClock, log: silentLog });
  const transports: { close(): Promise<void> }[] = [];
  return {
    freeAddress: async () => `memory:${++addressCount}`,
    listen: async (address, acceptor) => {
      const services = fakeServices({ accept: acceptor });
      const { accept } = standstill?.services(services, silentLog) ?? services;
      const unlisten = network.listen(address, accept);
      return {
        kill: async () => {
          unlisten();
          network.cut(address);
        },
      };
    },
    transport: () => {
      const real = network.transport();
      const transport = standstill?.transport(real, silentLog) ?? real;
      transports.push(transport);
      return transport;
    },
    dispose: async () => {
      await Promise.all(transports.map((transport) => transport.close()));
    },
  };
}

let addressCount = 0;
