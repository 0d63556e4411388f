/** One administrative connection to every member of the cluster that a named node belongs to. */
import { type MemberAdmin, membersOf } from '../client/repair-cluster.ts';
import { CoterieError } from '../core/errors.ts';
import type { StatusReply } from '../wire/generated/coterie/v1/admin.ts';
import { ADMIN_TIMEOUT_MS } from './arguments.ts';
import { type AdminFlags, firstAnswer } from './first-answer.ts';
import type { AdminConnection, CliContext } from './ports.ts';

interface ConnectedMember extends MemberAdmin {
  readonly admin: AdminConnection;
}

type Work<T> = (members: readonly ConnectedMember[]) => Promise<T>;

/** Connects to all members, and closes the connections when the work is done. */
export async function withMembers<T>(
  context: CliContext,
  flags: AdminFlags,
  work: Work<T>,
): Promise<T> {
  const status = await firstAnswer(context, flags, (admin) => admin.status({}));
  return withMembersIn(context, status, work);
}

/** The same for a node that there is a connection to. */
export async function withMembersOf<T>(
  context: CliContext,
  asked: Pick<AdminConnection, 'status'>,
  work: Work<T>,
): Promise<T> {
  return withMembersIn(context, await asked.status({}), work);
}

async function withMembersIn<T>(
  context: CliContext,
  status: StatusReply,
  work: Work<T>,
): Promise<T> {
  const connections: AdminConnection[] = [];
  try {
    const members: ConnectedMember[] = [];
    for (const { name, address } of membersOf(status)) {
      const timeoutMs = ADMIN_TIMEOUT_MS;
      const admin = await context.ports.connectAdmin(address, { timeoutMs });
      connections.push(admin);
      members.push({ name, address, admin });
    }
    return await work(members);
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}

/** Errors: INVALID_ARGUMENT naming those there are. */
export function memberNamed(members: readonly MemberAdmin[], wanted: string): MemberAdmin {
  const member = members.find(({ name }) => name === wanted);
  if (member !== undefined) return member;
  const names = members.map(({ name }) => name).join(', ');
  throw new CoterieError('INVALID_ARGUMENT', `There is no member ${wanted}; they are ${names}`);
}
