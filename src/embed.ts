/** A node in this process: the same code, engine and wire as separate processes use.
 *  Not here: configuration (config), a whole cluster in this process (start-cluster.ts). */
import { readFileSync } from 'node:fs';
import type { Client, ClientOptions } from './client/types.ts';
import { parseAddress } from './config/address.ts';
import { resolveConfig } from './config/resolve.ts';
import type { NodeConfig, NodeConfigInput } from './config/schema.ts';
import { connect } from './connect.ts';
import { CoterieError } from './core/errors.ts';
import {
  checkOptionNames,
  type KnownOptions,
  knownOptions,
  type OptionNames,
} from './core/known-options.ts';
import {
  checkDetectorOptions,
  DEFAULT_DETECTOR_OPTIONS,
  type DetectorOptions,
} from './core/membership/detector-options.ts';
import type { Clock } from './env/clock.ts';
import type { Log } from './env/log.ts';
import type { Metrics } from './env/metrics.ts';
import type { Store } from './env/store.ts';
import type { Transport } from './env/transport.ts';
import type { MemberEvent, KnownMember as MemberInfo } from './node/contracts.ts';
import { READ_DEFAULTS } from './node/coordinator/read-options.ts';
import { HANDOFF_DEFAULTS } from './node/handoff/handoff.ts';
import { Node } from './node/node.ts';
import type { NodeOptions } from './node/node-options.ts';
import { EXCHANGE_DEFAULTS } from './node/repair/exchange-schedule.ts';
import { REBUILD_EXCHANGES_MAX } from './node/repair/rebuild.ts';
import { SCRUB_DEFAULTS } from './node/repair/scrub.ts';
import { STORAGE_DEFAULTS } from './node/storage/storage-options.ts';
import { GrpcServer } from './platform/grpc/grpc-server.ts';
import { GrpcTransport } from './platform/grpc/grpc-transport.ts';
import type { MetricsServer } from './platform/http/metrics-server.ts';
import { startMetricsServer } from './platform/http/metrics-server.ts';
import { MemoryStore } from './platform/memory/memory-store.ts';
import { RocksdbFolder } from './platform/rocksdb/rocksdb-folder.ts';
import type { Standstill } from './platform/standstill/standstill.ts';
import { systemCrc32 } from './platform/system/crc32.ts';
import { NamedLog } from './platform/system/named-log.ts';
import { nullMetrics } from './platform/system/null-metrics.ts';
import { PinoLog, silentLog } from './platform/system/pino-log.ts';
import { PromMetrics } from './platform/system/prom-metrics.ts';
import { systemClock } from './platform/system/system-clock.ts';
import { SystemRandom } from './platform/system/system-random.ts';
import type { AdminService } from './wire/services.ts';

/** How long calls in flight may take when a node stops, before their connections are cut. */
const STOP_GRACE_MS = 2_000;
const SESSIONS_MAX = 1_024;

export interface StartOptions {
  /** By default the config's level decides, on standard error. */
  readonly log?: Log;
}

export interface RunningNode extends AsyncDisposable {
  readonly name: string;
  /** `host:port` that others dial. */
  readonly address: string;
  /** Where Prometheus text is served, when the config asks for it. */
  readonly metricsAddress: string | undefined;
  /** Settles with the error when the node can serve no more (its storage failed); never on a clean
   *  stop. */
  readonly failed: Promise<CoterieError>;
  readonly admin: AdminService;
  /** What this node knows of every node that it has heard of, itself included, in the order of
   *  names. Costs O(n). */
  members(): readonly MemberInfo[];
  /** Calls back once each time that this node sees another one come up, go down or flap; returns
   *  what ends the subscription. */
  onMemberEvent(listener: (event: MemberEvent) => void): () => void;
  /** A client that begins with this node; closed by its user. */
  client(options?: Omit<ClientOptions, 'nodes'>): Promise<Client>;
  stop(): Promise<void>;
}

const START: KnownOptions = knownOptions('startNode', {
  log: true,
} satisfies OptionNames<StartOptions>);

/** Starts one node. It serves data once it belongs to a cluster (`initCluster`, or `coterie cluster
 *  init`).
 *  Errors: INVALID_CONFIG; INVALID_ARGUMENT for an option that there is not; CONFLICT when the
 *  folder or the port is taken; STORAGE_IO; VERSION_UNSUPPORTED. */
export async function startNode(
  input: NodeConfigInput = {},
  options: StartOptions = {},
): Promise<RunningNode> {
  checkOptionNames(options, START);
  return startNodeOn(undefined, input, options);
}

/** Not for users: a benchmark starts a node that it can make stand still. One that is told to stop
 *  goes on first. Errors: those of `startNode`. */
