/** The simulated network under the laws of every Transport: the suite waits on real time, so the
 *  kernel is stepped in the turns of the event loop between. */
import type { Transport } from '../../../src/env/transport.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';
import { NodeClock } from '../../../src/sim/kernel/node-clock.ts';
import { SimNetwork } from '../../../src/sim/network/sim-network.ts';
import type { TransportRig } from '../../conformance/transport.ts';

const STEPS_PER_TURN = 16;
const DIALLER = 'dialler';

export async function makeSimRig(): Promise<TransportRig> {
  const kernel = new Kernel(7);
  const network = new SimNetwork(kernel, {
    model: { delayMinMs: 0.2, delayMeanMs: 1, tailShare: 0.05, tailFactor: 20 },
  });
  const transports: Transport[] = [];
  let addressCount = 0;
  let isDisposed = false;
  const turn = (): void => {
    if (isDisposed) return;
    for (let step = 0; step < STEPS_PER_TURN; step += 1) setImmediate(() => kernel.step());
    setImmediate(turn);
  };
  turn();
  return {
    freeAddress: async () => `n${addressCount++}:7400`,
    listen: async (address, acceptor) => {
      const unlisten = network.listen(address, new NodeClock(kernel, address), acceptor);
      return {
        kill: async () => {
          unlisten();
          network.reset(DIALLER, address, false);
        },
      };
    },
    transport: () => {
      const transport = network.transport(DIALLER, new NodeClock(kernel, DIALLER));
      transports.push(transport);
      return transport;
    },
    dispose: async () => {
      await Promise.all(transports.map((transport) => transport.close()));
      isDisposed = true;
      network.stop();
    },
  };
}
