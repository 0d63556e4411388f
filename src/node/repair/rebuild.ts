/** Makes good what was lost here: all partitions of a node that is RECOVERING, and single keys that
 *  were found unreadable.
 *  Invariants: before a partition serves again the clock is above every tick that peers have seen
 *  of this node, and no epoch begun before is used again, durably; what is lost anew while a
 *  rebuild is under way begins all of it anew; so many exchanges are under way and no more; with
 *  nothing lost nothing is done, and no timer is set; what an operator gives up of a node that
 *  serves is what was unreadable at that moment, all of it and nothing else.
 *  Not here: may the node serve (node/standing), what counts as made good (core/repair), a folder
 *  that the engine cannot use (platform/rocksdb).
 *  Source: ARCHITECTURE 5.17, 5.19; docs/operations.md. */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import { partitionOf } from '../../core/ring/token.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type {
  Exchanges,
  Peers,
  Place,
  RebuildStatus,
  Recovery,
  Unreadable,
  UnreadableRecords,
} from '../contracts.ts';
import { PartitionRepair, type PartitionRepairParts } from './partition-repair.ts';

export interface RebuildParts {
  readonly recovery: Recovery;
  readonly exchanges: Exchanges;
  readonly peers: Pick<Peers, 'reach' | 'isTrusted' | 'describe'>;
  readonly store: {
    readonly unreadable: UnreadableRecords;
    raiseAllFloors(floor: number): Promise<void>;
    clearDamage(): Promise<void>;
  };
  readonly deadlines: Deadlines;
  readonly log: Log;
  readonly metrics: Metrics;
  place(): Place | undefined;
  /** A tick of this node's clock above this one and all it has issued. */
  tickAbove(tick: number): number;
}

/** Peers answer clients as well. */
export const REBUILD_EXCHANGES_MAX = 4;
const TURN_MS = 250;
const NOTHING: Unreadable = Object.freeze({ isWhole: false, keys: [] });

export class Rebuild {
  readonly #parts: RebuildParts;
  readonly #exchangesMax: number;
  readonly #tasks = new Map<number, PartitionRepair>();
  /** By partition, until tasks for just that are made of it. */
  readonly #givenUp = new Map<number, Unreadable>();
  #attempt: number | undefined;
  /** Of the attempt that the floors have been raised for. */
  #preparedAttempt: number | undefined;
  #isSettling = false;
  #beganMs = 0;
  /** Of partitions that are done in this attempt. */
  #doneInAttempt = 0;
  #keys = 0;
  #bytes = 0;
  #failure = '';
  #timer: DeadlineEntry | undefined;
  #isStopped = false;

  /** `exchangesMax`: under way at a time. */
  constructor(parts: RebuildParts, exchangesMax: number) {
    this.#parts = parts;
    this.#exchangesMax = exchangesMax;
    parts.store.unreadable.onMore(() => this.begin());
  }

