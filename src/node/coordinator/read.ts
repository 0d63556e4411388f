/** One read: asks as many replicas as the requirement needs, replaces in time who cannot answer,
 *  merges, and at strict requirements writes the merged record back to a majority before it
 *  answers.
 *  Invariants: an answer given at a strict requirement is held by a majority, so a later quorum
 *  read cannot be older; a read whose repair cannot reach a majority fails and says so
 *  (ARCHITECTURE 5.25); every wait ends at the deadline.
 *  Not here: counting (core/quorum), what the client is sent (coordinator.ts). */

import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import { GroupCount } from '../../core/quorum/group-count.ts';
import { ReadTally } from '../../core/quorum/read-tally.ts';
import type { MergedAnswers, RecordBytes } from '../../core/quorum/repair-plan.ts';
import { mergeAnswers, repairGroups } from '../../core/quorum/repair-plan.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { LocalReplica, Peers } from '../contracts.ts';
import type { Plan } from './plan.ts';
import { nodeName, nodeNames, rankReplicas, requireReach } from './plan.ts';

export interface CoordinatorParts {
  readonly peers: Peers;
  readonly replica: LocalReplica;
  readonly deadlines: Deadlines;
  readonly codec: RecordBytes;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface ReadOptions {
  /** A replica that has not answered after this time is joined by the next one. */
  readonly replaceAfterMs: number;
  /** Budget of one replica write, as for other replica writes. */
  readonly replicaWriteTimeoutMs: number;
}

export interface ReadOutcome extends MergedAnswers {
  readonly required: number;
  /** Replicas counted. */
  readonly counted: readonly number[];
}

export class ReadOperation {
  readonly #parts: CoordinatorParts;
  readonly #plan: Plan;
  readonly #options: ReadOptions;
  readonly #tally: ReadTally;
  readonly #failures: { node: string; code: string }[] = [];
  #candidates: number[] = [];
  /** Asked and not heard of yet. */
  readonly #expected: number[] = [];
  #asked = 0;
  #replaceTimer: DeadlineEntry | undefined;
  #wake: () => void = () => {};

  constructor(parts: CoordinatorParts, plan: Plan, options: ReadOptions) {
    this.#parts = parts;
    this.#plan = plan;
    this.#options = options;
    this.#tally = new ReadTally(plan.requirement);
  }

  async run(): Promise<ReadOutcome> {
    requireReach(this.#plan, this.#parts.peers);
    this.#candidates = rankReplicas(this.#plan, this.#parts.peers);
    await this.#collect();
    const merged = mergeAnswers(this.#tally.answers, this.#parts.codec);
    for (const dot of merged.collisions) this.#reportCollision(dot.nodeIndex, dot.seq);
    if (merged.stale.length > 0 && merged.bytes !== undefined) {
      await this.#repair(merged, merged.bytes);
    }
    return {
      ...merged,
      required: this.#tally.required,
      counted: this.#tally.answers.map((answer) => answer.nodeIndex),
    };
  }

  /** Resolves when enough replicas have answered; rejects when that has become impossible or the
   *  budget is spent. */
  #collect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { deadlines } = this.#parts;
      const deadline = deadlines.add(this.#plan.deadlineMs, () => {
        this.#stopTimers(deadline);
        reject(this.#failure('DEADLINE_EXCEEDED'));
      });
      this.#wake = () => {
        if (this.#tally.verdict === 'pending') return;
        this.#stopTimers(deadline);
        if (this.#tally.verdict === 'satisfied') resolve();
        else reject(this.#failure('QUORUM_NOT_MET'));
      };
      const count = this.#tally.missing;
      for (let asked = 0; asked < count; asked += 1) this.#askNext(this.#expected);
      this.#armReplacement();
    });
  }

  /** Asks one more where answers are missing even if all those `expected` come: per group, because
   *  the surplus of one datacentre is of no use to another. */
  #askNext(expected: readonly number[]): void {
    if (this.#tally.verdict !== 'pending') return;
    const at = this.#candidates.findIndex((node) => this.#tally.isUseful(node, expected));
    const [nodeIndex] = at < 0 ? [] : this.#candidates.splice(at, 1);
    if (nodeIndex === undefined) return;
    this.#asked += 1;
    this.#expected.push(nodeIndex);
    this.#ask(nodeIndex);
  }

  #heardOf(nodeIndex: number): void {
    const at = this.#expected.indexOf(nodeIndex);
    if (at >= 0) this.#expected.splice(at, 1);
  }

