/** The process that a client runs in: its address, its clock, its connections.
 *  Invariant: what it draws comes from streams named after it, so that another client more or less
 *  changes nothing for it.
 *  Not here: what it asks (script-client.ts). */
import { createClient } from '../../client/client.ts';
import type { Client } from '../../client/types.ts';
import type { Log } from '../../env/log.ts';
import type { Transport } from '../../env/transport.ts';
import type { SimCluster } from '../cluster/sim-cluster.ts';
import { NodeClock } from '../kernel/node-clock.ts';
import type { ConnectOptions } from './script-client.ts';

const MS_PER_HOUR = 3_600_000;
const DRIFT_PPM_MAX = 200;
const IGNORE = (): void => {};
/** What a client has to say it says by its errors. */
const SILENT: Log = { debug: IGNORE, info: IGNORE, warn: IGNORE, error: IGNORE };

export class ClientProcess {
  readonly #cluster: SimCluster;
  readonly #clock: NodeClock;
  readonly #transport: Transport;

  /** `name` is its address too. */
  constructor(cluster: SimCluster, name: string) {
    const { kernel, network } = cluster;
    const draws = kernel.stream(`clock ${name}`);
    this.#cluster = cluster;
    this.#clock = new NodeClock(kernel, name, {
      offsetMs: Math.round(draws.between(-MS_PER_HOUR, MS_PER_HOUR)),
      driftPpm: Math.round(draws.between(-DRIFT_PPM_MAX, DRIFT_PPM_MAX)),
    });
    this.#transport = network.transport(name, this.#clock);
  }

  /** `label` names its random stream. */
  connect(label: string, nodes: readonly number[], options: ConnectOptions): Client {
    const { kernel } = this.#cluster;
    return createClient(
      {
        transport: this.#transport,
        clock: this.#clock,
        random: kernel.stream(`product ${label}`),
        log: SILENT,
      },
      {
        nodes: nodes.map((index) => this.#cluster.node(index).address),
        timeoutMs: options.timeoutMs,
        retry: options.retry,
      },
    );
  }
}
