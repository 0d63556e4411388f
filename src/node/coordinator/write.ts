/** One write at a node that owns a replica: mint and commit here, then replicate the whole record
 *  to every other replica and answer once the requirement is met; the rest goes on in the
 *  background with a budget of its own.
 *  Invariants: nothing is sent before the local commit; after it only success or `unknown` are
 *  possible, refusals by replicas being details of QUORUM_NOT_MET (ARCHITECTURE 5.22); every
 *  replica is sent the record also when the client has been answered, and is owed it (Hints) as
 *  soon as it has refused or been silent for long.
 *  Not here: which node mints (coordinator.ts), counting (core/quorum/write-tally.ts).
 *  Source: ARCHITECTURE 4, 5.5. */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import { assert, CoterieError } from '../../core/errors.ts';
import { SloppyTally } from '../../core/quorum/sloppy-tally.ts';
import { WriteTally } from '../../core/quorum/write-tally.ts';
import type { CausalContext } from '../../core/version/causal-context.ts';
import { formatDot } from '../../core/version/dot.ts';
import type { MintOperation } from '../../core/version/mint.ts';
import type {
  Done,
  Epochs,
  Hints,
  Minted,
  PeerCall,
  PeerOperation,
  PeerResult,
} from '../contracts.ts';
import type { WriteParts } from './parts.ts';
import type { Plan } from './plan.ts';
import { isDoubtful, nodeName, nodeNames, reachRefusal } from './plan.ts';
import { StandIns } from './stand-ins.ts';

export interface WriteOptions {
  readonly context: CausalContext;
  readonly overwrite: boolean;
  readonly operation: MintOperation;
  /** Acknowledgements count only after an fsync. */
  readonly isDurable: boolean;
  readonly replicaWriteTimeoutMs: number;
}

export interface WriteOutcome {
  readonly minted: Minted;
  readonly required: number;
  /** Replicas. */
  readonly counted: readonly number[];
  /** Members counted for replicas that are not. */
  readonly standIns: readonly number[];
  readonly durable: number;
}

export class WriteOperation {
  readonly #parts: WriteParts;
  readonly #plan: Plan;
  readonly #options: WriteOptions;
  readonly #tally: WriteTally | SloppyTally;
  readonly #deadline: DeadlineEntry;
  #failures: { node: string; code: string }[] | undefined;
  #minted: Minted | undefined;
  #mintStep = 0;
  /** Since when the mint is under way, then the copies; monotonic. */
  #sinceMs = 0;
  readonly #copies: Copy[] = [];
  /** Copies that are not over. */
  #copiesLeft = 0;
  #silence: DeadlineEntry | undefined;
  /** Only of a sloppy write. */
  #standIns: StandIns | undefined;
  /** `undefined` once the client has been answered. */
  #done: Done<WriteOutcome> | undefined;

  /** Begins. The budget bounds the wait for this node's own commit too: if that hangs, the client
   *  is told `unknown` in time, and the copies go out once it is there. */
  static begin(
    parts: WriteParts,
    plan: Plan,
    options: WriteOptions,
    done: Done<WriteOutcome>,
  ): void {
    const refusal = reachRefusal(plan, parts.peers);
    if (refusal === undefined) new WriteOperation(parts, plan, options, done).#mint();
    else done(refusal);
  }