  #ask(nodeIndex: number): void {
    const { place, key, partition, epochs, deadlineMs, trace } = this.#plan;
    const step = trace.sent(nodeName(place, nodeIndex), 'read');
    if (nodeIndex === place.nodeIndex) {
      this.#parts.replica.read({ key, partition, epochs, deadlineMs }).then(
        (held) => this.#answered(nodeIndex, held.bytes, held.isVerified, step),
        (error: unknown) => this.#failed(nodeIndex, error, step),
      );
      return;
    }
    this.#parts.peers.call(nodeIndex, {
      operation: { $case: 'read', read: { bucket: key.bucket, key: key.key } },
      epochs,
      deadlineMs,
      bytes: key.storageKey.length + 32,
      done: (result) => {
        if (result instanceof CoterieError) {
          this.#failed(nodeIndex, result, step);
        } else if (result.$case === 'read') {
          const { record, verified } = result.read;
          const bytes = record.length === 0 ? undefined : record;
          const isVerified = verified && this.#parts.peers.isTrusted(nodeIndex);
          this.#answered(nodeIndex, bytes, isVerified, step);
        } else {
          this.#failed(nodeIndex, new CoterieError('MALFORMED_MESSAGE', 'Not a read reply'), step);
        }
      },
    });
  }

  #answered(
    nodeIndex: number,
    bytes: Uint8Array | undefined,
    isVerified: boolean,
    step: number,
  ): void {
    this.#heardOf(nodeIndex);
    const isLate = this.#tally.verdict !== 'pending';
    this.#tally.answer({ nodeIndex, bytes }, isVerified);
    const isCounted = this.#tally.answers.some((answer) => answer.nodeIndex === nodeIndex);
    const what = bytes === undefined ? 'no record' : `record of ${bytes.length} bytes`;
    this.#plan.trace.answered(step, isVerified ? what : `${what}, unverified`, isCounted);
    if (!isCounted && !isLate) {
      this.#failures.push({ node: nodeName(this.#plan.place, nodeIndex), code: 'UNVERIFIED' });
      this.#askNext(this.#expected);
    }
    this.#wake();
  }

  #failed(nodeIndex: number, error: unknown, step: number): void {
    this.#heardOf(nodeIndex);
    const code = error instanceof CoterieError ? error.code : 'ASSERTION_FAILED';
    this.#plan.trace.answered(step, code, false);
    this.#failures.push({ node: nodeName(this.#plan.place, nodeIndex), code });
    if (this.#tally.fail(nodeIndex) === 'pending') this.#askNext(this.#expected);
    this.#wake();
  }

  #armReplacement(): void {
    const { deadlines } = this.#parts;
    this.#replaceTimer = deadlines.add(deadlines.nowMs() + this.#options.replaceAfterMs, () => {
      if (this.#tally.verdict !== 'pending') return;
      this.#askNext([]);
      if (this.#candidates.length > 0) this.#armReplacement();
    });
  }

  #stopTimers(deadline: DeadlineEntry): void {
    this.#wake = () => {};
    this.#parts.deadlines.cancel(deadline);
    if (this.#replaceTimer !== undefined) this.#parts.deadlines.cancel(this.#replaceTimer);
  }

  async #repair(merged: MergedAnswers, bytes: Uint8Array): Promise<void> {
    const { metrics } = this.#parts;
    const count = new GroupCount(repairGroups(this.#plan.requirement));
    for (const holder of merged.holders) count.answer(holder);
    if (!this.#plan.requirement.isStrict || count.isMet) {
      metrics.add('coterie_read_repairs_total', { mode: 'background' }, merged.stale.length);
      for (const nodeIndex of merged.stale) this.#writeBack(nodeIndex, bytes, () => {});
      return;
    }
    metrics.add('coterie_read_repairs_total', { mode: 'blocking' }, merged.stale.length);
    await this.#repairMajority(count, merged, bytes);
  }

  /** Writes to the stale replicas first; who fails is replaced by one that was not asked. */
  #repairMajority(count: GroupCount, merged: MergedAnswers, bytes: Uint8Array): Promise<void> {
    const heard = new Set([...merged.holders, ...merged.stale]);
    const spare = this.#plan.replicas.filter((nodeIndex) => !heard.has(nodeIndex));
    return new Promise((resolve, reject) => {
      let isSettled = false;
      const settle = (finish: () => void): void => {
        if (isSettled) return;
        isSettled = true;
        this.#parts.deadlines.cancel(deadline);
        finish();
      };
      const fail = (): void => settle(() => reject(this.#repairFailure(count)));
      const deadline = this.#parts.deadlines.add(this.#plan.deadlineMs, fail);
      const send = (nodeIndex: number): void => {
        this.#writeBack(nodeIndex, bytes, (isHeld) => {
          if (isHeld) count.answer(nodeIndex);
          else count.fail(nodeIndex);
          if (count.isMet) settle(resolve);
          else if (count.isImpossible) fail();
          else if (!isHeld && !isSettled) {
            const at = spare.findIndex((node) => this.#sharesGroup(node, nodeIndex));
            const [next] = at < 0 ? [] : spare.splice(at, 1);
            if (next !== undefined) send(next);
          }
        });
      };
      for (const nodeIndex of merged.stale) send(nodeIndex);
    });
  }

  /** Can this replica stand in for that one. */
  #sharesGroup(a: number, b: number): boolean {
    const { groups } = this.#plan.requirement;
    return groups.some(({ members }) => members.includes(a) && members.includes(b));
  }

  #writeBack(nodeIndex: number, record: Uint8Array, done: (isHeld: boolean) => void): void {
    const { place, key, partition, epochs, trace } = this.#plan;
    const { deadlines, replica, peers } = this.#parts;
    const step = trace.sent(nodeName(place, nodeIndex), 'repair');
    const deadlineMs = deadlines.nowMs() + this.#options.replicaWriteTimeoutMs;
    const sync = this.#plan.requirement.isStrict;
    const finish = (error: unknown, isDurable: boolean): void => {
      const code = error instanceof CoterieError ? error.code : 'ASSERTION_FAILED';
      const isHeld = error === undefined && (isDurable || !sync);
      trace.answered(step, error === undefined ? 'merged' : code, isHeld);
      done(isHeld);
    };
    if (nodeIndex === place.nodeIndex) {
      replica.merge({ key, partition, epochs, deadlineMs, record, sync, isRepair: true }).then(
        (merged) => finish(undefined, merged.isDurable),
        (error: unknown) => finish(error, false),
      );
      return;
    }
    peers.call(nodeIndex, {
      operation: {
        $case: 'replicate',
        replicate: { bucket: key.bucket, key: key.key, record, sync, repair: true },
      },
      epochs,
      deadlineMs,
      bytes: record.length + key.storageKey.length + 32,
      done: (result) => {
        if (result instanceof CoterieError) finish(result, false);
        else finish(undefined, result.$case === 'replicate' && result.replicate.durable);
      },
    });
  }

  #failure(code: 'QUORUM_NOT_MET' | 'DEADLINE_EXCEEDED'): CoterieError {
    const { requirement, place } = this.#plan;
    const received = this.#tally.answers.map((answer) => answer.nodeIndex);
    const why = this.#failures.map((failure) => `${failure.node} ${failure.code}`).join(', ');
    return new CoterieError(
      code,
      `The read got ${received.length} of the ${this.#tally.required} answers that ` +
        `${requirement.label} needs` +
        (why === '' ? ` (${this.#asked} replicas were asked)` : ` (${why})`),
      {
        applied: 'no',
        details: {
          phase: 'read',
          required: this.#tally.required,
          received: received.length,
          nodes: nodeNames(place, received),
          failures: [...this.#failures],
        },
      },
    );
  }

  #repairFailure(count: GroupCount): CoterieError {
    const { requirement, place } = this.#plan;
    return new CoterieError(
      'QUORUM_NOT_MET',
      `Replicas differ and only ${count.answered.length} of the ${count.required} that ` +
        `${requirement.label} ` +
        'needs could be brought to the same record; read again or read at one',
      {
        applied: 'no',
        details: {
          phase: 'repair',
          required: count.required,
          received: count.answered.length,
          nodes: nodeNames(place, count.answered),
        },
      },
    );
  }

  #reportCollision(nodeIndex: number, seq: number): void {
    this.#parts.metrics.add('coterie_dot_collisions_total', {});
    this.#parts.log.error('dot-collision', { nodeIndex, seq, partition: this.#plan.partition });
  }
}
