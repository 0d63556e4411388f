/** What is a workload? A way of asking: which keys, which operations, how they collide. Written
 *  down as scripts before anything runs.
 *  Invariants: equal streams and facts give equal scripts; step ids are unique over all clients of
 *  a scenario; the steps of a client are in the order of their times.
 *  Not here: the workloads (one to a file), carrying scripts out (clients/script-client.ts). */
import type { RandomStream } from '../kernel/random-stream.ts';
import type { ClientScript } from '../scenario.ts';

export interface WorkloadFacts {
  readonly clients: number;
  readonly durationMs: number;
  /** Over all clients. */
  readonly ratePerSecond: number;
  readonly keys: number;
  readonly nodes: number;
  readonly replicas: number;
}

export interface Workload {
  readonly name: string;
  /** One sentence, for users. */
  readonly summary: string;
  script(stream: RandomStream, facts: WorkloadFacts): ClientScript[];
}
