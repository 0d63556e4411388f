/** A whole cluster in this process, for tests and trials.
 *  Not here: one node of it (embed.ts), the first layout (client/init-cluster.ts), a cluster of
 *  nodes in several processes (init-cluster.ts). */
import { join } from 'node:path';
import { initCluster } from './client/init-cluster.ts';
import type { Client, ClientOptions } from './client/types.ts';
import { formatAddress, parseAddress } from './config/address.ts';
import type { NodeConfigInput } from './config/schema.ts';
import { connect } from './connect.ts';
import { CoterieError } from './core/errors.ts';
import {
  checkOptionNames,
  type KnownOptions,
  knownOptions,
  type OptionNames,
} from './core/known-options.ts';
import { REPLICAS_MAX } from './core/ring/quota.ts';
import { isPartitionCount, PARTITIONS_MAX } from './core/ring/token.ts';
import { type RunningNode, type StartOptions, startNode } from './embed.ts';
import { untilMet, untilServing } from './init-cluster.ts';

export interface ClusterOptions extends StartOptions {
  /** 1..32, default 3. */
  readonly nodes?: number;
  /** Node i listens on this port plus i; 0, the default, takes free ones, which suits a cluster in
   *  memory only. */
  readonly port?: number;
  /** Each node has a folder of its own in it. Needed for `rocksdb`. */
  readonly dataDirectory?: string;
  /** 1..32. Default: as many as nodes, at most 3. */
  readonly zones?: number;
  /** 1..9, at most as many as nodes. Default: 3, or as many as there are nodes when they are
   *  fewer. */
  readonly replicas?: number;
  /** Default 256; a power of two. */
  readonly partitions?: number;
  /** Default `rocksdb` when there is a data directory, otherwise `memory`. */
  readonly engine?: 'rocksdb' | 'memory';
  /** `host:port` of the metrics page of the first node. */
  readonly metrics?: string;
  /** Further settings of every node. Those that this cluster makes itself are refused: listen,
   *  metrics, and of node the id, zone, engine and dataDirectory. */
  readonly config?: NodeConfigInput;
}

export interface RunningCluster extends AsyncDisposable {
  readonly addresses: readonly string[];
  readonly nodes: readonly RunningNode[];
  /** A client that knows every node; closed by its user. */
  client(options?: Omit<ClientOptions, 'nodes'>): Promise<Client>;
  stop(): Promise<void>;
}

const NODES = 3;
const NODES_MAX = 32;
const PORT_MAX = 65_535;
const REPLICAS = 3;
const PARTITIONS = 256;
/** For all nodes to serve, and then to have heard of each other. */
const WAIT_MS = 10_000;
const OPTIONS: OptionNames<ClusterOptions> = {
  nodes: true,
  port: true,
  dataDirectory: true,
  zones: true,
  replicas: true,
  partitions: true,
  engine: true,
  metrics: true,
  config: true,
  log: true,
};
const CLUSTER: KnownOptions = knownOptions('startCluster', OPTIONS);

/** Starts nodes in this process and makes them one cluster; started again on the same folder and
 *  ports, the cluster is there with its data. Resolves when every node serves and has heard of the
 *  others; the latter is given up after 10 s, for nothing depends on it.
 *  Errors: those of `startNode`; INVALID_ARGUMENT for an option that does not fit, before anything
 *  is started; CLUSTER_MISMATCH when the folders hold another cluster than these
 *  options describe. */
export function startCluster(options: ClusterOptions = {}): Promise<RunningCluster> {
  const { log } = options ?? {};
  const startOptions = log === undefined ? {} : { log };
  return startClusterWith(options, (input) => startNode(input, startOptions));
}

