/** One read: asks as many replicas as the requirement needs, one of them for its record and the
 *  others for no more than a digest of it if it is large; asks others in time for those who cannot
 *  answer or are late; merges, and at strict requirements writes the merged record back to a
 *  majority before it answers.
 *  Invariants: an answer given at a strict requirement is held by a majority, so a later quorum
 *  read cannot be older; a read whose repair cannot reach a majority fails and says so
 *  (ARCHITECTURE 5.25); an answer counts once, and toward nothing when the read has all that it
 *  needs; every wait ends at the deadline.
 *  Not here: counting (core/quorum), the repair (majority-repair.ts), late answers
 *  (late-answers.ts), what the client is sent (coordinator.ts). */

import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import { CoterieError } from '../../core/errors.ts';
import { GroupCount } from '../../core/quorum/group-count.ts';
import { ReadTally } from '../../core/quorum/read-tally.ts';
import type { MergedAnswers } from '../../core/quorum/repair-plan.ts';
import { mergeAnswers, repairGroups } from '../../core/quorum/repair-plan.ts';
import type { ItemHash } from '../../core/version/item-hash.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type { Done, PeerResult } from '../contracts.ts';
import { reportCollisions } from './collisions.ts';
import { backgroundRepair, LateAnswers } from './late-answers.ts';
import { MajorityRepair } from './majority-repair.ts';
import type { Plan } from './plan.ts';
import { nodeName, rankReplicas, reachRefusal } from './plan.ts';
import { type Asker, Question } from './question.ts';
import { digestOf, isDigest } from './read-digest.ts';
import { type ReplicaFailure, readFailure } from './read-failures.ts';
import type { ReadKit } from './read-kit.ts';

export interface ReadOutcome extends MergedAnswers {
  readonly required: number;
  /** Replicas counted. */
  readonly counted: readonly number[];
}

export class ReadOperation implements Asker {
  readonly #kit: ReadKit;
  readonly #plan: Plan;
  readonly #tally: ReadTally;
  readonly #deadline: DeadlineEntry;
  readonly #candidates: number[];
  /** Asked, and neither a record nor a refusal has come of it. */
  readonly #expected: number[] = [];
  #failures: ReplicaFailure[] | undefined;
  #asked = 0;
  /** Questions for whole records that have no answer. */
  #recordsDue = 0;
  /** Replicas that were asked for their record after their digest; `undefined`: there was none. */
  #fetched: number[] | undefined;
  #digestSteps: Map<number, number> | undefined;
  #hedged: number | undefined;
  #timer: DeadlineEntry | undefined;
  readonly #beganMs: number;
  #replaceAtMs: number;
  /** Enough is known of the replicas, or the budget is spent. */
  #isCollected = false;
  /** What late answers are compared with. */
  #merged: MergedAnswers | undefined;
  /** `undefined` once the caller has been told. */
  #done: Done<ReadOutcome> | undefined;

  static begin(kit: ReadKit, plan: Plan, done: Done<ReadOutcome>): void {
    const refusal = reachRefusal(plan, kit.parts.peers);
    if (refusal === undefined) new ReadOperation(kit, plan, done).#collect();
    else done(refusal);
  }

  private constructor(kit: ReadKit, plan: Plan, done: Done<ReadOutcome>) {
    this.#kit = kit;
    this.#plan = plan;
    this.#done = done;
    this.#tally = new ReadTally(plan.requirement, (bytes) => digestOf(kit.parts, plan, bytes));
    this.#candidates = rankReplicas(plan, kit.parts.peers);
    const { deadlines } = kit.parts;
    this.#beganMs = deadlines.nowMs();
    this.#replaceAtMs = this.#beganMs + kit.options.replaceAfterMs;
    // Before any question is: it is to be over before its questions are.
    this.#deadline = deadlines.add(plan.deadlineMs, () => this.#expire());
  }

  /** Asks as many as are needed, and more when they do not answer in time. */
  #collect(): void {
    const count = this.#tally.missing;
    for (let asked = 0; asked < count; asked += 1) this.#askNext(this.#expected, this.#beganMs);
    if (!this.#isCollected) this.#await('hedge');
  }

