/** Hinted handoff: notes which members missed which writes, and brings them up to date when they
 *  are back.
 *  Invariants: a client's write never waits for a mark and never fails for one; only members for
 *  which hints are held cost any time; after `stop` nothing is sent and what was noted is written.
 *  Not here: rows and counts (hint-table.ts), sending (replay.ts), rules (core/hint).
 *  Source: DeCandia et al. 2007 §4.6; docs/guarantees.md G2. */
import type { Checksum } from '../../core/checksum.ts';
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { type CoterieError, retryAfterMsOf } from '../../core/errors.ts';
import { ReplayPace, type ReplayPhase } from '../../core/hint/replay-pace.ts';
import { partitionOf } from '../../core/ring/token.ts';
import type { HybridLogicalClock } from '../../core/version/hlc.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { Random } from '../../env/random.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type {
  DataState,
  Fallback,
  HintStatus,
  Hints,
  LocalReplica,
  Peers,
  Place,
} from '../contracts.ts';
import type { RecordKey } from '../storage/record-key.ts';
import type { RecordStore } from '../storage/record-store.ts';
import { DirtyPartitions } from './dirty-partitions.ts';
import { FallbackKeeper } from './fallback.ts';
import { HintTable } from './hint-table.ts';
import { Replay } from './replay.ts';

export interface HandoffOptions {
  /** Keys noted or kept for one member; 0 = hints are off. */
  readonly hintsPerTargetMax: number;
  /** Bytes of them and of what is kept. */
  readonly hintBytesPerTargetMax: number;
  /** A member is up for so long before it gets anything. */
  readonly settleMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

export const HANDOFF_DEFAULTS: HandoffOptions = Object.freeze({
  hintsPerTargetMax: 1_000_000,
  hintBytesPerTargetMax: 4 * 1_024 ** 3,
  settleMs: 10_000,
  retryMinMs: 1_000,
  retryMaxMs: 300_000,
});

export interface HandoffParts {
  readonly store: RecordStore;
  readonly replica: LocalReplica;
  readonly peers: Pick<Peers, 'callBulk' | 'reach' | 'stateOf'>;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly random: Random;
  readonly checksum: Checksum;
  readonly codec: RecordCodec;
  readonly hlc: HybridLogicalClock;
  readonly log: Log;
  readonly metrics: Metrics;
  place(): Place | undefined;
  state(): DataState;
}

interface Worker {
  readonly pace: ReplayPace;
  readonly replay: Replay;
  phase: ReplayPhase | 'sending';
  lastError: string;
}

export class Handoff implements Hints {
  readonly dirty: DirtyPartitions;
  readonly fallback: Fallback;
  readonly #parts: HandoffParts;
  readonly #options: HandoffOptions;
  readonly #table: HintTable;
  readonly #workers = new Map<number, Worker>();
  readonly #passes = new Set<Promise<void>>();
  #look: DeadlineEntry | undefined;
  #isCounted = false;
  #counting: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: HandoffParts, options: HandoffOptions) {
    this.#parts = parts;
    this.#options = options;
    const { store, clock, checksum, log, metrics } = parts;
    this.dirty = new DirtyPartitions({ clock, log }, store);
    this.#table = new HintTable(
      {
        rows: store.rows,
        dirty: this.dirty,
        checksum,
        clock,
        log,
        metrics,
        partitionOf: (token) => {
          const ring = parts.place()?.ring;
          return ring === undefined ? undefined : partitionOf(token, ring.layout.partitions);
        },
        written: () => this.#lookSoon(),
      },
      options,
    );
    this.fallback = new FallbackKeeper(parts, this.#table);
  }

  /** Once this node has its place. Rows are looked at in the background: there may be gigabytes of
   *  copies. Errors: STORAGE_IO. */
  async start(): Promise<void> {
    const { place } = this.#parts;
    const members = place()?.ring.layout.roles.map(({ nodeIndex }) => nodeIndex) ?? [];
    await this.dirty.restore(members);
    this.#counting = this.#count();
  }

