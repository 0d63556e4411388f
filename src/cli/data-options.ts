/** The options that put, get and delete share, and how they become options of the client.
 *  An option of the other verb (`--r` on a put, `--context` on a get) is known and refused with a
 *  sentence of its own. */
import { type Command, Option } from 'commander';
import type { DeleteOptions, GetOptions, WriteOptions } from '../client/types.ts';
import { CoterieError } from '../core/errors.ts';
import { BUCKET_NAME, DEFAULT_BUCKET } from '../core/limits.ts';
import { CONSISTENCY_LEVELS, type ConsistencyLevel, type Verb } from '../core/quorum/level.ts';
import {
  collectNode,
  DEFAULT_NODE,
  nodesOf,
  parseRequestId,
  parseTimeout,
  wholeNumberIn,
} from './arguments.ts';
import type { CliContext, ConnectOptions } from './ports.ts';

export interface DataFlags {
  readonly bucket: string;
  readonly node?: readonly string[];
  readonly consistency?: ConsistencyLevel;
  readonly r?: number;
  readonly pr?: number;
  readonly w?: number;
  readonly pw?: number;
  readonly dw?: number;
  readonly sloppy?: boolean;
  readonly durability?: 'fsync' | 'memory';
  readonly context?: string;
  readonly requestId?: string;
  readonly timeout?: number;
  readonly json?: boolean;
  readonly explain?: boolean;
}

const READ_ONLY = ['r', 'pr'] as const;
const WRITE_ONLY = ['w', 'pw', 'dw', 'sloppy', 'durability', 'context', 'requestId'] as const;

export function addDataOptions(command: Command, verb: Verb): Command {
  const count = wholeNumberIn({ min: 1, max: 255 });
  const only = (of: Verb, option: Option): Option => option.hideHelp(of !== verb);
  const levels =
    verb === 'write' ? CONSISTENCY_LEVELS : CONSISTENCY_LEVELS.filter((level) => level !== 'any');
  return command
    .option('-b, --bucket <name>', 'bucket of the key', DEFAULT_BUCKET)
    .addOption(nodeOption())
    .addOption(new Option('-c, --consistency <level>', 'default: quorum').choices(levels))
    .addOption(
      only('read', new Option('--r <count>', 'replicas that must answer').argParser(count)),
    )
    .addOption(only('read', new Option('--pr <count>', 'of which primaries').argParser(count)))
    .addOption(
      only('write', new Option('--w <count>', 'replicas that must acknowledge').argParser(count)),
    )
    .addOption(only('write', new Option('--pw <count>', 'of which primaries').argParser(count)))
    .addOption(
      only('write', new Option('--dw <count>', 'of which durable, at most w').argParser(count)),
    )
    .addOption(
      only(
        'write',
        new Option('--sloppy', 'let members without a replica stand in for those that are away'),
      ),
    )
    .addOption(
      only(
        'write',
        new Option('--durability <kind>', 'acknowledge after the fsync, or from memory').choices([
          'fsync',
          'memory',
        ]),
      ),
    )
    .addOption(
      only(
        'write',
        new Option('--context <token>', 'context of the reply that this write replaces'),
      ),
    )
    .addOption(
      only(
        'write',
        new Option(
          '--request-id <id>',
          'repeat the write of this id safely: 32 hex digits or a UUID',
        ).argParser(parseRequestId),
      ),
    )
    .addOption(timeoutOption('default: 2s'))
    .option('--json', 'print one JSON object')
    .option('--explain', 'show which replicas were asked, who answered when and with what');
}

export function nodeOption(): Option {
  return new Option(
    '-n, --node <host:port>',
    `may be given several times; default: COTERIE_NODES or ${DEFAULT_NODE}`,
  ).argParser(collectNode);
}

export function timeoutOption(description: string): Option {
  return new Option('--timeout <time>', `500, 500ms or 2s; ${description}`).argParser(parseTimeout);
}

export function connectOptions(
  flags: Pick<DataFlags, 'node' | 'timeout'>,
  context: Pick<CliContext, 'environment'>,
): ConnectOptions {
  const nodes = nodesOf(flags.node, context.environment);
  return flags.timeout === undefined ? { nodes } : { nodes, timeoutMs: flags.timeout };
}

/** Errors: INVALID_ARGUMENT. */
export function readOptions(flags: DataFlags): GetOptions {
  refuseFlags(flags, WRITE_ONLY, 'is for put and delete');
  return { ...commonOptions(flags), ...given(flags, ['r', 'pr']) };
}

/** Errors: INVALID_ARGUMENT. */
export function writeOptions(flags: DataFlags): WriteOptions & DeleteOptions {
  refuseFlags(flags, READ_ONLY, 'is for get; writes take --w and --pw');
  const { requestId, durability, context, sloppy } = flags;
  return {
    ...commonOptions(flags),
    ...given(flags, ['w', 'pw', 'dw']),
    ...(sloppy === true ? { sloppy } : {}),
    ...(durability === undefined ? {} : { durability }),
    ...(context === undefined ? {} : { context }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** Errors: INVALID_ARGUMENT. */
export function checkBucket(bucket: string): void {
  if (BUCKET_NAME.test(bucket)) return;
  throw new CoterieError(
    'INVALID_ARGUMENT',
    `--bucket is ${JSON.stringify(bucket)}; it must match ${BUCKET_NAME.source}`,
  );
}

function commonOptions(flags: DataFlags) {
  const { bucket, consistency, timeout } = flags;
  checkBucket(bucket);
  const raw = [...READ_ONLY, 'w', 'pw', 'dw'].find((name) => name in flags);
  if (consistency !== undefined && raw !== undefined) {
    throw new CoterieError('INVALID_ARGUMENT', `Give either --consistency or --${raw}, not both`);
  }
  return {
    bucket,
    ...(consistency === undefined ? {} : { consistency }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(flags.explain === true ? { explain: true } : {}),
  };
}

type CountName = 'r' | 'pr' | 'w' | 'pw' | 'dw';

function given<const K extends CountName>(flags: DataFlags, names: readonly K[]) {
  const counts: Partial<Record<K, number>> = {};
  for (const name of names) {
    const count = flags[name];
    if (count !== undefined) counts[name] = count;
  }
  return counts;
}

function refuseFlags(flags: DataFlags, names: readonly (keyof DataFlags)[], why: string): void {
  for (const name of names) {
    if (flags[name] === undefined) continue;
    const flag = name === 'requestId' ? 'request-id' : name;
    throw new CoterieError('INVALID_ARGUMENT', `--${flag} ${why}`);
  }
}
