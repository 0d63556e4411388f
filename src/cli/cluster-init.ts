/** `coterie cluster init`: makes fresh nodes one cluster, and says what it did. Which nodes: those
 *  that are named; when too few are, those that the named one has found (client/find-nodes.ts). How
 *  and in which steps: client/init-cluster.ts. */
import { Command } from 'commander';
import { type FoundNode, findNodes, nodeList } from '../client/find-nodes.ts';
import { type InitNode, initCluster } from '../client/init-cluster.ts';
import { bytesToHex } from '../core/bytes.ts';
import { CoterieError } from '../core/errors.ts';
import type { InitPlan } from '../core/ring/init-plan.ts';
import { layoutHash, ROLES_MAX } from '../core/ring/layout.ts';
import { REPLICAS_MAX } from '../core/ring/quota.ts';
import { PARTITIONS_MAX } from '../core/ring/token.ts';
import { ADMIN_TIMEOUT_MS, nodesOf, wholeNumberIn } from './arguments.ts';
import { counted } from './counted.ts';
import { nodeOption, timeoutOption } from './data-options.ts';
import { toCoterieError } from './error-report.ts';
import type { AdminConnection, CliContext } from './ports.ts';
import { jsonLine } from './result-json.ts';

const EXPECT_TIMEOUT_MS = 30_000;

interface InitFlags {
  readonly node?: readonly string[];
  readonly replicas: number;
  readonly partitions: number;
  readonly expect?: number;
  readonly timeout?: number;
  readonly json?: boolean;
}

export function clusterCommand(context: CliContext): Command {
  const init = new Command('init')
    .description('make fresh nodes one cluster: those named, or all that the one named has found')
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
    .option(
      '--expect <count>',
      'fail unless the one node that is named finds exactly so many, itself included',
      wholeNumberIn({ min: 1, max: ROLES_MAX }),
    )
    .addOption(timeoutOption('for each call, default: 5s; and for --expect, default: 30s'))
    .option('--json', 'print one JSON object')
    .action((flags: InitFlags) => clusterInit(context, flags));
  return new Command('cluster').description('administer a cluster').addCommand(init);
}

async function clusterInit(context: CliContext, flags: InitFlags): Promise<void> {
  const { terminal, ports, environment } = context;
  const { replicas, partitions, expect } = flags;
  const named = nodesOf(flags.node, environment);
  checkExpectation(flags, named);
  const timeoutMs = flags.timeout ?? ADMIN_TIMEOUT_MS;
  const connections: AdminConnection[] = [];
  const connect = async (address: string): Promise<AdminConnection> => {
    const admin = await ports.connectAdmin(address, { timeoutMs });
    connections.push(admin);
    return admin;
  };
  try {
    const [only] = named;
    const isSearch =
      only !== undefined && named.length === 1 && (expect !== undefined || replicas > 1);
    const peers = isSearch
      ? await foundPeers(context, flags, { only, connect })
      : await namedPeers(named, connect);
    const nodes = peers.map(({ target }) => target);
    const plan = await initCluster({ nodes, replicas, partitions }, peers);
    const shown = flags.json === true ? jsonLine(planJson(plan)) : planText(plan);
    await terminal.write(shown);
  } finally {
    for (const admin of connections) await admin.close();
  }
}

/** Errors: INVALID_ARGUMENT. */
function checkExpectation({ replicas, expect }: InitFlags, named: readonly string[]): void {
  if (expect === undefined) return;
  if (expect < replicas) {
    const message =
      `--expect is ${expect}, but ${replicas} replicas need as many nodes: ` +
      `give --replicas ${expect}, or start more nodes`;
    throw new CoterieError('INVALID_ARGUMENT', message);
  }
  if (named.length > 1 && named.length !== expect) {
    const message = `--expect is ${expect}, but ${named.length} nodes are named`;
    throw new CoterieError('INVALID_ARGUMENT', message);
  }
}

type Connect = (address: string) => Promise<AdminConnection>;

function namedPeers(named: readonly string[], connect: Connect): Promise<InitNode[]> {
  return Promise.all(named.map(async (target) => ({ target, admin: await connect(target) })));
}

async function foundPeers(
  { terminal, clock }: CliContext,
  flags: InitFlags,
  { only, connect }: { readonly only: string; readonly connect: Connect },
): Promise<InitNode[]> {
  const { replicas, expect } = flags;
  const asked = await connect(only);
  const timeoutMs = flags.timeout ?? EXPECT_TIMEOUT_MS;
  const search = { target: only, replicas, timeoutMs, ...(expect === undefined ? {} : { expect }) };
  const nodes = await findNodes(asked, search, clock);
  if (flags.json !== true) {
    await terminal.write(
      `${only} has found ${counted(nodes.length, 'node')}: ${nodeList(nodes)}\n`,
    );
  }
  return Promise.all(
    nodes.map(async (node) =>
      node.isAsked
        ? { target: node.address, admin: asked }
        : { target: node.address, admin: reachedThrough(only, node, await connect(node.address)) },
    ),
  );
}

/** Nobody named this address: who reads that it does not answer must learn where it comes from. */
function reachedThrough(only: string, node: FoundNode, admin: AdminConnection): InitNode['admin'] {
  return {
    reserve: async (request) => {
      try {
        return await admin.reserve(request);
      } catch (error) {
        const { code, message, details } = toCoterieError(error);
        if (code !== 'UNREACHABLE' && code !== 'DEADLINE_EXCEEDED') throw error;
        throw new CoterieError(
          code,
          `${only} has found ${nodeList([node])}, which does not answer here: ${message}`,
          { cause: error, details, applied: 'no' },
        );
      }
    },
    adopt: (request) => admin.adopt(request),
  };
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
    `cluster ${bytesToHex(layout.clusterId)}: ${counted(roles.length, 'node')}, ` +
    `${counted(replicas, 'replica')}, ${counted(partitions, 'partition')}`;
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
