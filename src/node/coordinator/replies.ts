/** What operations came to, as the messages that clients get.
 *  Invariant: a context in a reply covers only what the reply shows, or what its holder gave
 *  (ARCHITECTURE 5.15). */
import type { Checksum } from '../../core/checksum.ts';
import { CoterieError } from '../../core/errors.ts';
import { CLIENT_FRAME_BYTES_MAX } from '../../core/limits.ts';
import type { CausalContext } from '../../core/version/causal-context.ts';
import { EMPTY_CONTEXT } from '../../core/version/causal-context.ts';
import { contextToText, encodeContextToken } from '../../core/version/context-token.ts';
import { formatDot } from '../../core/version/dot.ts';
import { hlcToUnixMs } from '../../core/version/hlc.ts';
import type { Sibling } from '../../core/version/record.ts';
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
  refuseTooLarge(plan, siblings, context, checksum);
  return {
    found: siblings.length > 0,
    siblings: siblings.map((sibling) => ({
      value: sibling.value,
      dot: formatDot(sibling.dot),
      writtenAtMs: hlcToUnixMs(sibling.dot.seq),
    })),
    context: encodeContextToken(context, plan.key, checksum),
    quorum: quorum(plan, outcome.required, outcome.counted),
    trace: plan.trace?.finish(),
  };
}

/** Merges are never refused, so a record may outgrow what one reply can carry. Its context is told
 *  all the same: a put with it replaces what nobody can read in one piece. */
function refuseTooLarge(
  plan: Plan,
  siblings: readonly Sibling[],
  context: CausalContext,
  checksum: Checksum,
): void {
  let bytes = REPLY_OVERHEAD_BYTES;
  for (const sibling of siblings) bytes += sibling.value.length + SIBLING_OVERHEAD_BYTES;
  if (bytes <= CLIENT_FRAME_BYTES_MAX) return;
  throw new CoterieError(
    'SIBLING_LIMIT',
    `The ${siblings.length} siblings have ${bytes} bytes, more than the ` +
      `${CLIENT_FRAME_BYTES_MAX} ` +
      'that one reply carries: put a value with this context to replace them',
    {
      details: {
        count: siblings.length,
        bytes,
        bytesMax: CLIENT_FRAME_BYTES_MAX,
        context: contextToText(encodeContextToken(context, plan.key, checksum)),
      },
    },
  );
}

const REPLY_OVERHEAD_BYTES = 64 * 1_024;
const SIBLING_OVERHEAD_BYTES = 64;

export function putReply(plan: Plan, outcome: WriteOutcome, checksum: Checksum): PutReply {
  const { minted } = outcome;
  return {
    context: encodeContextToken(minted.replyContext, plan.key, checksum),
    siblings: minted.siblings,
    quorum: writeQuorum(plan, outcome),
    trace: plan.trace?.finish(),
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
    quorum: writeQuorum(plan, outcome),
    trace: plan.trace?.finish(),
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
    trace: plan.trace?.finish(),
    durable: 0,
  };
}

function quorum(plan: Plan, required: number, counted: readonly number[]): Quorum {
  return {
    level: plan.requirement.label,
    required,
    received: counted.length,
    nodes: nodeNames(plan.place, counted),
    standIns: undefined,
  };
}

function writeQuorum(plan: Plan, { required, counted, standIns }: WriteOutcome): Quorum {
  const strict = quorum(plan, required, counted);
  if (standIns.length === 0) return strict;
  const received = counted.length + standIns.length;
  return { ...strict, received, standIns: { nodes: nodeNames(plan.place, standIns) } };
}
