/** Which nodes shall become one cluster, when only one of them was named: itself and those that it
 *  has found and holds for alive; or, when it is a member already, all members, so that repeating
 *  an init is harmless.
 *  Not here: making the cluster (init-cluster.ts); finding each other (node/gossip). */
import { CoterieError } from '../core/errors.ts';
import type { Clock } from '../env/clock.ts';
import type { MemberStatus, StatusReply } from '../wire/generated/coterie/v1/admin.ts';
import type { AdminService } from '../wire/services.ts';

export interface FoundNode {
  readonly name: string;
  /** Where it says it can be dialled, `host:port`. */
  readonly address: string;
  /** It is the node that was asked. */
  readonly isAsked: boolean;
}

export interface NodeSearch {
  /** Of the node that is asked, as it was named. */
  readonly target: string;
  readonly replicas: number;
  /** Exactly so many, which are waited for; undefined: as many as there are now, and at least as
   *  many as replicas. */
  readonly expect?: number;
  /** How long they are waited for. */
  readonly timeoutMs: number;
}

const POLL_MS = 100;

/** In the order of names. Errors: DEADLINE_EXCEEDED when fewer than expected turned up in time,
 *  INVALID_ARGUMENT when they are more, or too few for the replicas; what the node answers. */
export async function findNodes(
  admin: Pick<AdminService, 'status'>,
  search: NodeSearch,
  clock: Pick<Clock, 'monotonicMs' | 'setTimer'>,
): Promise<readonly FoundNode[]> {
  const deadlineMs = clock.monotonicMs() + search.timeoutMs;
  const expect = search.expect ?? 0;
  for (;;) {
    const seen = await look(admin, search);
    const isOver = clock.monotonicMs() + POLL_MS > deadlineMs;
    if (seen instanceof CoterieError) {
      if (isOver) throw seen;
    } else if (isOver || seen.isMember || seen.nodes.length >= expect) {
      checkCount(search, seen);
      checkDistinct(seen.nodes);
      return seen.nodes;
    }
    await new Promise<void>((resolve) => clock.setTimer(POLL_MS, resolve));
  }
}

/** `a at host-a:7400, b at host-b:7400`. */
export function nodeList(nodes: readonly Pick<FoundNode, 'name' | 'address'>[]): string {
  return nodes.map(({ name, address }) => `${name} at ${address}`).join(', ');
}

interface Seen {
  /** Of the node that was asked. */
  readonly address: string;
  readonly isMember: boolean;
  readonly nodes: readonly FoundNode[];
  readonly leftOut: readonly MemberStatus[];
}

/** A node that is only being started is waited for like those that it is to find. */
async function look(
  admin: Pick<AdminService, 'status'>,
  search: NodeSearch,
): Promise<Seen | CoterieError> {
  try {
    return seenIn(await admin.status({}));
  } catch (error) {
    const isWaitedFor =
      search.expect !== undefined &&
      error instanceof CoterieError &&
      (error.code === 'UNREACHABLE' || error.code === 'NOT_RUNNING');
    if (isWaitedFor) return error;
    throw error;
  }
}

function seenIn(status: StatusReply): Seen {
  const { node, address, members } = status;
  const isMember = status.clusterId.length > 0;
  const candidates = isMember ? members.filter(({ inLayout }) => inLayout) : members;
  const others = candidates.filter(({ link }) => link !== 'self');
  const taken = others.filter(({ state }) => isMember || state === 'ALIVE');
  const nodes = taken.map((other) => ({
    name: other.name,
    address: other.address,
    isAsked: false,
  }));
  nodes.push({ name: node, address, isAsked: true });
  nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { address, isMember, nodes, leftOut: others.filter((other) => !taken.includes(other)) };
}

function checkCount(search: NodeSearch, seen: Seen): void {
  const { target, replicas, expect, timeoutMs } = search;
  const count = seen.nodes.length;
  const nodes = count === 1 ? '1 node' : `${count} nodes`;
  const who = foundText(seen);
  const start = seen.isMember
    ? `${target} belongs to a cluster of ${nodes}`
    : `${target} has found ${nodes}, itself included`;
  const seed = `start the others with --seed ${seen.address}`;
  if (expect === undefined) {
    if (count >= replicas) return;
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `${replicas} replicas need as many nodes; ${start}: ${who}; ${seed}, ` +
        'name all with --node, or lower --replicas',
    );
  }
  if (count === expect) return;
  if (count > expect || seen.isMember) {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `${start}, and not ${expect}: ${who}; nothing was changed`,
    );
  }
  throw new CoterieError(
    'DEADLINE_EXCEEDED',
    `${start}, and not ${expect} within ${timeoutMs} ms: ${who}; ${seed}; nothing was changed`,
    { applied: 'no', details: { found: seen.nodes.map(({ name }) => name), expect } },
  );
}

function checkDistinct(nodes: readonly FoundNode[]): void {
  const byAddress = new Map<string, FoundNode>();
  for (const node of nodes) {
    const other = byAddress.get(node.address);
    if (other !== undefined) {
      throw new CoterieError(
        'INVALID_ARGUMENT',
        `${other.name} and ${node.name} both say that they are at ${node.address}: start each ` +
          'with an --advertise of its own; nothing was changed',
      );
    }
    byAddress.set(node.address, node);
  }
}

function foundText({ nodes, leftOut }: Seen): string {
  const rest = leftOut.map((other) => `${nodeList([other])}, which is ${other.state}`);
  return [nodeList(nodes), ...rest.map((text) => `not counted ${text}`)].join('; ');
}
