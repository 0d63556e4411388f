/** A write that reached a node without a replica of its key, or with one that is not rebuilt, goes
 *  on to another that has one: it mints and coordinates there.
 *  Invariants: the next replica is tried only while it is certain that none before has applied the
 *  write (ARCHITECTURE 5.22); each is tried once.
 *  Not here: the write itself (write.ts). */
import { CoterieError } from '../../core/errors.ts';
import type { ForwardReply, ForwardRequest } from '../../wire/generated/coterie/v1/peer.ts';
import type { Peers } from '../contracts.ts';
import type { Plan } from './plan.ts';
import { nodeNames, reachRefusal, STATE_ORDER } from './plan.ts';

type Operation = NonNullable<ForwardRequest['operation']>;
export type Forwarded = NonNullable<ForwardReply['result']>;

/** Refusals by one node that another may not share. */
const NODE_SPECIFIC: ReadonlySet<string> = new Set([
  'OVERLOADED',
  'NOT_OWNER',
  'NOT_RECOVERED',
  'NOT_RUNNING',
  'NOT_INITIALISED',
  'STALE_LAYOUT',
  'UNREACHABLE',
  'DISK_FULL',
]);

export function isRefusedByNode({ code }: CoterieError): boolean {
  return NODE_SPECIFIC.has(code);
}

export async function forwardWrite(
  peers: Peers,
  plan: Plan,
  operation: Operation,
  bytes: number,
): Promise<Forwarded> {
  const unreachable = reachRefusal(plan, peers);
  if (unreachable !== undefined) throw unreachable;
  // A level of this datacentre would mean another one to a minter that is there.
  const able = plan.replicas.filter(
    (nodeIndex) =>
      nodeIndex !== plan.place.nodeIndex &&
      plan.requirement.groups.some((group) => group.members.includes(nodeIndex)),
  );
  const candidates = sameOrderFor(requestIdOf(operation), able, peers);
  let refusal: CoterieError | undefined;
  for (const nodeIndex of candidates) {
    try {
      return await forwardTo(peers, nodeIndex, plan, operation, bytes);
    } catch (error) {
      if (!(error instanceof CoterieError)) throw error;
      if (error.applied !== 'no' || !isRefusedByNode(error)) throw error;
      refusal = error;
    }
  }
  throw refusal !== undefined && refusal.code !== 'UNREACHABLE' ? refusal : nobody(plan, refusal);
}

/** Where this node has a replica it says that it is of no use itself, too. */
function nobody(
  { place, replicas, partition }: Plan,
  refusal: CoterieError | undefined,
): CoterieError {
  if (!replicas.includes(place.nodeIndex)) {
    const names = nodeNames(place, replicas).join(', ');
    return (
      refusal ?? new CoterieError('NO_REPLICA', `None of ${names} can be reached to take the write`)
    );
  }
  const why = refusal?.message ?? 'none of them can be reached';
  return new CoterieError(
    'NOT_RECOVERED',
    `This node does not serve partition ${partition} yet, and no other replica takes the write ` +
      `(${why}); see \`coterie status\``,
  );
}

/** The replica took the write, and what it says of it makes no sense. */
export function wrongReply(): CoterieError {
  return new CoterieError('MALFORMED_MESSAGE', 'A forwarded write was answered as another kind', {
    applied: 'unknown',
  });
}

/** Every try of one request begins with the same replica, the one that knows its first try. */
function sameOrderFor(
  requestId: Uint8Array,
  replicas: readonly number[],
  peers: Peers,
): readonly number[] {
  const first = replicas.length === 0 ? 0 : (requestId.at(-1) ?? 0) % replicas.length;
  const rotated = [...replicas.slice(first), ...replicas.slice(0, first)];
  return rotated.sort((a, b) => doubtsOf(a, peers) - doubtsOf(b, peers));
}

/** One that is slow may still be the one that knows the first try. */
function doubtsOf(nodeIndex: number, peers: Peers): number {
  if (peers.reach(nodeIndex) === 'down') return STATE_ORDER.DOWN;
  const order = STATE_ORDER[peers.stateOf(nodeIndex)];
  return order === STATE_ORDER.SLOW ? STATE_ORDER.ALIVE : order;
}

function requestIdOf(operation: Operation): Uint8Array {
  if (operation.$case === 'put') return operation.put.requestId;
  return operation.$case === 'delete' ? operation.delete.requestId : NO_BYTES;
}

const NO_BYTES = new Uint8Array(0);

function forwardTo(
  peers: Peers,
  nodeIndex: number,
  plan: Plan,
  operation: Operation,
  bytes: number,
): Promise<Forwarded> {
  return new Promise((resolve, reject) => {
    peers.call(nodeIndex, {
      operation: { $case: 'forward', forward: { operation } },
      epochs: plan.epochs,
      deadlineMs: plan.deadlineMs,
      bytes,
      done: (result) => {
        if (result instanceof CoterieError) reject(result);
        else if (result.$case === 'forward' && result.forward.result !== undefined) {
          resolve(result.forward.result);
        } else {
          reject(
            new CoterieError(
              'MALFORMED_MESSAGE',
              'A forwarded write was answered with something else',
              {
                applied: 'unknown',
              },
            ),
          );
        }
      },
    });
  });
}
