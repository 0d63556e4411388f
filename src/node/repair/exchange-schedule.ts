/** Anti-entropy: compares each pair of copies that this node answers for now and then, and those
 *  that are known to have missed something at once.
 *  Invariants: at most four exchanges at a time; a peer that cannot be reached costs a look each
 *  second while something waits for it, and one that is back is left to the hints for a while; a
 *  node that does not serve a partition, or a peer that does not, proves nothing; a dirty partition
 *  stays hurried until an exchange that began after the last miss has found it equal; a proof is of
 *  the stores that were compared, and forgotten with either.
 *  Not here: which pair is next (core/merkle/pair-schedule.ts), exchanges (exchanges.ts), what
 *  makes a partition dirty (node/handoff).
 *  Source: docs/guarantees.md G5. */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError, retryAfterMsOf } from '../../core/errors.ts';
import { begins, PairSchedule } from '../../core/merkle/pair-schedule.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { Random } from '../../env/random.ts';
import type {
  DirtyPairs,
  ExchangeResult,
  Exchanges,
  PairStatus,
  PartitionGate,
  Peers,
  Place,
} from '../contracts.ts';

export interface ExchangeScheduleOptions {
  /** Between two comparisons of the same pair; 0 = none begins by itself. */
  readonly intervalMs: number;
  /** A peer that was away is up for so long before it is compared with. */
  readonly settleMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

export const EXCHANGE_DEFAULTS: ExchangeScheduleOptions = Object.freeze({
  intervalMs: 600_000,
  settleMs: 15_000,
  retryMinMs: 1_000,
  retryMaxMs: 60_000,
});

export interface ExchangeScheduleParts {
  readonly deadlines: Deadlines;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly exchanges: Exchanges & { stop(): void };
  readonly peers: Pick<Peers, 'reach'>;
  readonly dirty: DirtyPairs;
  readonly gate: Pick<PartitionGate, 'isVerified'>;
  place(): Place | undefined;
}

interface ScheduledPair {
  readonly partition: number;
  readonly peer: number;
  /** This node compares it now and then; else it is here because it was hurried. */
  readonly isOwn: boolean;
  /** Monotonic. */
  equalMs: number | undefined;
  /** What began earlier compared copies that are gone; monotonic. */
  sinceMs: number;
  differing: number;
  found: number;
  sentBytes: number;
  receivedBytes: number;
  differingBytes: number;
  failure: string;
}

/** One that found a difference waits most of its time, to look at it once more. */
const RUNS_AT_ONCE = 4;
/** While something waits for a peer. */
const LOOK_MS = 1_000;

export class ExchangeSchedule {
  readonly #parts: ExchangeScheduleParts;
  readonly #options: ExchangeScheduleOptions;
  readonly #schedule: PairSchedule<ScheduledPair>;
  readonly #pairs = new Map<string, ScheduledPair>();
  /** Since when each peer was up at every look; monotonic. */
  readonly #upSinceMs = new Map<number, number>();
  #running = 0;
  #look: DeadlineEntry | undefined;
  #isStarted = false;
  #isStopped = false;

  constructor(parts: ExchangeScheduleParts, options: ExchangeScheduleOptions) {
    this.#parts = parts;
    this.#options = options;
    const isOff = options.intervalMs === 0;
    const intervalMs = isOff ? Number.POSITIVE_INFINITY : options.intervalMs;
    this.#schedule = new PairSchedule({ ...options, intervalMs }, () => parts.random.float());
  }