  /** Settles when what was noted is written. Calls on peers that are under way must end by
   *  themselves: the links are stopped first. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#look !== undefined) this.#parts.deadlines.cancel(this.#look);
    for (const { replay } of this.#workers.values()) replay.stop();
    await Promise.all(this.#passes);
    await this.#table.stop();
    await this.#counting;
    await this.dirty.flush();
  }

  async #count(): Promise<void> {
    await this.#table.start();
    this.#isCounted = true;
    const { targets } = this.#table.counts;
    for (const target of targets) this.#measure(target);
    if (targets.length > 0) this.#parts.log.info('hints-found', { members: targets.length });
    this.#lookSoon();
  }

  missed(target: number, key: RecordKey, partition: number): (() => void) | undefined {
    return this.#table.missed(target, key, partition);
  }

  status(): readonly HintStatus[] {
    const { counts } = this.#table;
    return counts.targets.map((target) => {
      const worker = this.#workers.get(target);
      const { count, bytes, oldestMs } = counts.of(target);
      const { phase = 'waiting', lastError = '' } = worker ?? {};
      return { target, count, bytes, oldestMs, phase, lastError };
    });
  }

  #lookSoon(): void {
    if (this.#look !== undefined || !this.#isCounted || this.#isStopped) return;
    const { deadlines } = this.#parts;
    const afterMs = Math.min(LOOK_MS, this.#options.settleMs / 4);
    this.#look = deadlines.add(deadlines.nowMs() + afterMs, () => {
      this.#look = undefined;
      this.#lookAtAll();
    });
  }

  /** Members that hints are held for, or may be. */
  #targets(): readonly number[] {
    const { targets } = this.#table.counts;
    const place = this.#parts.place();
    if (!this.#table.hasUncounted || place === undefined) return targets;
    const members = place.ring.layout.roles.map(({ nodeIndex }) => nodeIndex);
    const others = members.filter((nodeIndex) => nodeIndex !== place.nodeIndex);
    return [...new Set([...targets, ...others])];
  }

  #lookAtAll(): void {
    const targets = this.#targets();
    for (const target of targets) this.#lookAt(target);
    for (const [target, { phase }] of this.#workers) {
      if (phase === 'sending' || targets.includes(target)) continue;
      this.#workers.delete(target);
      this.#measure(target);
    }
    if (targets.length > 0) this.#lookSoon();
  }

  #lookAt(target: number): void {
    const worker = this.#workerOf(target);
    this.#measure(target);
    if (worker.phase === 'sending') return;
    const nowMs = this.#parts.deadlines.nowMs();
    worker.phase = worker.pace.look(nowMs, this.#isUp(target));
    if (worker.phase !== 'ready') return;
    worker.phase = 'sending';
    const pass = this.#pass(target, worker);
    this.#passes.add(pass);
    void pass.then(() => this.#passes.delete(pass));
  }

  /** One that has left the layout is not waited for: its hints go to others. */
  #isUp(target: number): boolean {
    const { peers, place } = this.#parts;
    if (place()?.ring.role(target) === undefined) return true;
    return peers.stateOf(target) === 'ALIVE' && peers.reach(target) === 'up';
  }

  async #pass(target: number, worker: Worker): Promise<void> {
    const { log, deadlines } = this.#parts;
    const { count } = this.#table.counts.of(target);
    const member = this.#nameOf(target);
    let error: CoterieError | undefined;
    let delivered = 0;
    try {
      ({ delivered, error } = await worker.replay.pass());
    } catch (thrown) {
      error = asCoterieError(thrown);
    }
    worker.phase = 'waiting';
    if (this.#isStopped) return;
    if (delivered > 0) {
      worker.pace.delivered();
      log.info('hints-delivered', { member, delivered, of: count });
    }
    if (error !== undefined) {
      worker.pace.failed(deadlines.nowMs(), retryAfterMsOf(error) ?? 0);
      log.warn('hints-paused', { member, reason: error.message });
    } else if (delivered === 0) {
      worker.pace.failed(deadlines.nowMs());
    }
    worker.lastError = error?.message ?? '';
    this.#measure(target);
  }

  #workerOf(target: number): Worker {
    const known = this.#workers.get(target);
    if (known !== undefined) return known;
    const { deadlines, replica, peers, metrics, random, place } = this.#parts;
    const doubted = (of: number, partition: number): void => this.dirty.note(of, partition);
    const parts = { table: this.#table, replica, peers, deadlines, metrics, place, doubted };
    const worker: Worker = {
      pace: new ReplayPace(this.#options, () => random.float()),
      replay: new Replay(parts, target),
      phase: 'waiting',
      lastError: '',
    };
    this.#workers.set(target, worker);
    return worker;
  }

  #measure(target: number): void {
    const { metrics } = this.#parts;
    const { count, bytes } = this.#table.counts.of(target);
    const member = this.#nameOf(target);
    metrics.set('coterie_hints', { member }, count);
    metrics.set('coterie_hint_bytes', { member }, bytes);
  }

  #nameOf(target: number): string {
    return this.#parts.place()?.ring.nameOf(target) ?? `node ${target}`;
  }
}

/** How often the members that hints are held for are looked at. */
const LOOK_MS = 1_000;
