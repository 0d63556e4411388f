/** One administrative question to the first node that answers. */
import { CoterieError } from '../core/errors.ts';
import { ADMIN_TIMEOUT_MS, nodesOf } from './arguments.ts';
import { toCoterieError } from './error-report.ts';
import type { AdminConnection, CliContext } from './ports.ts';

export interface AdminFlags {
  readonly node?: readonly string[];
  readonly timeout?: number;
  readonly json?: boolean;
}

/** Nodes are asked in the order given; the next when one cannot be reached. Errors: UNREACHABLE
 *  naming all when none can; whatever else the node answers. */
export async function firstAnswer<T>(
  context: CliContext,
  flags: AdminFlags,
  ask: (admin: AdminConnection) => Promise<T>,
): Promise<T> {
  const failures: CoterieError[] = [];
  const nodes = nodesOf(flags.node, context.environment);
  for (const node of nodes) {
    const timeoutMs = flags.timeout ?? ADMIN_TIMEOUT_MS;
    const admin = await context.ports.connectAdmin(node, { timeoutMs });
    try {
      return await ask(admin);
    } catch (error) {
      const failure = toCoterieError(error);
      if (failure.code !== 'UNREACHABLE' && failure.code !== 'DEADLINE_EXCEEDED') throw failure;
      failures.push(failure);
    } finally {
      await admin.close();
    }
  }
  const [only] = failures;
  if (only !== undefined && failures.length === 1) throw only;
  const reasons = failures.map((failure) => failure.message);
  throw new CoterieError(
    'UNREACHABLE',
    `None of ${nodes.join(', ')} answered: ${reasons.join('; ')}`,
    { applied: 'no', details: { nodes } },
  );
}