  /** Once this node has its place. */
  start(): void {
    const place = this.#parts.place();
    if (place === undefined || this.#isStarted || this.#isStopped) return;
    this.#isStarted = true;
    for (const { partition, peer } of this.#shared(place)) {
      if (begins(place.nodeIndex, peer, partition)) this.#add(partition, peer, true);
    }
    this.#parts.dirty.onDirty(({ target, partition }) => this.hurry(partition, target));
    this.#lookAgain();
  }

  /** Nothing begins any more, and what is under way ends. */
  stop(): void {
    this.#isStopped = true;
    this.#parts.exchanges.stop();
    if (this.#look !== undefined) this.#parts.deadlines.cancel(this.#look);
  }

  /** Puts pairs first: of one partition, or of all that this node answers for; with one peer,
   *  whoever answers for it, or with all. Returns how many. */
  hurry(partition?: number, peer?: number): number {
    const place = this.#parts.place();
    if (place === undefined || !this.#isStarted || this.#isStopped) return 0;
    if (partition !== undefined && peer !== undefined) this.#addShared(place, partition, peer);
    let count = 0;
    for (const pair of this.#pairs.values()) {
      if (partition !== undefined && pair.partition !== partition) continue;
      if (peer === undefined ? !pair.isOwn : pair.peer !== peer) continue;
      this.#schedule.hurry(pair, this.#parts.deadlines.nowMs());
      count += 1;
    }
    if (count > 0) this.#lookAgain();
    return count;
  }

  /** What was proved of copies that the peer, or this node, has lost since says nothing. Without a
   *  peer: of all. */
  forgetProofs(peer?: number): void {
    const nowMs = this.#parts.deadlines.nowMs();
    for (const pair of this.#pairs.values()) {
      if (peer !== undefined && pair.peer !== peer) continue;
      pair.equalMs = undefined;
      pair.sinceMs = nowMs;
    }
  }

  status(): readonly PairStatus[] {
    const nowMs = this.#parts.deadlines.nowMs();
    return [...this.#pairs.values()].map(({ equalMs, sinceMs, isOwn, ...pair }) => {
      return equalMs === undefined ? pair : { ...pair, lastEqualMs: nowMs - equalMs };
    });
  }

  /** All that this node holds together with someone. */
  *#shared({ ring, nodeIndex }: Place): Iterable<{ partition: number; peer: number }> {
    for (let partition = 0; partition < ring.layout.partitions; partition += 1) {
      const replicas = ring.replicasOf(partition);
      if (!replicas.includes(nodeIndex)) continue;
      for (const peer of replicas) if (peer !== nodeIndex) yield { partition, peer };
    }
  }

  #addShared({ ring, nodeIndex }: Place, partition: number, peer: number): void {
    if (this.#pairs.has(`${partition}/${peer}`) || peer === nodeIndex) return;
    const isPartition = partition >= 0 && partition < ring.layout.partitions;
    const replicas = isPartition ? ring.replicasOf(partition) : [];
    if (replicas.includes(nodeIndex) && replicas.includes(peer)) this.#add(partition, peer, false);
  }

  #add(partition: number, peer: number, isOwn: boolean): void {
    const pair: ScheduledPair = {
      partition,
      peer,
      isOwn,
      equalMs: undefined,
      sinceMs: 0,
      differing: 0,
      found: 0,
      sentBytes: 0,
      receivedBytes: 0,
      differingBytes: 0,
      failure: '',
    };
    this.#pairs.set(`${partition}/${peer}`, pair);
    this.#schedule.add(pair, this.#parts.deadlines.nowMs());
  }

  #lookAgain(): void {
    if (this.#isStopped) return;
    const { deadlines, metrics } = this.#parts;
    const nowMs = deadlines.nowMs();
    while (this.#running < RUNS_AT_ONCE) {
      const pair = this.#schedule.take(nowMs, (each, isHurried) => this.#isReady(each, isHurried));
      if (pair === undefined) break;
      this.#begin(pair);
    }
    const overdue = this.#schedule.overdueCount(nowMs);
    metrics.set('coterie_exchange_pairs_overdue', {}, overdue);
    if (this.#look !== undefined) deadlines.cancel(this.#look);
    this.#look = undefined;
    // At the end of what is under way there is another look anyhow.
    if (this.#running === RUNS_AT_ONCE) return;
    const nextMs = this.#schedule.nextDueMs(nowMs);
    const lookMs = overdue > 0 ? Math.min(nextMs, nowMs + LOOK_MS) : nextMs;
    if (lookMs === Number.POSITIVE_INFINITY) return;
    this.#look = deadlines.add(lookMs, () => {
      this.#look = undefined;
      this.#lookAgain();
    });
  }

