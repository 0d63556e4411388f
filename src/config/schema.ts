/** Every setting of a node, once: type, range, default, unit and reason. Groups, not a flat list;
 *  keys carry units. A key is added only when two real deployments need different values. At most
 *  40 keys (a test counts). Limits that both sides of the wire rely on are not settings:
 *  core/limits.ts. */
import { z } from 'zod';
import {
  address,
  dialableAddresses,
  oneOf,
  optionalAddress,
  optionalText,
  ratio,
  text,
  wholeNumber,
} from './key-type.ts';

const MIB = 1_024 * 1_024;
const GIB = 1_024 * MIB;

const NAME = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  expects: '1 to 64 letters, digits, dots, dashes or underscores',
};
// A node's name defaults to its address, so colons and brackets are part of it.
const NODE_NAME = {
  pattern: /^[A-Za-z0-9[][A-Za-z0-9._:%[\]-]{0,127}$/,
  expects: '1 to 128 letters, digits, dots, colons, dashes or underscores',
};
const PATH = { pattern: /\S/, expects: 'the path of a folder' };

const node = z.strictObject({
  id: optionalText(NODE_NAME, {
    unit: 'name',
    flag: '--id',
    reason:
      'Name under which the cluster knows this node for ever, even after its folder is wiped. ' +
      'Default: the address it first advertised. Give one where addresses can change.',
  }),
  zone: text(NAME, 'zone-1', {
    unit: 'name',
    flag: '--zone',
    reason:
      'What fails together: a rack, a room, an availability zone. Replicas of a key are placed ' +
      'in distinct zones.',
  }),
  datacentre: text(NAME, 'dc-1', {
    unit: 'name',
    flag: '--dc',
    reason: 'What the levels local_one, local_quorum and each_quorum count in.',
  }),
  weight: wholeNumber(
    { min: 0, max: 1_000_000, default: 1 },
    {
      unit: 'share',
      flag: '--weight',
      reason:
        'Share of the data relative to other nodes: 2 holds twice as much as 1, 0 none. Equal ' +
        'machines need not say.',
    },
  ),
  dataDirectory: text(PATH, './coterie-data', {
    unit: 'path',
    flag: '--data',
    reason:
      'Folder of this node alone, relative to the working directory. One process may use it at a ' +
      'time.',
  }),
  engine: oneOf(['rocksdb', 'memory'], 'rocksdb', {
    unit: 'name',
    reason:
      'rocksdb keeps data on disk. memory forgets everything when the process ends; for tests ' +
      'and trials.',
  }),
});

const listen = z.strictObject({
  address: address('127.0.0.1:7400', {
    unit: 'HOST:PORT',
    flag: '--listen',
    reason:
      'Where this node serves clients and peers. The default takes no connection from other ' +
      'machines, because traffic is not encrypted. Port 0 takes a free one.',
  }),
  advertise: optionalAddress({
    unit: 'HOST:PORT',
    flag: '--advertise',
    reason:
      'Address that others dial, when it differs from where this node listens (0.0.0.0, ' +
      'containers, NAT). Default: the listen address.',
  }),
});

const membership = z.strictObject({
  seeds: dialableAddresses({
    unit: 'HOST:PORT',
    flag: '--seed',
    reason:
      'Nodes through which this one finds all others; the same two or three for every node, ' +
      'itself among them or not. They are contact points only: a cluster goes on without them.',
  }),
  phiAvoid: wholeNumber(
    { min: 4, max: 100, default: 8 },
    {
      unit: 'phi',
      reason:
        'Doubt about a silent node above which this one avoids it; each step of 1 is ten times ' +
        'less likely to be a false alarm. With the default 3.5 to 5 s of silence.',
    },
  ),
  acceptablePauseMs: wholeNumber(
    { min: 0, max: 60_000, default: 1_500 },
    {
      unit: 'ms',
      reason:
        'Silence that is never held against a node: garbage collection, a lost packet. Longer ' +
        'where machines are shared and stop for seconds; detection is later by as much.',
    },
  ),
  suspicionMs: wholeNumber(
    { min: 100, max: 600_000, default: 4_000 },
    {
      unit: 'ms',
      reason:
        'Shortest time from suspecting a silent node to holding it for down, in which it can ' +
        'object; up to three times as long while few suspect it, and longer above 10 nodes.',
    },
  ),
});

const quorum = z.strictObject({
  timeoutMs: wholeNumber(
    { min: 1, max: 600_000, default: 2_000 },
    {
      unit: 'ms',
      reason:
        'Time budget of a request that names none. Far above a healthy answer, far below what ' +
        'callers wait for.',
    },
  ),
  timeoutMaxMs: wholeNumber(
    { min: 1, max: 600_000, default: 30_000 },
    {
      unit: 'ms',
      reason:
        'Largest budget a request may name; longer ones are cut to it, so that no client can ' +
        'hold memory for hours.',
    },
  ),
  replicaWriteTimeoutMs: wholeNumber(
    { min: 1, max: 600_000, default: 1_000 },
    {
      unit: 'ms',
      reason:
        "Least wait for one replica's acknowledgement of a write, longer when the client's " +
        'budget ' +
        'is: copies must not die with an impatient client. Several slow fsyncs fit into it.',
    },
  ),
  replicaReadTimeoutMs: wholeNumber(
    { min: 1, max: 600_000, default: 500 },
    {
      unit: 'ms',
      reason:
        "Wait for one replica's answer to a read before the next replica is asked; leaves time " +
        'for a second try within timeoutMs.',
    },
  ),
});

const limits = z.strictObject({
  inFlightRequests: wholeNumber(
    { min: 1, max: 1_000_000, default: 2_048 },
    {
      unit: 'requests',
      reason:
        'Client requests this node works on at once; beyond it OVERLOADED. Above it latency ' +
        'grows, not throughput.',
    },
  ),
  inFlightBytes: wholeNumber(
    { min: MIB, max: 64 * GIB, default: 128 * MIB },
    {
      unit: 'bytes',
      reason:
        'Keys and values of those requests; beyond it OVERLOADED. Room for 32 values of the ' +
        'largest size.',
    },
  ),
  peerInFlightRequests: wholeNumber(
    { min: 1, max: 1_000_000, default: 4_096 },
    {
      unit: 'requests',
      reason:
        'Requests to one peer that wait for its answer; beyond it the peer counts as not ' +
        'answering. Twice inFlightRequests, because copies go on after the client was answered.',
    },
  ),
  peerInFlightBytes: wholeNumber(
    { min: MIB, max: 64 * GIB, default: 64 * MIB },
    {
      unit: 'bytes',
      reason:
        'Bytes sent to one peer and not answered: what one stalled peer can cost in memory. One ' +
        'frame of the largest size.',
    },
  ),
  sessionInFlightRequests: wholeNumber(
    { min: 1, max: 1_000_000, default: 1_024 },
    {
      unit: 'requests',
      reason:
        'Requests in flight on one client stream; the client is told and waits. Half of ' +
        'inFlightRequests, so that one client cannot shut out the others.',
    },
  ),
  storageQueueBytes: wholeNumber(
    { min: MIB, max: 64 * GIB, default: 64 * MIB },
    {
      unit: 'bytes',
      reason:
        'Writes that wait for a batch; beyond it OVERLOADED. Well under a second of a slow disk, ' +
        'so that what is queued can still be answered in time.',
    },
  ),
  requestTableEntries: wholeNumber(
    { min: 1, max: 10_000_000, default: 200_000 },
    {
      unit: 'entries',
      reason:
        'Request ids remembered for 60 s to answer retries; when full the oldest go. About 25 s ' +
        'at 8,000 puts/s and 30 MB of memory; a retry comes within seconds.',
    },
  ),
});

const handoff = z.strictObject({
  hintsPerTargetMax: wholeNumber(
    { min: 0, max: 1_000_000_000, default: 1_000_000 },
    {
      unit: 'keys',
      reason:
        'Keys noted for one member that missed writes, some 60 bytes and the key each, and ' +
        'records kept for it where this node stands in. Beyond it, and with 0, its partitions ' +
        'are compared instead, which costs more, and somebody else must stand in.',
    },
  ),
});

const repair = z.strictObject({
  exchangeIntervalMs: wholeNumber(
    { min: 0, max: 604_800_000, default: 600_000 },
    {
      unit: 'ms',
      reason:
        'Between two comparisons of a partition with the same peer. Equal copies cost one small ' +
        'message, so every difference is found in minutes; 0 = only what is known to be missing.',
    },
  ),
  receiveBytesPerSecondMax: wholeNumber(
    { min: 64 * 1_024, max: 64 * GIB, default: 16 * MIB },
    {
      unit: 'bytes/s',
      reason:
        'Records that this node takes in from all members together to catch up; beyond it they ' +
        'wait. A fraction of what a disk writes, so that clients are served meanwhile.',
    },
  ),
});

const storage = z.strictObject({
  cacheBytes: wholeNumber(
    { min: 0, max: 1_024 * GIB, default: 64 * MIB },
    {
      unit: 'bytes',
      reason:
        "RocksDB's block cache. Give it what the machine can spare; the default suits several " +
        'nodes on one laptop.',
    },
  ),
  recordCacheBytes: wholeNumber(
    { min: 0, max: 64 * GIB, default: 64 * MIB },
    {
      unit: 'bytes',
      reason:
        'Records kept in memory, overhead included: about 300,000 of 100 bytes. What is in it ' +
        'needs no call into RocksDB. It is taken as it fills, outside of the JavaScript heap.',
    },
  ),
  writeBufferBytes: wholeNumber(
    { min: MIB, max: 4 * GIB, default: 32 * MIB },
    {
      unit: 'bytes',
      reason:
        "RocksDB's memtable, of which two can be held. Larger: fewer flushes; smaller: shorter " +
        'replay after a crash.',
    },
  ),
  diskReserveRatio: ratio(
    { min: 0, max: 0.95, default: 0.15 },
    {
      unit: 'share of the disk',
      reason:
        'Free space under which client writes are refused with DISK_FULL. Compaction and repair ' +
        'need room to work, and a RocksDB that met a full disk cannot be resumed.',
    },
  ),
  diskStopRatio: ratio(
    { min: 0, max: 0.95, default: 0.05 },
    {
      unit: 'share of the disk',
      reason:
        'Free space under which repairs and deletes are refused as well. Must be below ' +
        'diskReserveRatio.',
    },
  ),
  diskReserveBytesMin: wholeNumber(
    { min: 0, max: 1_024 * GIB, default: 64 * MIB },
    {
      unit: 'bytes',
      reason:
        'The reserve is never smaller than this, however small the disk: room for two memtables.',
    },
  ),
  batchTimeoutMs: wholeNumber(
    { min: 1_000, max: 3_600_000, default: 60_000 },
    {
      unit: 'ms',
      reason:
        'A batch that RocksDB has not written by then, or a quarter later, ends the node: ' +
        'its disk hangs, or compaction fails and holds up every write. It would go on taking ' +
        'writes that it never acknowledges. Longer for disks that are known to stop that long.',
    },
  ),
});

const metrics = z.strictObject({
  listen: optionalAddress({
    unit: 'HOST:PORT',
    flag: '--metrics',
    reason:
      'Where Prometheus text is served at /metrics. Not served by default: it is open to whoever ' +
      'can connect.',
  }),
});

const log = z.strictObject({
  level: oneOf(['debug', 'info', 'warn', 'error', 'silent'], 'info', {
    unit: 'name',
    reason:
      'Least important event that is written to stderr. info: state changes, not requests. Keys ' +
      'and values never.',
  }),
});

export const configSchema = z.strictObject({
  node: node.prefault({}),
  listen: listen.prefault({}),
  membership: membership.prefault({}),
  quorum: quorum.prefault({}),
  limits: limits.prefault({}),
  handoff: handoff.prefault({}),
  repair: repair.prefault({}),
  storage: storage.prefault({}),
  metrics: metrics.prefault({}),
  log: log.prefault({}),
});

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** A checked, complete, frozen configuration of one node. Made by `resolveConfig` and `loadConfig`
 *  only. */
export type NodeConfig = DeepReadonly<z.output<typeof configSchema>>;

/** What a program or a file may give: everything is optional. */
export type NodeConfigInput = DeepReadonly<z.input<typeof configSchema>>;

export type KeyDefault = string | number | readonly string[];

/** One row of the documentation. */
export interface ConfigKey {
  /** `group.key`. */
  readonly name: string;
  readonly group: string;
  readonly key: string;
  readonly unit: string;
  readonly reason: string;
  readonly flag?: string;
  readonly expects: string;
  readonly environment: string;
  /** Undefined: the key is optional and has none. */
  readonly default: KeyDefault | undefined;
}