  private constructor(
    parts: WriteParts,
    plan: Plan,
    options: WriteOptions,
    done: Done<WriteOutcome>,
  ) {
    this.#parts = parts;
    this.#plan = plan;
    this.#options = options;
    this.#done = done;
    const { requirement } = plan;
    const countsOnlyDurable = options.isDurable;
    this.#tally = plan.isSloppy
      ? new SloppyTally({ requirement, countsOnlyDurable })
      : new WriteTally({ requirements: [requirement], countsOnlyDurable });
    this.#deadline = parts.deadlines.add(plan.deadlineMs, () => {
      this.#finish(this.#failure('DEADLINE_EXCEEDED'));
    });
  }

  #mint(): void {
    const { place, trace, requirement } = this.#plan;
    const { context, overwrite, operation, isDurable } = this.#options;
    if (trace !== undefined) {
      const name = nodeName(place, place.nodeIndex);
      this.#mintStep = trace.sent(name, 'mint');
      trace.minter(name);
    }
    const sync = isDurable || requirement.durable > 0;
    const request = { context, overwrite, operation, sync };
    this.#sinceMs = this.#parts.deadlines.nowMs();
    this.#parts.replica.mint(this.#plan, request, (minted) => this.#heardOfMint(minted));
  }

  #heardOfMint(minted: Minted | CoterieError): void {
    const { trace } = this.#plan;
    if (minted instanceof CoterieError) {
      trace?.answered(this.#mintStep, minted.code, false);
      this.#finish(minted);
      return;
    }
    trace?.answered(this.#mintStep, `minted ${formatDot(minted.dot)}`, true);
    this.#minted = minted;
    const nowMs = this.#parts.deadlines.nowMs();
    this.#parts.legs.minted(nowMs - this.#sinceMs);
    this.#sinceMs = nowMs;
    this.#tally.acknowledge(this.#plan.place.nodeIndex, minted.isDurable);
    this.#replicate(minted.bytes, nowMs);
    this.#decide();
  }

  #replicate(record: Uint8Array, nowMs: number): void {
    const { place, replicas, key, requirement } = this.#plan;
    const sync = this.#options.isDurable || requirement.durable > 1;
    const replicate = { bucket: key.bucket, key: key.key, record, sync, repair: false };
    const operation = { $case: 'replicate', replicate } as const;
    // At least a budget of its own: the background copies must not die with an impatient client
    // (ARCHITECTURE 5.22). A patient one is waited for: large records and far replicas take long.
    const ownMs = nowMs + this.#options.replicaWriteTimeoutMs;
    const deadlineMs = Math.max(ownMs, this.#plan.deadlineMs);
    for (const nodeIndex of replicas) {
      if (nodeIndex === place.nodeIndex) continue;
      const step = this.#plan.trace?.sent(nodeName(place, nodeIndex), 'replicate') ?? 0;
      this.#copies.push(new Copy(this, this.#plan, nodeIndex, operation, deadlineMs, step));
    }
    this.#copiesLeft = this.#copies.length;
    const { peers, deadlines } = this.#parts;
    if (this.#plan.isSloppy) this.#standIns = this.#makeStandIns(record);
    for (const copy of this.#copies) {
      peers.call(copy.nodeIndex, copy);
      if (this.#plan.isSloppy && isDoubtful(copy.nodeIndex, peers)) this.#wantStandIn(copy);
    }
    if (this.#copiesLeft === 0) return;
    this.#silence = deadlines.add(this.#silentFromMs(nowMs), () => {
      for (const copy of this.#copies) this.#missed(copy);
    });
  }

  /** It has refused, or been silent for long. */
  #missed(copy: Copy): void {
    copy.missed(this.#parts.hints);
    if (!copy.hasArrived) this.#wantStandIn(copy);
  }

  /** The owner itself is noted in any case: this is for the level alone. */
  #wantStandIn({ nodeIndex }: Copy): void {
    if (this.#done !== undefined) this.#standIns?.want(nodeIndex);
  }

  #makeStandIns(record: Uint8Array): StandIns {
    const tally = this.#tally;
    assert(tally instanceof SloppyTally, 'Only a sloppy write counts stand-ins');
    return new StandIns(this.#parts, this.#plan, record, {
      stoodIn: (target, holder) => {
        tally.stoodIn(target, holder);
        this.#decide();
      },
      noStandIn: (target) => {
        tally.noStandIn(target);
        this.#decide();
      },
    });
  }

  /** From when on a replica that has not answered is owed the copy. */
  #silentFromMs(nowMs: number): number {
    const leftMs = Math.max(0, this.#plan.deadlineMs - nowMs);
    // Whoever stands in needs time too.
    const patienceMs = this.#plan.isSloppy ? leftMs / 2 : leftMs;
    return nowMs + Math.min(this.#options.replicaWriteTimeoutMs, patienceMs);
  }

  /** The first two, in the order of sending, are a pair. */
  timed(copy: Copy, nowMs: number, farMs: number | undefined): void {
    const { legs } = this.#parts;
    const [one, other] = this.#copies;
    copy.tookMs = nowMs - this.#sinceMs;
    legs.copied(copy.tookMs, farMs);
    if (one === undefined || other === undefined || (copy !== one && copy !== other)) return;
    if (one.tookMs >= 0 && other.tookMs >= 0) legs.together(one.tookMs, other.tookMs);
  }

  copied(copy: Copy, result: PeerResult | CoterieError): void {
    const { nodeIndex, step } = copy;
    this.#copiesLeft -= 1;
    if (this.#copiesLeft === 0 && this.#silence !== undefined) {
      this.#parts.deadlines.cancel(this.#silence);
    }
    if (result instanceof CoterieError || result.$case !== 'replicate') {
      this.#missed(copy);
    } else {
      copy.arrived();
    }
    if (result instanceof CoterieError) {
      this.#refused(nodeIndex, result, step);
    } else if (result.$case === 'replicate') {
      const { durable, changed } = result.replicate;
      this.#tally.acknowledge(nodeIndex, durable);
      this.#plan.trace?.answered(step, describe(durable, changed), true);
      this.#decide();
    } else {
      const error = new CoterieError('MALFORMED_MESSAGE', 'Not an acknowledgement');
      this.#refused(nodeIndex, error, step);
    }
  }

  #refused(nodeIndex: number, error: CoterieError, step: number): void {
    this.#plan.trace?.answered(step, error.code, false);
    this.#failures ??= [];
    this.#failures.push({ node: nodeName(this.#plan.place, nodeIndex), code: error.code });
    this.#tally.fail(nodeIndex);
    this.#decide();
  }

  #decide(): void {
    const { verdict } = this.#tally;
    const minted = this.#minted;
    if (verdict === 'pending' || minted === undefined || this.#done === undefined) return;
    if (verdict === 'failed') {
      this.#finish(this.#failure('QUORUM_NOT_MET'));
    } else {
      const { required, acknowledged, durable } = this.#tally;
      const standIns = this.#countedStandIns();
      this.#finish({ minted, required, counted: acknowledged, standIns, durable });
    }
  }

  #countedStandIns(): readonly number[] {
    return this.#tally instanceof SloppyTally ? this.#tally.standIns : NOBODY;
  }

  #finish(outcome: WriteOutcome | CoterieError): void {
    const done = this.#done;
    if (done === undefined) return;
    this.#done = undefined;
    this.#parts.deadlines.cancel(this.#deadline);
    done(outcome);
  }

  #failure(code: 'QUORUM_NOT_MET' | 'DEADLINE_EXCEEDED'): CoterieError {
    const { requirement, place } = this.#plan;
    const acknowledged = this.#tally.acknowledged;
    const standIns = this.#countedStandIns();
    const failures = this.#failures ?? [];
    const why = failures.map((failure) => `${failure.node} ${failure.code}`).join(', ');
    return new CoterieError(
      code,
      `The write is on ${nodeNames(place, acknowledged).join(', ') || 'no counted replica'}; ` +
        `${requirement.label} needs ${this.#tally.required}` +
        `${why === '' ? '' : ` (${why})`}: it may surface later, retry with the same request id`,
      {
        applied: 'unknown',
        details: {
          phase: 'write',
          required: this.#tally.required,
          received: acknowledged.length + standIns.length,
          nodes: nodeNames(place, acknowledged),
          ...(standIns.length === 0 ? {} : { standIns: nodeNames(place, standIns) }),
          minter: nodeName(place, place.nodeIndex),
          failures: [...failures],
        },
      },
    );
  }
}