  #isReady({ peer, partition }: ScheduledPair, isHurried: boolean): boolean {
    const { peers, gate, deadlines } = this.#parts;
    if (peers.reach(peer) !== 'up') {
      this.#upSinceMs.delete(peer);
      return false;
    }
    const nowMs = deadlines.nowMs();
    const upSinceMs = this.#upSinceMs.get(peer) ?? nowMs;
    this.#upSinceMs.set(peer, upSinceMs);
    const isSettled = isHurried || nowMs - upSinceMs >= this.#options.settleMs;
    return isSettled && gate.isVerified(partition);
  }

  #begin(pair: ScheduledPair): void {
    this.#running += 1;
    const { partition, peer } = pair;
    this.#parts.exchanges.run(partition, peer, { mode: 'compare' }, (result) => {
      this.#running -= 1;
      if (this.#isStopped) return;
      if (result instanceof CoterieError) this.#interrupted(pair, result);
      else this.#ended(pair, result);
      // What ended at once must not begin the next from within.
      this.#parts.deadlines.add(this.#parts.deadlines.nowMs(), () => this.#lookAgain());
    });
  }

  #ended(pair: ScheduledPair, result: ExchangeResult): void {
    const { partition, peer } = pair;
    const { dirty, gate, deadlines, metrics, log } = this.#parts;
    pair.found += result.differing;
    pair.sentBytes += result.sentBytes;
    pair.receivedBytes += result.receivedBytes;
    pair.differingBytes += result.differingBytes;
    const isEqual = result.isComplete && result.wasVerified && gate.isVerified(partition);
    pair.differing = isEqual ? 0 : result.differing;
    pair.failure = isEqual ? '' : 'not all of it could be read or may serve, here or there';
    const outcome = isEqual ? (result.differing > 0 ? 'repaired' : 'equal') : 'incomplete';
    metrics.add('coterie_exchanges_total', { outcome });
    if (result.differing > 0) {
      const { differing } = result;
      log.info('copies-differed', { partition, member: this.#nameOf(peer), differing, outcome });
    }
    const nowMs = deadlines.nowMs();
    if (!isEqual) {
      this.#schedule.failed(pair, nowMs, dirty.has(peer, partition));
      return;
    }
    if (result.beganMs >= pair.sinceMs) pair.equalMs = result.beganMs;
    dirty.equal(peer, partition, result.beganMs);
    if (dirty.has(peer, partition)) this.#schedule.failed(pair, nowMs, true);
    else if (pair.isOwn || this.#schedule.isHurried(pair)) this.#schedule.equal(pair, nowMs);
    else this.#remove(pair);
  }

  #interrupted(pair: ScheduledPair, error: CoterieError): void {
    const { partition, peer } = pair;
    const { dirty, deadlines, metrics, log } = this.#parts;
    pair.failure = error.message;
    metrics.add('coterie_exchanges_total', { outcome: 'failed' });
    log.debug('exchange-failed', { partition, peer: this.#nameOf(peer), reason: error.message });
    const askedMs = retryAfterMsOf(error) ?? 0;
    this.#schedule.failed(pair, deadlines.nowMs(), dirty.has(peer, partition), askedMs);
  }

  #remove(pair: ScheduledPair): void {
    this.#pairs.delete(`${pair.partition}/${pair.peer}`);
    this.#schedule.remove(pair);
  }

  #nameOf(peer: number): string {
    return this.#parts.place()?.ring.nameOf(peer) ?? `node ${peer}`;
  }
}
