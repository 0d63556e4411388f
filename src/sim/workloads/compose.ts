/** When does which client touch which key? Draws arrivals for all clients together, so that they
 *  collide: keys are few and some are hot, and bursts bring several clients to one key at the same
 *  moment.
 *  Invariants: arrivals are in the order of time; the id of a step is its number among all
 *  arrivals, from 1 on, so that later steps can speak of earlier ones.
 *  Not here: what is done at an arrival (the workloads). */
import type { RandomStream } from '../kernel/random-stream.ts';
import type { ClientScript, ClientStep } from '../scenario.ts';
import type { StepPlace } from './steps.ts';
import type { WorkloadFacts } from './workload.ts';

/** The place of the step that is made of it, and whose step that is. */
export interface Arrival extends StepPlace {
  readonly client: number;
}

const MS_PER_SECOND = 1_000;
const BURST_SHARE = 0.12;
const TIMEOUTS_MS = [300, 1_000, 2_000, 2_000, 5_000] as const;

export interface ComposeOptions {
  /** To draw among; most clients have `same`. */
  readonly retries?: readonly ClientScript['retry'][];
  readonly timeoutsMs?: readonly number[];
}

/** Scripts of all clients, one step for each arrival. `makeStep` is called in the order of time. */
export function compose(
  stream: RandomStream,
  facts: WorkloadFacts,
  makeStep: (arrival: Arrival) => ClientStep,
  options: ComposeOptions = {},
): ClientScript[] {
  const steps: ClientStep[][] = Array.from({ length: facts.clients }, () => []);
  for (const arrival of arrivals(stream, facts)) steps[arrival.client]?.push(makeStep(arrival));
  return steps.map((own, index) => ({
    name: `client-${index}`,
    nodes: knownNodes(stream, facts.nodes),
    timeoutMs: stream.pick(options.timeoutsMs ?? TIMEOUTS_MS),
    retry: stream.pick(options.retries ?? ['same', 'same', 'same', 'none']),
    steps: own,
  }));
}

function* arrivals(stream: RandomStream, facts: WorkloadFacts): Generator<Arrival> {
  const gapMeanMs = MS_PER_SECOND / facts.ratePerSecond;
  let time = 0;
  let last: Arrival | undefined;
  for (let id = 1; ; id += 1) {
    const isBurst = last !== undefined && stream.chance(BURST_SHARE);
    if (!isBurst) time += stream.exponential(gapMeanMs * (1 / (1 - BURST_SHARE)));
    const atMs = Math.round(time);
    if (atMs >= facts.durationMs) return;
    const client = stream.below(facts.clients);
    const key = isBurst && last !== undefined ? last.key : drawKey(stream, facts.keys);
    last = { id, atMs, client, key };
    yield last;
  }
}

/** Of a few keys the first ones are the hottest: half of all arrivals go to a quarter of them. */
function drawKey(stream: RandomStream, keys: number): string {
  const share = stream.float();
  return `k${Math.floor(share * share * keys)}`;
}

/** Which nodes a client is told of: one, some, or all. */
function knownNodes(stream: RandomStream, nodes: number): number[] {
  const all = stream.shuffled(Array.from({ length: nodes }, (_, index) => index));
  return all.slice(0, 1 + stream.below(nodes));
}
