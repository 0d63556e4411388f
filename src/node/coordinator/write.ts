/** One write at a node that owns a replica: mint and commit here, then replicate the whole record
 *  to every other replica and answer once the requirement is met; the rest goes on in the
 *  background with a budget of its own.
 *  Invariants: nothing is sent before the local commit; after it only success or `unknown` are
 *  possible, refusals by replicas being details of QUORUM_NOT_MET (ARCHITECTURE 5.22); every
 *  replica is sent the record also when the client has been answered.
 *  Not here: which node mints (coordinator.ts), counting (core/quorum/write-tally.ts).
 *  Source: ARCHITECTURE 4, 5.5. */
import { CoterieError } from '../../core/errors.ts';
import { WriteTally } from '../../core/quorum/write-tally.ts';
import type { CausalContext } from '../../core/version/causal-context.ts';
import { formatDot } from '../../core/version/dot.ts';
import type { MintOperation } from '../../core/version/mint.ts';
import type { Minted } from '../contracts.ts';
import type { Plan } from './plan.ts';
import { nodeName, nodeNames, requireReach } from './plan.ts';
import type { CoordinatorParts } from './read.ts';

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
  readonly counted: readonly number[];
  readonly durable: number;
}

export class WriteOperation {
  readonly #parts: CoordinatorParts;
  readonly #plan: Plan;
  readonly #options: WriteOptions;
  readonly #tally: WriteTally;
  readonly #failures: { node: string; code: string }[] = [];
  #wake: () => void = () => {};

  constructor(parts: CoordinatorParts, plan: Plan, options: WriteOptions) {
    this.#parts = parts;
    this.#plan = plan;
    this.#options = options;
    this.#tally = new WriteTally({
      requirements: [plan.requirement],
      countsOnlyDurable: options.isDurable,
    });
  }

  async run(): Promise<WriteOutcome> {
    requireReach(this.#plan, this.#parts.peers);
    const minted = await this.#settled();
    return {
      minted,
      required: this.#tally.required,
      counted: this.#tally.acknowledged,
      durable: this.#tally.durable,
    };
  }

  /** The budget bounds the wait for this node's own commit too: if that hangs, the client is told
   *  `unknown` in time, and the copies go out once it is there. */
  #settled(): Promise<Minted> {
    return new Promise((resolve, reject) => {
      const { deadlines } = this.#parts;
      const deadline = deadlines.add(this.#plan.deadlineMs, () => {
        reject(this.#failure('DEADLINE_EXCEEDED'));
      });
      this.#mint().then(
        (minted) => {
          this.#wake = () => {
            const { verdict } = this.#tally;
            if (verdict === 'pending') return;
            this.#wake = () => {};
            deadlines.cancel(deadline);
            if (verdict === 'satisfied') resolve(minted);
            else reject(this.#failure('QUORUM_NOT_MET'));
          };
          this.#replicateToOthers(minted);
        },
        (error: unknown) => {
          deadlines.cancel(deadline);
          reject(error);
        },
      );
    });
  }

  #replicateToOthers(minted: Minted): void {
    const { place, replicas } = this.#plan;
    this.#tally.acknowledge(place.nodeIndex, minted.isDurable);
    for (const nodeIndex of replicas) {
      if (nodeIndex !== place.nodeIndex) this.#replicate(nodeIndex, minted);
    }
    this.#wake();
  }

  async #mint(): Promise<Minted> {
    const { place, key, partition, epochs, deadlineMs, trace, requirement } = this.#plan;
    const { context, overwrite, operation, isDurable } = this.#options;
    const name = nodeName(place, place.nodeIndex);
    const step = trace.sent(name, 'mint');
    trace.minter(name);
    const sync = isDurable || requirement.durable > 0;
    try {
      const minted = await this.#parts.replica.mint({
        key,
        partition,
        epochs,
        deadlineMs,
        context,
        overwrite,
        operation,
        sync,
      });
      trace.answered(step, `minted ${formatDot(minted.dot)}`, true);
      return minted;
    } catch (error) {
      trace.answered(step, error instanceof CoterieError ? error.code : String(error), false);
      throw error;
    }
  }

  #replicate(nodeIndex: number, minted: Minted): void {
    const { place, key, epochs, trace, requirement } = this.#plan;
    const step = trace.sent(nodeName(place, nodeIndex), 'replicate');
    this.#parts.peers.call(nodeIndex, {
      operation: {
        $case: 'replicate',
        replicate: {
          bucket: key.bucket,
          key: key.key,
          record: minted.bytes,
          sync: this.#options.isDurable || requirement.durable > 1,
          repair: false,
        },
      },
      epochs,
      // Its own budget: the background copies must not die with an impatient client (ARCHITECTURE
      // 5.22).
      deadlineMs: this.#parts.deadlines.nowMs() + this.#options.replicaWriteTimeoutMs,
      bytes: minted.bytes.length + key.storageKey.length + 32,
      done: (result) => {
        if (result instanceof CoterieError) {
          this.#refused(nodeIndex, result, step);
        } else if (result.$case === 'replicate') {
          const { durable, changed } = result.replicate;
          this.#tally.acknowledge(nodeIndex, durable);
          const what = changed ? 'merged' : 'had it already';
          trace.answered(step, durable ? `${what}, durable` : what, true);
          this.#wake();
        } else {
          const error = new CoterieError('MALFORMED_MESSAGE', 'Not an acknowledgement');
          this.#refused(nodeIndex, error, step);
        }
      },
    });
  }

  #refused(nodeIndex: number, error: CoterieError, step: number): void {
    this.#plan.trace.answered(step, error.code, false);
    this.#failures.push({ node: nodeName(this.#plan.place, nodeIndex), code: error.code });
    this.#tally.fail(nodeIndex);
    this.#wake();
  }

  #failure(code: 'QUORUM_NOT_MET' | 'DEADLINE_EXCEEDED'): CoterieError {
    const { requirement, place } = this.#plan;
    const acknowledged = this.#tally.acknowledged;
    const why = this.#failures.map((failure) => `${failure.node} ${failure.code}`).join(', ');
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
          received: acknowledged.length,
          nodes: nodeNames(place, acknowledged),
          minter: nodeName(place, place.nodeIndex),
          failures: [...this.#failures],
        },
      },
    );
  }
}
