/** A client on scripted nodes and a manual clock. */
import { createClient } from '../../src/client/client.ts';
import type { Client, ClientOptions } from '../../src/client/types.ts';
import { CoterieError } from '../../src/core/errors.ts';
import { ManualClock } from './manual-clock.ts';
import { ScriptedNetwork, seededRandom, silentLog } from './scripted-node.ts';

export interface Rig {
  readonly clock: ManualClock;
  readonly network: ScriptedNetwork;
  client(options?: Partial<ClientOptions>): Client;
}

export function createRig(seed = 1): Rig {
  const clock = new ManualClock();
  const network = new ScriptedNetwork(clock);
  return {
    clock,
    network,
    client: (options = {}) =>
      createClient(
        { transport: network, clock, random: seededRandom(seed), log: silentLog },
        { nodes: [...network.nodes.keys()], ...options },
      ),
  };
}

/** The outcome of a promise, watched from the start so that a rejection is never unhandled. */
export interface Watched<T> {
  value?: T;
  error?: CoterieError;
  isSettled: boolean;
}

export function watch<T>(promise: Promise<T>): Watched<T> {
  const watched: Watched<T> = { isSettled: false };
  promise.then(
    (value) => {
      watched.value = value;
      watched.isSettled = true;
    },
    (error: unknown) => {
      if (!(error instanceof CoterieError)) throw error;
      watched.error = error;
      watched.isSettled = true;
    },
  );
  return watched;
}

export async function readyClient(client: Client, clock: ManualClock): Promise<void> {
  const isReady = client.ready();
  await clock.settle();
  await isReady;
}

export async function closeClient(client: Client, clock: ManualClock): Promise<void> {
  const isClosed = client.close();
  await clock.settle();
  await isClosed;
}