  /** There may be something to do. */
  begin(): void {
    if (this.#timer === undefined && !this.#isStopped) this.#again(0);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer);
    this.#timer = undefined;
  }

  /** An operator gives up what only members have that are gone, or that lost it as well. Settles
   *  when that is durable; then it is rebuilt from those that can be reached. Of a node that serves
   *  only what is unreadable now is given up. Errors: CONFLICT when it lacks nothing, or when
   *  meanwhile more was found to be lost. */
  async acceptLoss(): Promise<void> {
    const { recovery } = this.#parts;
    if (recovery.isRecovering) await recovery.acceptLoss();
    else await this.#giveUpUnreadable();
    this.#soon();
  }

  /** Undefined unless the node is RECOVERING. */
  status(): RebuildStatus | undefined {
    const { recovery, deadlines, place } = this.#parts;
    const here = place();
    if (!recovery.isRecovering || here === undefined) return undefined;
    const own = partitionsOf(here);
    const done = own.filter((partition) => recovery.isRebuilt(partition)).length;
    const left = own.length - done;
    const spentMs = deadlines.nowMs() - this.#beganMs;
    const perPartition = this.#doneInAttempt === 0 ? undefined : 1 / this.#doneInAttempt;
    const estimate = perPartition && { estimateMs: Math.round(spentMs * perPartition * left) };
    return {
      partitions: own.length,
      done,
      keys: this.#sum('keys', this.#keys),
      bytes: this.#sum('bytes', this.#bytes),
      keysLeft: Math.max(left, Math.round(this.#keys * (perPartition ?? 0) * left)),
      waitingFor: this.#waitingFor(),
      ...estimate,
    };
  }

  #turn(): void {
    const { recovery, place } = this.#parts;
    const here = place();
    if (this.#isStopped || here === undefined) return;
    if (recovery.isRecovering) this.#planAttempt(here);
    else this.#attempt = undefined;
    if (recovery.isRecovering && this.#preparedAttempt !== this.#attempt) this.#prepare();
    else this.#work(here);
    this.#parts.metrics.set('coterie_rebuild_partitions_left', {}, this.#tasks.size);
    if (recovery.isRecovering || this.#tasks.size > 0) this.#again(TURN_MS);
  }

  #work(here: Place): void {
    if (!this.#parts.recovery.isRecovering) this.#planUnreadable(here);
    const planned = this.#tasks.size;
    for (const task of [...this.#tasks.values()]) {
      if (task.isWhole || this.#isStillWhole(task)) this.#whole(task);
    }
    // What was found unreadable meanwhile has a turn even when nothing else is left to do.
    if (this.#tasks.size < planned) this.#again(TURN_MS);
    let running = 0;
    for (const task of this.#tasks.values()) if (task.isRunning) running += 1;
    for (const task of this.#tasks.values()) {
      if (running >= this.#exchangesMax) break;
      if (!task.isRunning && task.start()) running += 1;
    }
    this.#finishIfWhole(here);
  }

  /** Every partition of an attempt has its task, until it is rebuilt. */
  #planAttempt(here: Place): void {
    const { recovery, deadlines, log } = this.#parts;
    if (this.#attempt === recovery.attempt) return;
    this.#attempt = recovery.attempt;
    this.#tasks.clear();
    this.#givenUp.clear();
    this.#beganMs = deadlines.nowMs();
    this.#doneInAttempt = 0;
    this.#keys = 0;
    this.#bytes = 0;
    const unreadable = this.#unreadable(here);
    for (const partition of partitionsOf(here)) {
      const lost = unreadable.get(partition) ?? NOTHING;
      // What is lost of one that had been whole is found by its leaves.
      const isKnown = recovery.wasRebuilt(partition) && !lost.isWhole;
      this.#add(here, partition, isKnown ? 'compare' : 'all', lost);
    }
    log.info('rebuild-begins', { partitions: this.#tasks.size });
  }

  #planUnreadable(here: Place): void {
    if (!this.#parts.store.unreadable.isAny) {
      this.#givenUp.clear();
      return;
    }
    const found = this.#unreadable(here);
    this.#planGivenUp(here, found);
    for (const [partition, unreadable] of found) {
      if (this.#tasks.has(partition)) continue;
      this.#add(here, partition, unreadable.isWhole ? 'all' : 'compare', unreadable);
    }
  }

  /** A task that knows less than what was given up, or more, makes way as soon as no exchange of it
   *  is under way; what was found since is planned after it. */
  #planGivenUp(here: Place, found: ReadonlyMap<number, Unreadable>): void {
    for (const [partition, given] of [...this.#givenUp]) {
      const task = this.#tasks.get(partition);
      if (task?.isRunning || task?.isWhole) continue;
      this.#givenUp.delete(partition);
      const left = stillUnreadable(given, found.get(partition) ?? NOTHING);
      if (!left.isWhole && left.keys.length === 0) continue;
      this.#add(here, partition, left.isWhole ? 'all' : 'compare', left).isGivenUp = true;
    }
  }

  async #giveUpUnreadable(): Promise<void> {
    const { recovery, place } = this.#parts;
    const here = place();
    const found = here === undefined ? new Map<number, Unreadable>() : this.#unreadable(here);
    if (found.size === 0) {
      throw new CoterieError(
        'CONFLICT',
        'This node is not RECOVERING and has no unreadable keys: there is no loss to accept',
      );
    }
    await recovery.noteLoss(inWords([...found.values()]));
    if (recovery.isRecovering) {
      throw new CoterieError(
        'CONFLICT',
        'While the loss was noted, this node was found to be behind and is rebuilt, which gives ' +
          'nothing up: look at the status, and accept the loss again if the rebuild waits',
        { retryable: true },
      );
    }
    for (const [partition, unreadable] of found) this.#givenUp.set(partition, unreadable);
  }

  /** In partitions that this node owns. */
  #unreadable(here: Place): ReadonlyMap<number, Unreadable> {
    const { partitions } = here.ring.layout;
    const { unreadable } = this.#parts.store;
    const found = unreadable.byPartition((token) => partitionOf(token, partitions));
    return new Map([...found].filter(([partition]) => isOwn(here, partition)));
  }

  #add(
    here: Place,
    partition: number,
    mode: 'compare' | 'all',
    unreadable: Unreadable,
  ): PartitionRepair {
    const others = here.ring.replicasOf(partition).filter((peer) => peer !== here.nodeIndex);
    const { exchanges, peers, recovery, deadlines } = this.#parts;
    const attempt = this.#attempt;
    const parts: PartitionRepairParts = {
      exchanges,
      peers,
      nowMs: () => deadlines.nowMs(),
      acceptsLoss: () => recovery.acceptsLoss,
      nameOf: (peer) => here.ring.nameOf(peer),
      turn: () => {
        if (attempt === this.#attempt) this.#soon();
      },
    };
    const task = new PartitionRepair(parts, partition, others, mode, unreadable);
    this.#tasks.set(partition, task);
    return task;
  }

  /** Nothing of this node's earlier lives is issued or built on again. */
  #prepare(): void {
    if (this.#isSettling) return;
    const { recovery, store } = this.#parts;
    const attempt = this.#attempt;
    this.#settle('rebuild-not-begun', async () => {
      await store.raiseAllFloors(this.#parts.tickAbove(recovery.ceilingSeen));
      this.#preparedAttempt = attempt;
    });
  }

  #whole(task: PartitionRepair): void {
    const { recovery, store, log } = this.#parts;
    const { partition } = task;
    this.#tasks.delete(partition);
    store.unreadable.madeGood(partition, task.unreadable);
    if (this.#attempt === undefined) {
      log.info('unreadable-made-good', { partition, keys: task.unreadable.keys.length });
      return;
    }
    if (task.isWhole) this.#doneInAttempt += 1;
    this.#keys += task.keys;
    this.#bytes += task.bytes;
    this.#parts.tickAbove(recovery.ceilingSeen);
    recovery.partitionRebuilt(partition, this.#attempt);
    log.debug('partition-rebuilt', { partition });
  }

  /** A restart lost nothing of what had been rebuilt before it. */
  #isStillWhole({ partition, isRunning, unreadable }: PartitionRepair): boolean {
    if (isRunning || unreadable.isWhole || unreadable.keys.length > 0) return false;
    return this.#parts.recovery.isStillRebuilt(partition);
  }

  #finishIfWhole(here: Place): void {
    const { recovery, store, log } = this.#parts;
    const attempt = this.#attempt;
    if (!recovery.isRecovering || attempt === undefined || this.#isSettling) return;
    if (attempt !== recovery.attempt) return;
    if (!partitionsOf(here).every((partition) => recovery.isRebuilt(partition))) return;
    const keys = this.#keys;
    this.#settle('rebuild-not-finished', async () => {
      if (await recovery.finish(attempt, () => store.clearDamage())) {
        log.info('rebuilt', { keys, bytes: this.#bytes });
      }
    });
  }

  #settle(event: string, work: () => Promise<void>): void {
    this.#isSettling = true;
    work()
      .then(
        () => {
          this.#failure = '';
        },
        (thrown: unknown) => {
          const { code, message } = asCoterieError(thrown);
          this.#failure = message;
          if (code !== 'NOT_RUNNING') this.#parts.log.error(event, { reason: message });
        },
      )
      .finally(() => {
        this.#isSettling = false;
        this.#soon();
      });
  }

  #waitingFor(): string {
    if (this.#failure !== '') return this.#failure;
    for (const task of this.#tasks.values()) {
      if (task.isRunning && task.waitingFor === '') return '';
    }
    for (const task of this.#tasks.values()) {
      if (task.waitingFor !== '') return task.waitingFor;
    }
    return '';
  }

  #sum(what: 'keys' | 'bytes', done: number): number {
    let sum = done;
    for (const task of this.#tasks.values()) sum += task[what];
    return sum;
  }

  /** Exchanges that end in one step have one turn. */
  #soon(): void {
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer);
    this.#timer = undefined;
    if (!this.#isStopped) this.#again(0);
  }

  #again(delayMs: number): void {
    const { deadlines } = this.#parts;
    this.#timer ??= deadlines.add(deadlines.nowMs() + delayMs, () => {
      this.#timer = undefined;
      this.#turn();
    });
  }
}

/** That this node owns. */
export function partitionsOf({ ring, nodeIndex }: Place): number[] {
  const own: number[] = [];
  for (let partition = 0; partition < ring.layout.partitions; partition += 1) {
    if (ring.replicasOf(partition).includes(nodeIndex)) own.push(partition);
  }
  return own;
}

function isOwn({ ring, nodeIndex }: Place, partition: number): boolean {
  return ring.replicasOf(partition).includes(nodeIndex);
}

/** Of what was unreadable at a moment, what has been unreadable ever since. */
function stillUnreadable(then: Unreadable, now: Unreadable): Unreadable {
  const present = new Map(now.keys.map(({ key, noted }) => [key.id, noted]));
  const keys = then.keys.filter(({ key, noted }) => present.get(key.id) === noted);
  return { isWhole: then.isWhole && now.isWhole, keys };
}

function inWords(found: readonly Unreadable[]): string {
  const keys = found.reduce((sum, { keys: { length } }) => sum + length, 0);
  const whole = found.filter(({ isWhole }) => isWhole).length;
  const more = whole === 0 ? '' : `, and all keys of ${whole} of these`;
  return `${keys} unreadable keys in ${found.length} partitions${more}`;
}
