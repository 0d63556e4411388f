/** `coterie cluster init`: makes fresh nodes one cluster, in two steps. Reserve: all answer and
 *  agree, or nothing happens (a reservation lapses by itself). Adopt: each takes the layout
 *  durably and passes it on, so a crash half way completes itself. */
import { Command } from 'commander';
import { bytesToHex } from '../core/bytes.ts';
import { CoterieError } from '../core/errors.ts';
import { layoutHash } from '../core/ring/layout.ts';
import { REPLICAS_MAX } from '../core/ring/quota.ts';
import { PARTITIONS_MAX } from '../core/ring/token.ts';
import { ADMIN_TIMEOUT_MS, nodesOf, wholeNumberIn } from './arguments.ts';
import { nodeOption, timeoutOption } from './data-options.ts';
import { toCoterieError } from './error-report.ts';
import {
  checkArguments,
  type InitArguments,
  type InitPlan,
  type NodeAnswer,
  planInit,
  proposalId,
} from './init-plan.ts';
import type { AdminConnection, CliContext } from './ports.ts';
import { jsonLine } from './result-json.ts';

interface InitFlags {
  readonly node?: readonly string[];
  readonly replicas: number;
  readonly partitions: number;
  readonly timeout?: number;
  readonly json?: boolean;
}

interface Peer {
  readonly target: string;
  readonly admin: AdminConnection;
}

export function clusterCommand(context: CliContext): Command {
  const init = new Command('init')
    .description('make fresh nodes one cluster; repeating it is harmless')
    .addOption(nodeOption())
    .option(
      '--replicas <count>',
      'copies of each key',
      wholeNumberIn({ min: 1, max: REPLICAS_MAX }),
      3,
    )
    .option(
      '--partitions <count>',
      'a power of two; never changes',
      wholeNumberIn({ min: 1, max: PARTITIONS_MAX }),
      256,
    )
    .addOption(timeoutOption('for each call; default: 5s'))
    .option('--json', 'print one JSON object')
    .action((flags: InitFlags) => clusterInit(context, flags));
  return new Command('cluster').description('administer a cluster').addCommand(init);
}

async function clusterInit(context: CliContext, flags: InitFlags): Promise<void> {
  const { terminal, ports, environment } = context;
  const { replicas, partitions } = flags;
  const wanted = { nodes: nodesOf(flags.node, environment), replicas, partitions };
  checkArguments(wanted);
  const timeoutMs = flags.timeout ?? ADMIN_TIMEOUT_MS;
  const peers: Peer[] = [];
  try {
    for (const target of wanted.nodes) {
      peers.push({ target, admin: await ports.connectAdmin(target, { timeoutMs }) });
    }
    const plan = await initCluster(wanted, peers);
    const shown = flags.json === true ? jsonLine(planJson(plan)) : planText(plan);
    await terminal.write(shown);
  } finally {
    for (const { admin } of peers) await admin.close();
  }
}

/** Errors: what a node answered, with its address; CLUSTER_MISMATCH, INVALID_ARGUMENT
 *  (init-plan.ts). */
export async function initCluster(
  wanted: InitArguments,
  peers: readonly Peer[],
): Promise<InitPlan> {
  const id = proposalId(wanted);
  const answers = await reserveAll(id, peers);
  const plan = planInit(wanted, answers);
  const adopting = peers.filter(({ target }) => plan.targets.includes(target));
  const request = { proposalId: id, layout: plan.encoded };
  const outcomes = await Promise.allSettled(adopting.map(({ admin }) => admin.adopt(request)));
  const failed = firstFailure(adopting, outcomes);
  if (failed === undefined) return plan;
  const taken = peers.length - outcomes.filter(({ status }) => status === 'rejected').length;
  throw new CoterieError(
    failed.error.code,
    `${taken} of ${peers.length} nodes have the layout, but ${failed.target} did not take it: ` +
      `${failed.error.message}; repeat the same command to complete it`,
    { cause: failed.error, details: failed.error.details, retryable: true, applied: 'unknown' },
  );
}

async function reserveAll(id: Uint8Array, peers: readonly Peer[]): Promise<NodeAnswer[]> {
  const request = { proposalId: id };
  const outcomes = await Promise.allSettled(
    peers.map(async ({ target, admin }) => ({ target, ...(await admin.reserve(request)) })),
  );
  const failed = firstFailure(peers, outcomes);
  if (failed !== undefined) {
    const { code, message, details, retryable } = failed.error;
    throw new CoterieError(code, `${failed.target}: ${message}; nothing was changed`, {
      cause: failed.error,
      details,
      retryable,
      applied: 'no',
    });
  }
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

function firstFailure(
  peers: readonly Peer[],
  outcomes: readonly PromiseSettledResult<unknown>[],
): { readonly target: string; readonly error: CoterieError } | undefined {
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') continue;
    return { target: peers[index]?.target ?? '', error: toCoterieError(outcome.reason) };
  }
  return undefined;
}

export function planJson({ kind, layout, encoded }: InitPlan) {
  return {
    clusterId: bytesToHex(layout.clusterId),
    layoutVersion: layout.version,
    layoutHash: bytesToHex(layoutHash(encoded)),
    partitions: layout.partitions,
    replicas: layout.replicas,
    nodes: layout.roles.map(({ name, address, zone, datacentre, weight }) => ({
      name,
      address,
      zone,
      datacentre,
      weight,
    })),
    changed: kind !== 'unchanged',
  };
}

export function planText({ kind, layout, targets }: InitPlan): string {
  const { roles, replicas, partitions } = layout;
  const cluster =
    `cluster ${bytesToHex(layout.clusterId)}: ${roles.length} nodes, ${replicas} replicas, ` +
    `${partitions} partitions`;
  const names = roles.map((role) => role.name).join(', ');
  switch (kind) {
    case 'create':
      return `Initialised ${cluster} (${names}).\n`;
    case 'complete':
      return `Completed ${cluster}: ${targets.join(', ')} had not taken the layout yet.\n`;
    case 'unchanged':
      return `Already initialised, nothing changed: ${cluster}.\n`;
  }
}
