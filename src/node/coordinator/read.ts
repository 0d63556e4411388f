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
import { asCoterieError } from '../../wire/error-codec.ts';
import type {
  Done,
  Epochs,
  LocalReplica,
  PeerCall,
  PeerOperation,
  PeerResult,
  Peers,
} from '../contracts.ts';
import type { Plan } from './plan.ts';
import { nodeName, nodeNames, rankReplicas, reachRefusal } from './plan.ts';

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
  readonly #deadline: DeadlineEntry;
  readonly #candidates: number[];
  /** Asked and not heard of yet. */
  readonly #expected: number[] = [];
  #failures: { node: string; code: string }[] | undefined;
  #asked = 0;
  #replaceTimer: DeadlineEntry | undefined;
  /** Enough is known of the replicas, or the budget is spent. */
  #isCollected = false;
  /** `undefined` once the caller has been told. */
  #done: Done<ReadOutcome> | undefined;

  static begin(
    parts: CoordinatorParts,
    plan: Plan,
    options: ReadOptions,
    done: Done<ReadOutcome>,
  ): void {
    const refusal = reachRefusal(plan, parts.peers);
    if (refusal === undefined) new ReadOperation(parts, plan, options, done).#collect();
    else done(refusal);
  }

  private constructor(
    parts: CoordinatorParts,
    plan: Plan,
    options: ReadOptions,
    done: Done<ReadOutcome>,
  ) {
    this.#parts = parts;
    this.#plan = plan;
    this.#options = options;
    this.#done = done;
    this.#tally = new ReadTally(plan.requirement);
    this.#candidates = rankReplicas(plan, parts.peers);
    this.#deadline = parts.deadlines.add(plan.deadlineMs, () => this.#expire());
  }

  /** Asks as many as are needed, and more when they do not answer in time. */
  #collect(): void {
    const count = this.#tally.missing;
    for (let asked = 0; asked < count; asked += 1) this.#askNext(this.#expected);
    if (!this.#isCollected) this.#armReplacement();
  }

  #wake(): void {
    const { verdict } = this.#tally;
    if (verdict === 'pending' || this.#isCollected) return;
    this.#stopCollecting();
    if (verdict === 'failed') {
      this.#finish(this.#failure('QUORUM_NOT_MET'));
      return;
    }
    try {
      this.#merge();
    } catch (thrown) {
      this.#finish(asCoterieError(thrown));
    }
  }

  #expire(): void {
    const isCollecting = !this.#isCollected;
    this.#stopCollecting();
    if (isCollecting) this.#finish(this.#failure('DEADLINE_EXCEEDED'));
  }

  #merge(): void {
    const merged = mergeAnswers(this.#tally.answers, this.#parts.codec);
    for (const dot of merged.collisions) this.#reportCollision(dot.nodeIndex, dot.seq);
    if (merged.stale.length > 0 && merged.bytes !== undefined) this.#repair(merged, merged.bytes);
    else this.#succeed(merged);
  }

  #succeed(merged: MergedAnswers): void {
    const { record, bytes, holders, stale, collisions } = merged;
    const { required, answers } = this.#tally;
    const counted = answers.map((answer) => answer.nodeIndex);
    this.#finish({ record, bytes, holders, stale, collisions, required, counted });
  }

  #finish(outcome: ReadOutcome | CoterieError): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(outcome);
  }

  /** Asks one more where answers are missing even if all those `expected` come: per group, because
   *  the surplus of one datacentre is of no use to another. */
  #askNext(expected: readonly number[]): void {
    if (this.#tally.verdict !== 'pending') return;
    const nodeIndex = this.#candidates.find((node) => this.#tally.isUseful(node, expected));
    if (nodeIndex === undefined) return;
    remove(this.#candidates, nodeIndex);
    this.#asked += 1;
    this.#expected.push(nodeIndex);
    this.#ask(nodeIndex);
  }

  #ask(nodeIndex: number): void {
    const { place, trace } = this.#plan;
    const step = trace?.sent(nodeName(place, nodeIndex), 'read') ?? 0;
    if (nodeIndex !== place.nodeIndex) {
      this.#parts.peers.call(nodeIndex, new Question(this, this.#plan, nodeIndex, step));
      return;
    }
    this.#parts.replica.read(this.#plan, (held) => {
      if (held instanceof CoterieError) this.#failed(nodeIndex, held, step);
      else this.#answered(nodeIndex, held.bytes, held.isVerified, step);
    });
  }

  /** What a peer came to. */
  heard(nodeIndex: number, result: PeerResult | CoterieError, step: number): void {
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
  }

  #answered(
    nodeIndex: number,
    bytes: Uint8Array | undefined,
    isVerified: boolean,
    step: number,
  ): void {
    remove(this.#expected, nodeIndex);
    const isLate = this.#tally.verdict !== 'pending';
    const answer = { nodeIndex, bytes };
    this.#tally.answer(answer, isVerified);
    const isCounted = this.#tally.answers.includes(answer);
    this.#plan.trace?.answered(step, describe(bytes, isVerified), isCounted);
    if (!isCounted && !isLate) {
      this.#noteFailure(nodeIndex, 'UNVERIFIED');
      this.#askNext(this.#expected);
    }
    this.#wake();
  }

  #noteFailure(nodeIndex: number, code: string): void {
    this.#failures ??= [];
    this.#failures.push({ node: nodeName(this.#plan.place, nodeIndex), code });
  }

  #failed(nodeIndex: number, { code }: CoterieError, step: number): void {
    remove(this.#expected, nodeIndex);
    this.#plan.trace?.answered(step, code, false);
    this.#noteFailure(nodeIndex, code);
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

  #stopCollecting(): void {
    this.#isCollected = true;
    this.#parts.deadlines.cancel(this.#deadline);
    if (this.#replaceTimer !== undefined) this.#parts.deadlines.cancel(this.#replaceTimer);
  }

  #repair(merged: MergedAnswers, bytes: Uint8Array): void {
    const { metrics } = this.#parts;
    const count = new GroupCount(repairGroups(this.#plan.requirement));
    for (const holder of merged.holders) count.answer(holder);
    if (!this.#plan.requirement.isStrict || count.isMet) {
      metrics.add('coterie_read_repairs_total', { mode: 'background' }, merged.stale.length);
      for (const nodeIndex of merged.stale) this.#writeBack(nodeIndex, bytes, () => {});
      this.#succeed(merged);
      return;
    }
    metrics.add('coterie_read_repairs_total', { mode: 'blocking' }, merged.stale.length);
    this.#repairMajority(count, merged, bytes);
  }

  /** Writes to the stale replicas first; who fails is replaced by one that was not asked. */
  #repairMajority(count: GroupCount, merged: MergedAnswers, bytes: Uint8Array): void {
    const heard = new Set([...merged.holders, ...merged.stale]);
    const ranked = rankReplicas(this.#plan, this.#parts.peers);
    const spare = ranked.filter((nodeIndex) => !heard.has(nodeIndex));
    const fail = (): void => {
      this.#parts.deadlines.cancel(deadline);
      this.#finish(this.#repairFailure(count));
    };
    const deadline = this.#parts.deadlines.add(this.#plan.deadlineMs, fail);
    const send = (nodeIndex: number): void => {
      this.#writeBack(nodeIndex, bytes, (isHeld) => {
        if (isHeld) count.answer(nodeIndex);
        else count.fail(nodeIndex);
        if (count.isMet) {
          this.#parts.deadlines.cancel(deadline);
          this.#succeed(merged);
        } else if (count.isImpossible) {
          fail();
        } else if (!isHeld && this.#done !== undefined) {
          const next = spare.find((node) => this.#sharesGroup(node, nodeIndex));
          if (next === undefined) return;
          remove(spare, next);
          send(next);
        }
      });
    };
    for (const nodeIndex of merged.stale) send(nodeIndex);
  }

  /** Can this replica stand in for that one. */
  #sharesGroup(a: number, b: number): boolean {
    const { groups } = this.#plan.requirement;
    return groups.some(({ members }) => members.includes(a) && members.includes(b));
  }

  #writeBack(nodeIndex: number, record: Uint8Array, done: (isHeld: boolean) => void): void {
    const { place, key, partition, epochs, trace } = this.#plan;
    const { deadlines, replica, peers } = this.#parts;
    const step = trace?.sent(nodeName(place, nodeIndex), 'repair') ?? 0;
    const ownMs = deadlines.nowMs() + this.#options.replicaWriteTimeoutMs;
    const deadlineMs = Math.max(ownMs, this.#plan.deadlineMs);
    const sync = this.#plan.requirement.isStrict;
    const finish = (error: CoterieError | undefined, isDurable: boolean): void => {
      const isHeld = error === undefined && (isDurable || !sync);
      trace?.answered(step, error === undefined ? 'merged' : error.code, isHeld);
      done(isHeld);
    };
    if (nodeIndex === place.nodeIndex) {
      replica.merge({ key, partition, epochs, deadlineMs }, record, sync, (merged) => {
        if (merged instanceof CoterieError) finish(merged, false);
        else finish(undefined, merged.isDurable);
      });
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
    const failures = this.#failures ?? [];
    const why = failures.map((failure) => `${failure.node} ${failure.code}`).join(', ');
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
          failures: [...failures],
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

/** One peer that was asked. */
class Question implements PeerCall {
  readonly operation: PeerOperation;
  readonly epochs: Epochs;
  readonly deadlineMs: number;
  readonly bytes: number;
  readonly #read: ReadOperation;
  readonly #nodeIndex: number;
  readonly #step: number;

  constructor(read: ReadOperation, plan: Plan, nodeIndex: number, step: number) {
    const { bucket, key, storageKey } = plan.key;
    this.operation = { $case: 'read', read: { bucket, key } };
    this.epochs = plan.epochs;
    this.deadlineMs = plan.deadlineMs;
    this.bytes = storageKey.length + 32;
    this.#read = read;
    this.#nodeIndex = nodeIndex;
    this.#step = step;
  }

  done(result: PeerResult | CoterieError): void {
    this.#read.heard(this.#nodeIndex, result, this.#step);
  }
}

/** In place, and without the array of what was removed that `splice` returns. */
function remove(nodes: number[], nodeIndex: number): void {
  const at = nodes.indexOf(nodeIndex);
  if (at < 0) return;
  nodes.copyWithin(at, at + 1);
  nodes.pop();
}

function describe(bytes: Uint8Array | undefined, isVerified: boolean): string {
  const what = bytes === undefined ? 'no record' : `record of ${bytes.length} bytes`;
  return isVerified ? what : `${what}, unverified`;
}