  #expire(): void {
    this.#stopCollecting();
    this.#finish(this.#failure('DEADLINE_EXCEEDED'));
  }

  /** Asks one more where answers are missing even if all those `expected` come: per group, because
   *  the surplus of one datacentre is of no use to another. Returns whom. */
  #askNext(
    expected: readonly number[],
    nowMs = this.#kit.parts.deadlines.nowMs(),
  ): number | undefined {
    if (this.#tally.verdict !== 'pending') return undefined;
    const nodeIndex = this.#candidates.find((node) => this.#tally.isUseful(node, expected));
    if (nodeIndex === undefined) return undefined;
    remove(this.#candidates, nodeIndex);
    this.#asked += 1;
    this.#expected.push(nodeIndex);
    // A digest is of no use without a record to compare it with, known or about to come.
    const isRecordDue = this.#recordsDue > 0 && expected.length > 0;
    this.#ask(nodeIndex, this.#tally.answers.length === 0 && !isRecordDue, nowMs);
    return nodeIndex;
  }

  #ask(nodeIndex: number, isWhole: boolean, nowMs: number): void {
    const { parts, options } = this.#kit;
    const { place, trace } = this.#plan;
    const step = trace?.sent(nodeName(place, nodeIndex), 'read') ?? 0;
    if (nodeIndex !== place.nodeIndex) {
      const digestAbove = isWhole ? 0 : options.tuning.digestAboveBytes;
      if (digestAbove === 0) this.#recordsDue += 1;
      const question = new Question(this, this.#plan, nodeIndex, nowMs, step, digestAbove);
      parts.peers.call(nodeIndex, question);
      return;
    }
    this.#recordsDue += 1;
    parts.replica.read(this.#plan, (held) => {
      this.#recordsDue -= 1;
      if (held instanceof CoterieError) {
        this.#failed(nodeIndex, held, step);
        return;
      }
      parts.legs.lookedUp(parts.deadlines.nowMs() - nowMs);
      this.#answered(nodeIndex, held.bytes, held.isVerified, step);
    });
  }

  timed(tookMs: number, farMs: number | undefined): void {
    this.#kit.parts.legs.read(tookMs, farMs);
  }

  heard(
    nodeIndex: number,
    result: PeerResult | CoterieError,
    step: number,
    isWhole: boolean,
  ): void {
    if (isWhole) this.#recordsDue -= 1;
    if (result instanceof CoterieError) {
      this.#failed(nodeIndex, result, step);
    } else if (result.$case !== 'read' || (isWhole && isDigest(result.read))) {
      this.#failed(nodeIndex, new CoterieError('MALFORMED_MESSAGE', 'Not a read reply'), step);
    } else {
      const { record, verified, digestHigh, digestLow } = result.read;
      const isVerified = verified && this.#kit.parts.peers.isTrusted(nodeIndex);
      if (isDigest(result.read)) {
        this.#answeredDigest(nodeIndex, { high: digestHigh, low: digestLow }, isVerified, step);
      } else {
        const bytes = record.length === 0 ? undefined : record;
        this.#answered(nodeIndex, bytes, isVerified, step);
      }
    }
  }

  #answered(
    nodeIndex: number,
    bytes: Uint8Array | undefined,
    isVerified: boolean,
    step: number,
  ): void {
    const { trace } = this.#plan;
    if (this.#isCollected) {
      trace?.answered(step, describe(bytes, isVerified), false);
      if (isVerified) this.#late()?.record(nodeIndex, bytes);
      return;
    }
    remove(this.#expected, nodeIndex);
    this.#tally.answer({ nodeIndex, bytes }, isVerified);
    const isCounted = this.#tally.isCounted(nodeIndex);
    trace?.answered(step, describe(bytes, isVerified), isCounted);
    if (!isCounted) this.#discount(nodeIndex, 'UNVERIFIED');
    this.#decide();
  }

  #answeredDigest(nodeIndex: number, digest: ItemHash, isVerified: boolean, step: number): void {
    const { trace } = this.#plan;
    if (this.#isCollected) {
      trace?.digest(step, false);
      if (isVerified) this.#late()?.digest(nodeIndex, digest);
      return;
    }
    this.#fetched ??= [];
    this.#tally.answerDigest(nodeIndex, digest, isVerified);
    const isCounted = this.#tally.isCounted(nodeIndex);
    trace?.digest(step, isCounted);
    if (!isCounted && !this.#tally.isDigestOf(nodeIndex)) {
      remove(this.#expected, nodeIndex);
      this.#discount(nodeIndex, 'UNVERIFIED');
    } else if (trace !== undefined) {
      this.#digestSteps ??= new Map();
      this.#digestSteps.set(nodeIndex, step);
    }
    this.#decide();
  }

  #failed(nodeIndex: number, { code }: CoterieError, step: number): void {
    this.#plan.trace?.answered(step, code, false);
    if (this.#isCollected) return;
    remove(this.#expected, nodeIndex);
    this.#tally.fail(nodeIndex);
    this.#discount(nodeIndex, code);
    this.#decide();
  }

  /** It counts for nothing, so somebody else must answer. */
  #discount(nodeIndex: number, code: string): void {
    this.#failures ??= [];
    this.#failures.push({ node: nodeName(this.#plan.place, nodeIndex), code });
    this.#askNext(this.#expected);
  }

  #decide(): void {
    if (this.#isCollected) return;
    if (this.#fetched !== undefined) this.#followDigests(this.#fetched);
    const { verdict } = this.#tally;
    if (verdict === 'pending') return;
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

  /** Digests whose record has come are counted; those of other records ask for these, unless what
   *  may be the same record is still about to come. */
  #followDigests(fetched: number[]): void {
    const { metrics } = this.#kit.parts;
    for (const { nodeIndex } of this.#tally.answers) {
      if (!remove(this.#expected, nodeIndex)) continue;
      metrics.add('coterie_read_digests_total', SAME);
      const step = this.#digestSteps?.get(nodeIndex);
      if (step !== undefined) this.#plan.trace?.counted(step);
    }
    if (this.#tally.verdict !== 'pending') return;
    if (this.#tally.answers.length === 0 && this.#recordsDue > 0) return;
    for (const nodeIndex of this.#tally.recordsWanted) {
      if (fetched.includes(nodeIndex)) continue;
      fetched.push(nodeIndex);
      metrics.add('coterie_read_digests_total', DIFFERENT);
      this.#ask(nodeIndex, true, this.#kit.parts.deadlines.nowMs());
    }
  }

  #merge(): void {
    const { parts } = this.#kit;
    const merged = mergeAnswers(this.#tally.answers, parts.codec);
    reportCollisions(parts, this.#plan, merged.collisions);
    this.#merged = merged;
    if (merged.stale.length > 0 && merged.bytes !== undefined) this.#repair(merged, merged.bytes);
    else this.#succeed(merged);
  }

  /** A strict read waits until a majority is known to hold what it answers. */
  #repair(merged: MergedAnswers, bytes: Uint8Array): void {
    const count = new GroupCount(repairGroups(this.#plan.requirement));
    for (const holder of merged.holders) count.answer(holder);
    if (!this.#plan.requirement.isStrict || count.isMet) {
      for (const nodeIndex of merged.stale) {
        this.#kit.repairs.add(backgroundRepair(this.#kit, this.#plan, nodeIndex, bytes));
      }
      this.#succeed(merged);
      return;
    }
    this.#kit.parts.metrics.add('coterie_read_repairs_total', BLOCKING, merged.stale.length);
    MajorityRepair.begin(this.#kit, this.#plan, { merged, bytes, count }, (failure) => {
      if (failure === undefined) this.#succeed(merged);
      else this.#finish(failure);
    });
  }

  #succeed(merged: MergedAnswers): void {
    const { record, bytes, holders, stale, collisions } = merged;
    const { required, answers } = this.#tally;
    const counted = answers.map((answer) => answer.nodeIndex);
    this.#finish({ record, bytes, holders, stale, collisions, required, counted });
    if (required === 1 && counted.length === 1) this.#lookAtOthers();
  }

  #finish(outcome: ReadOutcome | CoterieError): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(outcome);
  }

  #late(): LateAnswers | undefined {
    const merged = this.#merged;
    return merged === undefined ? undefined : new LateAnswers(this.#kit, this.#plan, merged);
  }

  /** A read that met one replica has compared nothing. */
  #lookAtOthers(): void {
    const { parts, options, isBusy } = this.#kit;
    const { groups } = this.#plan.requirement;
    if (parts.random.float() >= options.tuning.lookShare || isBusy()) return;
    const others = this.#candidates.filter((node) => groups[0]?.members.includes(node));
    this.#late()?.look(others);
  }

  /** When those who were asked are late; `undefined`: that cannot be told, or no other may be asked
   *  for them. Of several groups each has replicas of its own: who is late in one datacentre is not
   *  told by the times of another. */
  #hedgeAfterMs(): number | undefined {
    const { peers } = this.#kit.parts;
    const [next] = this.#candidates;
    if (next === undefined || this.#plan.requirement.groups.length > 1) return undefined;
    const self = this.#plan.place.nodeIndex;
    let highMs = 0;
    for (const nodeIndex of this.#expected) {
      // This node's own disk is late when asking another one would have been sooner.
      const peerMs = peers.latencyHighMs(nodeIndex === self ? next : nodeIndex);
      if (peerMs === 0) return undefined;
      highMs = Math.max(highMs, peerMs);
    }
    return Math.max(this.#kit.options.tuning.hedgeAfterMsMin, highMs);
  }

  /** One wait at a time, and none where there is nobody to ask: reads are many, and most are over
   *  before the first one. */
  #await(next: 'hedge' | 'replace'): void {
    if (this.#candidates.length === 0) return;
    const { deadlines } = this.#kit.parts;
    const hedgeAfterMs = next === 'hedge' ? this.#hedgeAfterMs() : undefined;
    const isHedge = hedgeAfterMs !== undefined && hedgeAfterMs < this.#kit.options.replaceAfterMs;
    const dueMs = isHedge ? deadlines.nowMs() + hedgeAfterMs : this.#replaceAtMs;
    this.#timer = deadlines.add(dueMs, () => this.#due(isHedge));
  }

  #due(isHedge: boolean): void {
    if (isHedge) {
      this.#hedge();
    } else {
      this.#replaceAtMs += this.#kit.options.replaceAfterMs;
      this.#askNext([]);
    }
    if (!this.#isCollected) this.#await('replace');
  }

  #hedge(): void {
    const { parts, budget, isBusy } = this.#kit;
    if (isBusy()) parts.metrics.add('coterie_read_hedges_total', { outcome: 'busy' });
    else if (budget.spend()) this.#hedged = this.#askNext([]);
    else parts.metrics.add('coterie_read_hedges_total', { outcome: 'no_budget' });
  }

  #stopCollecting(): void {
    this.#isCollected = true;
    const { deadlines, metrics } = this.#kit.parts;
    deadlines.cancel(this.#deadline);
    if (this.#timer !== undefined) deadlines.cancel(this.#timer);
    if (this.#hedged === undefined) return;
    const outcome = this.#tally.isCounted(this.#hedged) ? 'counted' : 'late';
    metrics.add('coterie_read_hedges_total', { outcome });
  }

  #failure(code: 'QUORUM_NOT_MET' | 'DEADLINE_EXCEEDED'): CoterieError {
    return readFailure(code, this.#plan, this.#tally, this.#asked, this.#failures ?? []);
  }
}

const SAME = { outcome: 'same' };
const DIFFERENT = { outcome: 'different' };
const BLOCKING = { mode: 'blocking' };

/** In place, and without the array of what was removed that `splice` returns. */
function remove(nodes: number[], nodeIndex: number): boolean {
  const at = nodes.indexOf(nodeIndex);
  if (at < 0) return false;
  nodes.copyWithin(at, at + 1);
  nodes.pop();
  return true;
}

function describe(bytes: Uint8Array | undefined, isVerified: boolean): string {
  const what = bytes === undefined ? 'no record' : `record of ${bytes.length} bytes`;
  return isVerified ? what : `${what}, unverified`;
}
