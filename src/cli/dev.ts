/** `coterie dev`: a whole cluster in this process, for trying things out. */
import { join } from 'node:path';
import { Command } from 'commander';
import type { NodeConfigInput } from '../config/schema.ts';
import { CoterieError } from '../core/errors.ts';
import { parseNode, wholeNumberIn } from './arguments.ts';
import type { CliContext, ClusterOptions } from './ports.ts';
import { serveUntilStopped } from './serve.ts';
import { shellWord } from './value-text.ts';

export interface DevFlags {
  readonly nodes: number;
  readonly port: number;
  readonly zones: number;
  readonly data?: string;
  readonly memory?: boolean;
  readonly metrics?: string;
  readonly untilStdinCloses?: boolean;
}

const REPLICAS = 3;
const NODES_MAX = 32;
const DEFAULT_PORT = 7_400;
const DEFAULT_DATA = join('.', 'coterie-data', 'dev');
/** The terminal is for what to try next: a link that breaks as the cluster stops is no news there.
 *  And laptops are often nearly full. */
const DEV_CONFIG: NodeConfigInput = {
  log: { level: 'error' },
  storage: { diskReserveRatio: 0.05, diskStopRatio: 0.02 },
};

export function devCommand(context: CliContext): Command {
  const count = wholeNumberIn({ min: 1, max: NODES_MAX });
  return new Command('dev')
    .description('run a cluster in this process, for trying things out')
    .option('--nodes <count>', 'nodes of the cluster', count, 3)
    .option(
      '--port <port>',
      'node i listens on 127.0.0.1:port+i; 0 takes free ports',
      wholeNumberIn({ min: 0, max: 65_535 }),
      DEFAULT_PORT,
    )
    .option('--data <dir>', `folder of the cluster; default: ${DEFAULT_DATA}`)
    .option('--zones <count>', 'zones to spread the nodes over', count, 3)
    .option('--memory', 'keep nothing on disk')
    .option('--metrics <host:port>', 'serve Prometheus text there', parseNode)
    .option('--until-stdin-closes', 'end also when whoever started it has ended')
    .action((flags: DevFlags) => dev(context, flags));
}

/** Errors: INVALID_ARGUMENT. */
export function clusterOptions(flags: DevFlags): ClusterOptions {
  const { nodes, port, zones, data, memory, metrics } = flags;
  if (memory === true && data !== undefined) {
    throw new CoterieError('INVALID_ARGUMENT', 'Give either --memory or --data, not both');
  }
  const portLast = port + nodes - 1;
  if (portLast > 65_535) {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `--port is ${port}; with ${nodes} nodes the last port would be ${portLast}, above 65535`,
    );
  }
  return {
    nodes,
    port,
    zones: Math.min(zones, nodes),
    replicas: Math.min(REPLICAS, nodes),
    engine: memory === true ? 'memory' : 'rocksdb',
    ...(memory === true ? {} : { dataDirectory: data ?? DEFAULT_DATA }),
    ...(metrics === undefined ? {} : { metrics }),
    config: DEV_CONFIG,
  };
}

async function dev(context: CliContext, flags: DevFlags): Promise<void> {
  const options = clusterOptions(flags);
  const { ports, command } = context;
  // Before the start, as in serve.ts.
  const ends = flags.untilStdinCloses === true ? ports.stdinEnd() : undefined;
  const begin = async () => {
    const cluster = await ports.startCluster(options);
    return {
      greeting: devText(options, cluster.addresses, command),
      failed: Promise.race(cluster.nodes.map((node) => node.failed)),
      stop: () => cluster.stop(),
    };
  };
  await serveUntilStopped(context, begin, ends);
}

export function devText(
  options: ClusterOptions,
  addresses: readonly string[],
  command: string,
): string {
  const { nodes, replicas, dataDirectory } = options;
  const copies = replicas === 1 ? '1 copy' : `${replicas} copies`;
  const lines = [`ready ${addresses.join(' ')}`];
  if (replicas < REPLICAS) {
    lines.push(
      `With ${nodes} of ${REPLICAS} nodes each key has ${copies} in place of ${REPLICAS}.`,
    );
  }
  const where = dataDirectory === undefined ? 'in memory only' : `in ${dataDirectory}`;
  const [first] = addresses;
  const node = first === `127.0.0.1:${DEFAULT_PORT}` ? '' : ` --node ${shellWord(first ?? '')}`;
  lines.push(
    `The data is ${where}; Ctrl-C stops the cluster. In another shell:`,
    `  ${command} put cart:42 '{"sku":1}' --consistency quorum${node}`,
    `  ${command} get cart:42 --explain${node}`,
    `  ${command} status${node}`,
  );
  return `${lines.join('\n')}\n`;
}
