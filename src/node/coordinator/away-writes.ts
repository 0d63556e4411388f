/** Writes of keys of which this node owns no replica: sent on to a member that does; at level ANY,
 *  when none of these can take it, minted and kept here until they can.
 *  Invariants: nothing is kept here unless it is certain that no replica has applied the write; a
 *  delete that must first be read is never made here, for nobody is there to read from.
 *  Not here: sending on (forwarding.ts), keeping (node/handoff), writes of own keys (write.ts).
 *  Source: docs/guarantees.md, level any. */
import type { Checksum } from '../../core/checksum.ts';
import { CoterieError } from '../../core/errors.ts';
import type { CausalContext } from '../../core/version/causal-context.ts';
import { formatDot } from '../../core/version/dot.ts';
import type { MintOperation } from '../../core/version/mint.ts';
import { EMPTY_BYTES } from '../../core/version/record.ts';
import type {
  DeleteReply,
  DeleteRequest,
  PutReply,
  PutRequest,
} from '../../wire/generated/coterie/v1/kv.ts';
import type { Minted } from '../contracts.ts';
import { forwardWrite, isRefusedByNode, wrongReply } from './forwarding.ts';
import type { WriteParts } from './parts.ts';
import { nodeName, type Plan } from './plan.ts';
import { promised } from './promised.ts';
import { deleteReply, putReply } from './replies.ts';
import type { WriteOutcome } from './write.ts';

export interface AwayWritesParts extends WriteParts {
  readonly checksum: Checksum;
}

/** How the request is to be minted. */
interface Minting {
  readonly context: CausalContext;
  readonly overwrite: boolean;
  readonly operation: MintOperation;
}

export class AwayWrites {
  readonly #parts: AwayWritesParts;

  constructor(parts: AwayWritesParts) {
    this.#parts = parts;
  }

  async put(
    plan: Plan,
    request: PutRequest,
    context: CausalContext,
    bytes: number,
  ): Promise<PutReply> {
    try {
      const operation = { $case: 'put', put: this.#withBudget(request, plan) } as const;
      const reply = await forwardWrite(this.#parts.peers, plan, operation, bytes);
      if (reply.$case === 'put') return reply.put;
    } catch (error) {
      if (!mayKeep(plan, error)) throw error;
      const { value, overwrite, requestId } = request;
      const operation: MintOperation = {
        ...{ kind: 'put', value, meta: EMPTY_BYTES },
        ...(requestId.length === 0 ? {} : { requestId }),
      };
      const outcome = await this.#keep(plan, { context, overwrite, operation });
      return putReply(plan, outcome, this.#parts.checksum);
    }
    throw wrongReply();
  }

  async delete(
    plan: Plan,
    request: DeleteRequest,
    context: CausalContext,
    bytes: number,
  ): Promise<DeleteReply> {
    const { requestId, blind } = request;
    try {
      const operation = { $case: 'delete', delete: this.#withBudget(request, plan) } as const;
      const reply = await forwardWrite(this.#parts.peers, plan, operation, bytes);
      if (reply.$case === 'delete') return reply.delete;
    } catch (error) {
      const mustRead = !blind && request.context.length === 0;
      if (mustRead || !mayKeep(plan, error)) throw error;
      const operation: MintOperation =
        requestId.length === 0 ? { kind: 'delete' } : { kind: 'delete', requestId };
      const outcome = await this.#keep(plan, { context, overwrite: blind, operation });
      return deleteReply(plan, outcome, this.#parts.checksum);
    }
    throw wrongReply();
  }

  async #keep(plan: Plan, minting: Minting): Promise<WriteOutcome> {
    const { place, trace } = plan;
    const name = nodeName(place, place.nodeIndex);
    const step = trace?.sent(name, 'mint') ?? 0;
    trace?.minter(name);
    const minted = await this.#mint(plan, minting);
    trace?.answered(step, `kept ${formatDot(minted.dot)}`, true);
    return { minted, required: 1, counted: [], standIns: [place.nodeIndex], durable: 0 };
  }

  /** Its fsync may hang: the client is told in time. */
  #mint(plan: Plan, minting: Minting): Promise<Minted> {
    const { fallback, deadlines } = this.#parts;
    const { key, partition, epochs, deadlineMs } = plan;
    return promised((done) => {
      const deadline = deadlines.add(deadlineMs, () => done(tooLate()));
      fallback.mint(
        { key, partition, epochs, deadlineMs },
        { ...minting, sync: true },
        (minted) => {
          deadlines.cancel(deadline);
          done(minted);
        },
      );
    });
  }

  /** The same request with what is left of its budget. */
  #withBudget<Request extends { readonly timeoutMs: number }>(
    request: Request,
    plan: Plan,
  ): Request {
    const leftMs = Math.max(1, Math.floor(plan.deadlineMs - this.#parts.deadlines.nowMs()));
    return { ...request, timeoutMs: leftMs };
  }
}

function mayKeep({ requirement, replicas, place }: Plan, error: unknown): boolean {
  if (requirement.label !== 'any' || !(error instanceof CoterieError)) return false;
  // A replica that is not rebuilt keeps nothing for itself.
  if (replicas.includes(place.nodeIndex)) return false;
  return error.applied === 'no' && (error.code === 'NO_REPLICA' || isRefusedByNode(error));
}

function tooLate(): CoterieError {
  return new CoterieError('DEADLINE_EXCEEDED', 'The write is not on the disk in time', {
    applied: 'unknown',
    details: { phase: 'write', required: 1, received: 0 },
  });
}
