/** Makes fresh nodes one cluster, in two steps. Reserve: all answer and agree, or nothing happens
 *  (a reservation lapses by itself). Adopt: each takes the layout durably and passes it on, so a
 *  crash half way completes itself, and so does repeating the same init.
 *  Not here: what follows from the answers (core/ring/init-plan.ts). */
import { CoterieError } from '../core/errors.ts';
import {
  checkArguments,
  type InitArguments,
  type InitPlan,
  type NodeAnswer,
  planInit,
  proposalId,
} from '../core/ring/init-plan.ts';
import type { AdminService } from '../wire/services.ts';

/** One node named by the arguments, and how to talk to it. */
export interface InitNode {
  /** The address as it is in the arguments. */
  readonly target: string;
  readonly admin: Pick<AdminService, 'reserve' | 'adopt'>;
}

/** Errors: what a node answered, with its address; CLUSTER_MISMATCH, INVALID_ARGUMENT
 *  (core/ring/init-plan.ts). */
export async function initCluster(
  wanted: InitArguments,
  nodes: readonly InitNode[],
): Promise<InitPlan> {
  checkArguments(wanted);
  const id = proposalId(wanted);
  const answers = await reserveAll(id, nodes);
  const plan = planInit(wanted, answers);
  const adopting = nodes.filter(({ target }) => plan.targets.includes(target));
  const request = { proposalId: id, layout: plan.encoded };
  const outcomes = await Promise.allSettled(adopting.map(({ admin }) => admin.adopt(request)));
  const failed = firstFailure(adopting, outcomes);
  if (failed === undefined) return plan;
  const taken = nodes.length - outcomes.filter(({ status }) => status === 'rejected').length;
  throw new CoterieError(
    failed.error.code,
    `${taken} of ${nodes.length} nodes have the layout, but ${failed.target} did not take it: ` +
      `${failed.error.message}; repeat the same command to complete it`,
    { cause: failed.error, details: failed.error.details, retryable: true, applied: 'unknown' },
  );
}

async function reserveAll(id: Uint8Array, nodes: readonly InitNode[]): Promise<NodeAnswer[]> {
  const request = { proposalId: id };
  const outcomes = await Promise.allSettled(
    nodes.map(async ({ target, admin }) => ({ target, ...(await admin.reserve(request)) })),
  );
  const failed = firstFailure(nodes, outcomes);
  if (failed !== undefined) {
    const { code, message, details, retryable } = failed.error;
    const who = message.includes(failed.target) ? '' : `${failed.target}: `;
    throw new CoterieError(code, `${who}${message}; nothing was changed`, {
      cause: failed.error,
      details,
      retryable,
      applied: 'no',
    });
  }
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

interface Failure {
  readonly target: string;
  readonly error: CoterieError;
}

function firstFailure(
  nodes: readonly InitNode[],
  outcomes: readonly PromiseSettledResult<unknown>[],
): Failure | undefined {
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') continue;
    const error: unknown = outcome.reason;
    // The service rejects with nothing else; what is something else is a bug and keeps its stack.
    if (!(error instanceof CoterieError)) throw error;
    return { target: nodes[index]?.target ?? '', error };
  }
  return undefined;
}
