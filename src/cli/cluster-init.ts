/** `coterie cluster init`: makes fresh nodes one cluster, and says what it did. How and in which
 *  steps: client/init-cluster.ts. */
import { Command } from 'commander';
import { initCluster } from '../client/init-cluster.ts';
import { bytesToHex } from '../core/bytes.ts';
import type { InitPlan } from '../core/ring/init-plan.ts';
import { layoutHash } from '../core/ring/layout.ts';
import { REPLICAS_MAX } from '../core/ring/quota.ts';
import { PARTITIONS_MAX } from '../core/ring/token.ts';
import { ADMIN_TIMEOUT_MS, nodesOf, wholeNumberIn } from './arguments.ts';
import { nodeOption, timeoutOption } from './data-options.ts';
import type { AdminConnection, CliContext } from './ports.ts';
import { jsonLine } from './result-json.ts';

interface InitFlags {
  readonly node?: readonly string[];
  readonly replicas: number;
  readonly partitions: number;
  readonly timeout?: number;
  readonly json?: boolean;
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
  const timeoutMs = flags.timeout ?? ADMIN_TIMEOUT_MS;
  const peers: { readonly target: string; readonly admin: AdminConnection }[] = [];
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
