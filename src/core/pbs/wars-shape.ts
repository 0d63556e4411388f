/** How does a Dynamo as Bailis et al. model it answer one write and one read?
 *  Both are sent to all N replicas at once, over the network; the W-th acknowledgement commits, the
 *  first R answers are merged. A replica shows the write once it has arrived.
 *  With far replicas the writer and the reader are each beside one, drawn anew for each trial.
 *  Invariant: with R + W > N a read that begins after the commit is always fresh.
 *  Not here: how this database sends (coterie-shape.ts). Repair and failures are in neither.
 *  Source: "Probabilistically Bounded Staleness", VLDB 2012, section 4.1 and 5.1. */
import type { LegDraws, TrialOutcome } from './trial.ts';

export interface WarsCluster {
  readonly replicas: number;
  /** Added to each way to a replica that is not beside the sender. */
  readonly remoteMs: number;
}

/** Plays trial number `trial` of the draws. */
export function playWars(
  { replicas, remoteMs }: WarsCluster,
  draws: LegDraws,
  trial: number,
  outcome: TrialOutcome,
): void {
  const { write, ack, read, response, commit, lookup, chance } = draws;
  const first = trial * replicas;
  const firstChance = trial * (replicas + 1);
  const besideWriter = Math.floor((chance[firstChance] ?? 0) * replicas);
  const besideReader = Math.floor((chance[firstChance + 1] ?? 0) * replicas);
  outcome.begin();
  for (let replica = 0; replica < replicas; replica += 1) {
    const at = first + replica;
    const writeWay = replica === besideWriter ? 0 : remoteMs;
    const readWay = replica === besideReader ? 0 : remoteMs;
    const visibleMs = (write[at] ?? 0) + writeWay + (commit[at] ?? 0);
    const arrivalMs = (read[at] ?? 0) + readWay;
    outcome.acknowledged(visibleMs + ((ack[at] ?? 0) + writeWay));
    const answerMs = arrivalMs + (lookup[at] ?? 0) + (response[at] ?? 0) + readWay;
    outcome.raced(answerMs, visibleMs - arrivalMs);
  }
  outcome.settle();
}
