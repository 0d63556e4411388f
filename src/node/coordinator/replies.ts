/** What operations came to, as the messages that clients get.
 *  Invariant: a context in a reply covers only what the reply shows, or what its holder gave (RULINGS 1). */
import type { Checksum } from '../../core/checksum.ts';
import { EMPTY_CONTEXT } from '../../core/version/causal-context.ts';
import { encodeContextToken } from '../../core/version/context-token.ts';
import { formatDot } from '../../core/version/dot.ts';
import { hlcToUnixMs } from '../../core/version/hlc.ts';
import { contextOf, visibleSiblings } from '../../core/version/record.ts';
import type {
  DeleteReply,
  GetReply,
  PutReply,
  Quorum,
} from '../../wire/generated/coterie/v1/kv.ts';
import type { Plan } from './plan.ts';
import { nodeNames } from './plan.ts';
import type { ReadOutcome } from './read.ts';
import type { WriteOutcome } from './write.ts';

export function getReply(plan: Plan, outcome: ReadOutcome, checksum: Checksum): GetReply {
  const { record } = outcome;
  const siblings = record === undefined ? [] : visibleSiblings(record);
  const context = record === undefined ? EMPTY_CONTEXT : contextOf(record);
  return {
    found: siblings.length > 0,
    siblings: siblings.map((sibling) => ({
      value: sibling.value,
      dot: formatDot(sibling.dot),
      writtenAtMs: hlcToUnixMs(sibling.dot.seq),
    })),
    context: encodeContextToken(context, plan.key, checksum),
    quorum: quorum(plan, outcome.required, outcome.counted),
    trace: plan.trace.finish(),
  };
}

export function putReply(plan: Plan, outcome: WriteOutcome, checksum: Checksum): PutReply {
  const { minted } = outcome;
  return {
    context: encodeContextToken(minted.replyContext, plan.key, checksum),
    siblings: minted.siblings,
    quorum: quorum(plan, outcome.required, outcome.counted),
    trace: plan.trace.finish(),
    durable: outcome.durable,
    dot: formatDot(minted.dot),
  };
}

export function deleteReply(plan: Plan, outcome: WriteOutcome, checksum: Checksum): DeleteReply {
  const { minted } = outcome;
  return {
    found: true,
    context: encodeContextToken(minted.replyContext, plan.key, checksum),
    siblings: minted.siblings,
    quorum: quorum(plan, outcome.required, outcome.counted),
    trace: plan.trace.finish(),
    durable: outcome.durable,
  };
}

/** The read before a delete saw no value: nothing was written. */
export function nothingToDelete(plan: Plan, outcome: ReadOutcome, checksum: Checksum): DeleteReply {
  const context = outcome.record === undefined ? EMPTY_CONTEXT : contextOf(outcome.record);
  return {
    found: false,
    context: encodeContextToken(context, plan.key, checksum),
    siblings: 0,
    quorum: quorum(plan, outcome.required, outcome.counted),
    trace: plan.trace.finish(),
    durable: 0,
  };
}

function quorum(plan: Plan, required: number, counted: readonly number[]): Quorum {
  return {
    level: plan.requirement.label,
    required,
    received: counted.length,
    nodes: nodeNames(plan.place, counted),
  };
}
