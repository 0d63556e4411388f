/** Flags that the benchmarks share: which cluster, how much of what, and at which level. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Distribution } from '../bench/key-chooser.ts';
import { coreWorkload, parseMix, type Workload } from '../bench/workload.ts';
import { CoterieError } from '../core/errors.ts';
import { CONSISTENCY_LEVELS, type ConsistencyLevel } from '../core/quorum/level.ts';
import { parseNode, wholeNumberIn } from './arguments.ts';

export interface ClusterFlags {
  readonly spawn?: number;
  readonly embedded?: number;
  readonly nodes?: readonly string[];
  readonly replicas?: number;
  readonly engine?: 'rocksdb' | 'memory';
}

export type ClusterChoice =
  | { readonly kind: 'spawned'; readonly nodes: number; readonly replicas: number }
  | {
      readonly kind: 'embedded';
      readonly nodes: number;
      readonly replicas: number;
      readonly engine: 'rocksdb' | 'memory';
    }
  | { readonly kind: 'given'; readonly addresses: readonly string[] };

const NODES_MAX = 32;
const NODES = 3;
const REPLICAS = 3;

const nodeCount = wholeNumberIn({ min: 1, max: NODES_MAX });

/** Which cluster; without how many copies of each key it has. */
export function addNodeFlags(command: Command): Command {
  return command
    .option('--spawn <nodes>', `node processes started for this; default: ${NODES}`, nodeCount)
    .option('--embedded <nodes>', 'nodes in this process in place of processes', nodeCount)
    .option('--nodes <list>', 'HOST:PORT,... of a cluster that is there', parseNodes)
    .addOption(
      new Option('--engine <name>', 'with --embedded; default: rocksdb').choices([
        'rocksdb',
        'memory',
      ]),
    );
}

export function addClusterFlags(command: Command): Command {
  return addNodeFlags(command).option(
    '--replicas <n>',
    'copies of each key; default: 3, or as many as nodes',
    nodeCount,
  );
}

/** Errors: INVALID_ARGUMENT. */
export function clusterChoice(flags: ClusterFlags): ClusterChoice {
  const { spawn, embedded, nodes: addresses, replicas, engine } = flags;
  const given = [spawn, embedded, addresses].filter((flag) => flag !== undefined);
  if (given.length > 1) throw usage('Give one of --spawn, --embedded and --nodes');
  if (engine !== undefined && embedded === undefined) {
    throw usage('--engine is for --embedded; node processes run RocksDB');
  }
  if (addresses !== undefined) {
    if (replicas === undefined) return { kind: 'given', addresses };
    throw usage('--replicas is for a cluster that is started here; the one of --nodes has its own');
  }
  const nodes = embedded ?? spawn ?? NODES;
  const copies = replicas ?? Math.min(REPLICAS, nodes);
  if (copies > nodes) throw usage(`--replicas is ${copies}, which ${nodes} nodes cannot hold`);
  if (embedded === undefined) return { kind: 'spawned', nodes, replicas: copies };
  return { kind: 'embedded', nodes, replicas: copies, engine: engine ?? 'rocksdb' };
}

function parseNodes(text: string): string[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map(parseNode);
}

export interface LevelFlags {
  readonly readLevel?: ConsistencyLevel;
  readonly writeLevel?: ConsistencyLevel;
  readonly r?: number;
  readonly w?: number;
  readonly durability?: 'fsync' | 'memory';
}

export function addLevelFlags(command: Command): Command {
  const count = wholeNumberIn({ min: 1, max: 255 });
  const ofReads = CONSISTENCY_LEVELS.filter((level) => level !== 'any');
  return command
    .addOption(new Option('--read-level <level>', 'of reads; default: quorum').choices(ofReads))
    .addOption(
      new Option('--write-level <level>', 'of writes; default: quorum').choices(CONSISTENCY_LEVELS),
    )
    .option('--r <count>', 'replicas that must answer a read, in place of its level', count)
    .option('--w <count>', 'replicas that must acknowledge a write, in place of its level', count)
    .addOption(
      new Option('--durability <kind>', 'of writes; default: fsync').choices(['fsync', 'memory']),
    );
}

/** Errors: INVALID_ARGUMENT. */
export function levelsOf(flags: LevelFlags) {
  const { readLevel, writeLevel, r, w, durability } = flags;
  if (r !== undefined && readLevel !== undefined) throw usage('Give either --read-level or --r');
  if (w !== undefined && writeLevel !== undefined) throw usage('Give either --write-level or --w');
  return {
    read: r === undefined ? { consistency: readLevel ?? 'quorum' } : { r },
    write: {
      ...(w === undefined ? { consistency: writeLevel ?? 'quorum' } : { w }),
      ...(durability === undefined ? {} : { durability }),
    },
  };
}

export interface WorkloadFlags {
  readonly workload: string;
  readonly mix?: string;
  readonly distribution?: Distribution;
}

export function parseCodes(text: string): string[] {
  const codes = text.split(',');
  if (codes.every((code) => /^[A-Z_]+$/.test(code))) return codes;
  throw new InvalidArgumentError('It must be codes such as OVERLOADED,NO_REPLICA.');
}

/** Errors: INVALID_ARGUMENT. */
export function workloadOf(flags: WorkloadFlags): Workload {
  const { workload, mix, distribution } = flags;
  const named =
    mix === undefined
      ? coreWorkload(workload)
      : { name: mix, mix: parseMix(mix), distribution: 'zipfian' as const };
  return distribution === undefined ? named : { ...named, distribution };
}

/** A number with a fraction, from `min` to `max`. */
export function numberIn(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
  };
}

export function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}
