/** The rooms that make copies equal in the background, made with what they need of the others:
 *  exchanges, their schedule, the rebuild, and what whoever watches them sees.
 *  Invariant: as of rooms.ts, of which this is a part.
 *  Not here: when they start and stop (node.ts), what they do (node/repair). */
import type { Deadlines } from '../core/deadlines.ts';
import type { PartitionGate, Peers, Place, ReceiveBudget, Recovery, Repairs } from './contracts.ts';
import type { Handoff } from './handoff/handoff.ts';
import type { NodeEnvironment, NodeOptions } from './node-options.ts';
import { ExchangeSchedule } from './repair/exchange-schedule.ts';
import { ExchangeService } from './repair/exchanges.ts';
import { Rebuild } from './repair/rebuild.ts';
import type { RecordAccess } from './repair/record-access.ts';
import { Scrub } from './repair/scrub.ts';
import type { RecordStore } from './storage/record-store.ts';

export interface RepairRooms {
  readonly rebuild: Rebuild;
  readonly repairs: Repairs;
  /** Once this node has its place. */
  startRepairs(): void;
  stopRepairs(): void;
  /** As ExchangeSchedule.forgetProofs. */
  forgetProofs(peer?: number): void;
}

export interface RepairRoomsParts {
  readonly env: NodeEnvironment & { readonly deadlines: Deadlines };
  readonly store: RecordStore;
  readonly access: RecordAccess;
  readonly gate: PartitionGate;
  readonly peers: Peers;
  readonly budget: ReceiveBudget;
  readonly handoff: Handoff;
  readonly recovery: Recovery;
  place(): Place | undefined;
  isBusy(): boolean;
  /** A tick of this node's clock above this one and all it has issued. */
  tickAbove(tick: number): number;
}

export function makeRepairRooms(
  { env, ...parts }: RepairRoomsParts,
  options: Pick<NodeOptions, 'exchanges' | 'rebuildExchangesMax' | 'scrub'>,
): RepairRooms {
  const shared = { ...env, ...parts };
  const exchanges = new ExchangeService(shared);
  const schedule = new ExchangeSchedule(
    { ...shared, exchanges, dirty: parts.handoff.dirty },
    options.exchanges,
  );
  const rebuild = new Rebuild({ ...shared, exchanges }, options.rebuildExchangesMax);
  const scrub = new Scrub(shared, options.scrub);
  const repairs: Repairs = {
    hints: () => parts.handoff.status(),
    dirty: () => parts.handoff.dirty.list(),
    pairs: () => schedule.status(),
    rebuild: () => rebuild.status(),
    scrub: () => scrub.status(),
    hurry: (partition) => schedule.hurry(partition),
    acceptLoss: () => rebuild.acceptLoss(),
  };
  const startRepairs = (): void => {
    rebuild.begin();
    schedule.start();
    scrub.start();
  };
  const stopRepairs = (): void => {
    schedule.stop();
    rebuild.stop();
    scrub.stop();
  };
  const forgetProofs = (peer?: number): void => schedule.forgetProofs(peer);
  return { rebuild, repairs, startRepairs, stopRepairs, forgetProofs };
}