/** Not for users: who starts the nodes is up to the caller. `index` from 0. */
export async function startClusterWith(
  options: ClusterOptions,
  start: (input: NodeConfigInput, index: number) => Promise<RunningNode>,
): Promise<RunningCluster> {
  checkOptionNames(options, CLUSTER);
  const count = options.nodes ?? NODES;
  const replicas = options.replicas ?? Math.min(REPLICAS, count);
  const partitions = options.partitions ?? PARTITIONS;
  checkSizes(options, { count, replicas, partitions });
  checkConfig(options);
  const nodes: RunningNode[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
  };
  try {
    for (let index = 0; index < count; index += 1) {
      const seeds = nodes.slice(0, 1).map((node) => node.address);
      nodes.push(await start(nodeInput(options, { index, count, seeds }), index));
    }
    const addresses = nodes.map((node) => node.address);
    await initCluster(
      { nodes: addresses, replicas, partitions },
      nodes.map((node) => ({ target: node.address, admin: node.admin })),
    );
    await Promise.all(nodes.map(({ name, admin }) => untilServing(name, admin, WAIT_MS)));
    await Promise.all(nodes.map(({ name, admin }) => untilMet(name, admin, WAIT_MS)));
    return {
      addresses,
      nodes: [...nodes],
      client: (clientOptions = {}) => connect({ ...clientOptions, nodes: addresses }),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function engineOf({ engine, dataDirectory }: ClusterOptions): 'rocksdb' | 'memory' {
  return engine ?? (dataDirectory === undefined ? 'memory' : 'rocksdb');
}

/** Errors: INVALID_ARGUMENT. */
function checkSizes(
  { zones, port = 0 }: ClusterOptions,
  sizes: { readonly count: number; readonly replicas: number; readonly partitions: number },
): void {
  const { count, replicas, partitions } = sizes;
  mustBeWithin('nodes', count, 1, NODES_MAX);
  mustBeWithin('replicas', replicas, 1, REPLICAS_MAX);
  if (replicas > count) {
    throw usage(
      `replicas is ${replicas} and nodes is ${count}: each copy needs a node of its own; raise ` +
        'nodes or lower replicas',
    );
  }
  if (!isPartitionCount(partitions)) {
    throw usage(
      `partitions is ${shown(partitions)}; it must be a power of two from 1 to ${PARTITIONS_MAX}`,
    );
  }
  if (zones !== undefined) mustBeWithin('zones', zones, 1, NODES_MAX);
  mustBeWithin('port', port, 0, PORT_MAX);
  if (port + count - 1 <= PORT_MAX) return;
  throw usage(
    `port is ${port}; with ${count} nodes the last one would be ${port + count - 1}, above ` +
      `${PORT_MAX}`,
  );
}

/** Settings that are made here would be replaced in silence. Errors: INVALID_ARGUMENT. */
function checkConfig(options: ClusterOptions): void {
  const { engine, dataDirectory, metrics, config = {} } = options;
  if (engine !== undefined && engine !== 'rocksdb' && engine !== 'memory') {
    throw usage(`engine is ${shown(engine)}; it must be rocksdb or memory`);
  }
  if (dataDirectory !== undefined && !isText(dataDirectory)) {
    throw usage(`dataDirectory is ${shown(dataDirectory)}; it must be the path of a folder`);
  }
  if (engineOf(options) === 'rocksdb' && dataDirectory === undefined) {
    throw usage('The rocksdb engine needs a dataDirectory');
  }
  if (metrics !== undefined && (!isText(metrics) || parseAddress(metrics) === undefined)) {
    throw usage(`metrics is ${shown(metrics)}; it must be host:port`);
  }
  const { node, listen, metrics: page } = config ?? {};
  const made: readonly (readonly [string, unknown, string])[] = [
    ['listen', listen, 'port'],
    ['metrics', page, 'metrics'],
    ['node.id', node?.id, 'nodes'],
    ['node.zone', node?.zone, 'zones'],
    ['node.engine', node?.engine, 'engine'],
    ['node.dataDirectory', node?.dataDirectory, 'dataDirectory'],
  ];
  const given = made.find(([, value]) => value !== undefined && value !== null);
  if (given === undefined) return;
  const [key, , option] = given;
  throw usage(`config.${key} is for one node; of a cluster it follows from the option ${option}`);
}

function mustBeWithin(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw usage(`${name} is ${shown(value)}; it must be a whole number from ${min} to ${max}`);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

/** What a program in plain JavaScript hands in can be anything. */
function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value);
}

function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}

interface NodeOfCluster {
  /** From 0. */
  readonly index: number;
  readonly count: number;
  readonly seeds: readonly string[];
}

function nodeInput(
  options: ClusterOptions,
  { index, count, seeds }: NodeOfCluster,
): NodeConfigInput {
  const zones = options.zones ?? Math.min(REPLICAS, count);
  const { dataDirectory, port = 0, config = {} } = options;
  const engine = engineOf(options);
  const name = `node-${index + 1}`;
  return {
    ...config,
    node: {
      ...config.node,
      id: name,
      zone: `zone-${(index % zones) + 1}`,
      engine,
      ...(dataDirectory === undefined ? {} : { dataDirectory: join(dataDirectory, name) }),
    },
    listen: { address: formatAddress({ host: '127.0.0.1', port: port === 0 ? 0 : port + index }) },
    membership: {
      ...config.membership,
      seeds: [...(config.membership?.seeds ?? []), ...seeds],
    },
    log: { level: 'error', ...config.log },
    metrics: index === 0 && options.metrics !== undefined ? { listen: options.metrics } : {},
  };
}