export async function startNodeOn(
  standstill: Standstill | undefined,
  input: NodeConfigInput,
  options: StartOptions = {},
): Promise<RunningNode> {
  const config = resolveConfig(input);
  let nameOf = (): string => config.node.id ?? '';
  const log = new NamedLog(options.log ?? makeLog(config), () => nameOf());
  const stopping: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    standstill?.goOn();
    for (let step = stopping.pop(); step !== undefined; step = stopping.pop()) await step();
  };
  try {
    const metrics = config.metrics.listen === undefined ? undefined : new PromMetrics();
    const dialling = new GrpcTransport({ log });
    const transport = standstill?.transport(dialling, log) ?? dialling;
    stopping.push(() => transport.close());
    const clock = standstill?.clock ?? systemClock;
    const node = makeNode(config, { log, metrics: metrics ?? nullMetrics, transport, clock });
    nameOf = () => node.name;
    const failed = new Promise<CoterieError>((resolve) => node.onFailed(resolve));
    const services = standstill?.services(node, log) ?? node;
    const server = new GrpcServer({ ...listenOn(config), services, log, doorway: standstill });
    const bound = await server.start();
    stopping.push(() => server.stop({ graceMs: STOP_GRACE_MS }));
    // Before the server: requests at work are answered while their streams are still open.
    stopping.push(() => node.stop());
    const address = config.listen.advertise ?? bound;
    await node.start(address);
    await untilSettled(node);
    const page = metrics === undefined ? undefined : await serveMetrics(config, metrics);
    if (page !== undefined) stopping.push(() => page.close());
    return {
      name: node.name,
      address,
      metricsAddress: page?.address,
      failed,
      admin: node.admin,
      members: () => node.members(),
      onMemberEvent: (listener) => node.onMemberEvent(listener),
      client: (clientOptions = {}) => connect({ ...clientOptions, nodes: [address] }),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const SETTLED_WAIT_MS = 2_000;
const SETTLED_POLL_MS = 5;

/** Whoever restarts a cluster node by node stops the next one when this one is ready: the others
 *  must work with it by then. Members that do not answer are not waited for longer than this. */
async function untilSettled(node: Node): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + SETTLED_WAIT_MS;
  while (!node.isSettled() && systemClock.monotonicMs() < deadlineMs) {
    await new Promise<void>((resolve) => systemClock.setTimer(SETTLED_POLL_MS, resolve));
  }
}

function makeLog(config: NodeConfig): Log {
  const { level } = config.log;
  return level === 'silent' ? silentLog : new PinoLog({ level });
}

function listenOn(config: NodeConfig): { readonly host: string; readonly port: number } {
  const address = parseAddress(config.listen.address);
  if (address !== undefined) return address;
  throw new CoterieError(
    'INVALID_CONFIG',
    `listen.address ${config.listen.address} is no host:port`,
  );
}

function serveMetrics(config: NodeConfig, metrics: PromMetrics): Promise<MetricsServer> {
  const address = parseAddress(config.metrics.listen ?? '');
  if (address !== undefined) return startMetricsServer({ ...address, registry: metrics.registry });
  throw new CoterieError(
    'INVALID_CONFIG',
    `metrics.listen ${config.metrics.listen} is no host:port`,
  );
}

interface NodePorts {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly transport: Transport;
  readonly clock: Clock;
}

function makeNode(config: NodeConfig, env: NodePorts): Node {
  return new Node(
    {
      ...env,
      store: makeStore(config, env),
      random: new SystemRandom(),
      checksum: systemCrc32,
    },
    nodeOptions(config),
  );
}

function makeStore(config: NodeConfig, { log, clock }: NodePorts): Store {
  const { engine, dataDirectory } = config.node;
  if (engine === 'memory') return new MemoryStore({ clock });
  const { cacheBytes, writeBufferBytes } = config.storage;
  const options = { location: dataDirectory, cacheBytes, writeBufferBytes };
  return new RocksdbFolder({ log, clock }, options);
}

function nodeOptions(config: NodeConfig): NodeOptions {
  const { node, membership, quorum, limits, handoff, repair, storage } = config;
  return {
    name: node.id,
    zone: node.zone,
    datacentre: node.datacentre,
    weight: node.weight,
    version: softwareVersion(),
    seeds: membership.seeds,
    detector: detectorOptions(membership),
    timeoutMs: quorum.timeoutMs,
    timeoutMaxMs: quorum.timeoutMaxMs,
    replicaWriteTimeoutMs: quorum.replicaWriteTimeoutMs,
    replicaReadTimeoutMs: quorum.replicaReadTimeoutMs,
    requestsMax: limits.inFlightRequests,
    requestBytesMax: limits.inFlightBytes,
    peerRequestsMax: limits.peerInFlightRequests,
    peerBytesMax: limits.peerInFlightBytes,
    sessionRequestsMax: limits.sessionInFlightRequests,
    sessionsMax: SESSIONS_MAX,
    requestTableEntriesMax: limits.requestTableEntries,
    handoff: { ...HANDOFF_DEFAULTS, hintsPerTargetMax: handoff.hintsPerTargetMax },
    exchanges: { ...EXCHANGE_DEFAULTS, intervalMs: repair.exchangeIntervalMs },
    receiveBytesPerSecondMax: repair.receiveBytesPerSecondMax,
    rebuildExchangesMax: REBUILD_EXCHANGES_MAX,
    scrub: SCRUB_DEFAULTS,
    reads: READ_DEFAULTS,
    storage: {
      ...STORAGE_DEFAULTS,
      openBatchBytesMax: limits.storageQueueBytes,
      recordCacheBytesMax: storage.recordCacheBytes,
      clientFreeFraction: storage.diskReserveRatio,
      clientFreeBytesMin: storage.diskReserveBytesMin,
      repairFreeFraction: storage.diskStopRatio,
      batchTimeoutMs: storage.batchTimeoutMs,
    },
  };
}

/** Errors: INVALID_CONFIG. */
function detectorOptions(membership: NodeConfig['membership']): DetectorOptions {
  const { phiAvoid, acceptablePauseMs, suspicionMs } = membership;
  const { phi, suspicion, ...rest } = DEFAULT_DETECTOR_OPTIONS;
  const options = {
    ...rest,
    phiAvoid,
    phi: { ...phi, acceptablePauseMs },
    suspicion: { ...suspicion, floorMs: suspicionMs },
  };
  checkDetectorOptions(options);
  return options;
}

/** Of this package. */
export function softwareVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  const isNamed = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isNamed ? String(manifest.version) : 'unknown';
}