/** One replica's copy on its way. */
class Copy implements PeerCall {
  readonly operation: PeerOperation;
  readonly epochs: Epochs;
  readonly deadlineMs: number;
  readonly bytes: number;
  readonly nodeIndex: number;
  readonly step: number;
  /** -1: it has not been answered. */
  tookMs = -1;
  readonly #write: WriteOperation;
  readonly #plan: Plan;
  #state: 'sent' | 'missed' | 'arrived' = 'sent';
  #takeBack: (() => void) | undefined;

  constructor(
    write: WriteOperation,
    plan: Plan,
    nodeIndex: number,
    operation: PeerOperation & { readonly $case: 'replicate' },
    deadlineMs: number,
    step: number,
  ) {
    this.operation = operation;
    this.epochs = plan.epochs;
    this.deadlineMs = deadlineMs;
    this.bytes = operation.replicate.record.length + plan.key.storageKey.length + 32;
    this.nodeIndex = nodeIndex;
    this.step = step;
    this.#write = write;
    this.#plan = plan;
  }

  done(result: PeerResult | CoterieError): void {
    this.#write.copied(this, result);
  }

  timed(nowMs: number, farMs: number | undefined): void {
    this.#write.timed(this, nowMs, farMs);
  }

  /** It is owed from now on, unless it has arrived. */
  missed(hints: Hints): void {
    if (this.#state !== 'sent') return;
    this.#state = 'missed';
    this.#takeBack = hints.missed(this.nodeIndex, this.#plan.key, this.#plan.partition);
  }

  get hasArrived(): boolean {
    return this.#state === 'arrived';
  }

  arrived(): void {
    this.#state = 'arrived';
    this.#takeBack?.();
  }
}

const NOBODY: readonly number[] = [];

function describe(isDurable: boolean, isChanged: boolean): string {
  const what = isChanged ? 'merged' : 'had it already';
  return isDurable ? `${what}, durable` : what;
}
