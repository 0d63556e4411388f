/** Makes started nodes one cluster, over gRPC: for a program whose nodes run in several processes.
 *  Not here: the two steps of it (client/init-cluster.ts), a cluster in this process
 *  (start-cluster.ts). */
import { initCluster as initNodes } from './client/init-cluster.ts';
import { parseAddress } from './config/address.ts';
import { bytesToHex } from './core/bytes.ts';
import { CoterieError } from './core/errors.ts';
import {
  checkOptionNames,
  type KnownOptions,
  knownOptions,
  type OptionNames,
} from './core/known-options.ts';
import { REPLICAS_MAX } from './core/ring/quota.ts';
import { createAdminClient } from './platform/grpc/unary-client.ts';
import { systemClock } from './platform/system/system-clock.ts';
import type { StatusReply } from './wire/generated/coterie/v1/admin.ts';
import type { AdminService } from './wire/services.ts';

export interface InitOptions {
  /** `host:port` of every node of the cluster. */
  readonly nodes: readonly string[];
  /** 1..9, at most as many as nodes. Default 3. */
  readonly replicas?: number;
  /** A power of two; never changes. Default 256. */
  readonly partitions?: number;
  /** For each call to a node, and then for all of them to serve. Default 5,000. */
  readonly timeoutMs?: number;
}

type Asked = Pick<AdminService, 'status'>;

export interface InitResult {
  /** 32 hex digits. */
  readonly clusterId: string;
  /** False: the nodes were this cluster already. */
  readonly changed: boolean;
  readonly layoutVersion: number;
  readonly replicas: number;
  readonly partitions: number;
  /** Names of the members. */
  readonly members: readonly string[];
}

const REPLICAS = 3;
const PARTITIONS = 256;
const TIMEOUT_MS = 5_000;
const SERVING_POLL_MS = 5;
/** A few round trips among few members; several go on until news are told among many. */
const MET_POLL_MS = 25;
const OPTIONS: OptionNames<InitOptions> = {
  nodes: true,
  replicas: true,
  partitions: true,
  timeoutMs: true,
};
const INIT: KnownOptions = knownOptions('initCluster', OPTIONS);

/** Makes the nodes one cluster and resolves when all of them serve and have heard of each other;
 *  the latter is given up after `timeoutMs`, for nothing depends on it. Repeating it with the same
 *  nodes and numbers changes nothing and completes what was made half.
 *  Errors: INVALID_ARGUMENT; UNREACHABLE or DEADLINE_EXCEEDED when a node does not answer: with
 *  `applied` 'no' nothing was changed, with 'unknown' nodes have the layout by then, and the same
 *  call completes it; CLUSTER_MISMATCH when one belongs to another cluster; NOT_RUNNING when they
 *  are a cluster and one does not serve yet. */
export async function initCluster(options: InitOptions): Promise<InitResult> {
  checkOptionNames(options, INIT);
  const { nodes, replicas = REPLICAS, partitions = PARTITIONS, timeoutMs = TIMEOUT_MS } = options;
  checkNodes(nodes);
  mustBeWithin('replicas', replicas, REPLICAS_MAX);
  mustBeWithin('timeoutMs', timeoutMs, 3_600_000);
  const admins = nodes.map((target) => ({
    target,
    admin: createAdminClient(target, { timeoutMs }),
  }));
  try {
    const { layout, kind } = await initNodes({ nodes, replicas, partitions }, admins);
    await Promise.all(admins.map(({ target, admin }) => untilServing(target, admin, timeoutMs)));
    await Promise.all(admins.map(({ target, admin }) => untilMet(target, admin, timeoutMs)));
    return {
      clusterId: bytesToHex(layout.clusterId),
      changed: kind !== 'unchanged',
      layoutVersion: layout.version,
      replicas,
      partitions,
      members: layout.roles.map(({ name }) => name),
    };
  } finally {
    for (const { admin } of admins) admin.close();
  }
}

/** A node serves as soon as its peers have answered it, which takes a round trip. RECOVERING is not
 *  waited out. Errors: NOT_RUNNING after so long; what the node's status failed with, with
 *  `applied` 'unknown'. */
export async function untilServing(name: string, admin: Asked, timeoutMs: number): Promise<void> {
  const { state, reason } = await statusWhen(isUp, {
    name,
    admin,
    timeoutMs,
    pollMs: SERVING_POLL_MS,
  });
  if (isUp({ state })) return;
  throw new CoterieError('NOT_RUNNING', `${name} is ${state} and not SERVING: ${reason}`, {
    applied: 'unknown',
  });
}

/** Settles when the node has heard of every other member, or after so long. Errors: as of
 *  `untilServing`. */
export async function untilMet(name: string, admin: Asked, timeoutMs: number): Promise<void> {
  await statusWhen(hasMetAll, { name, admin, timeoutMs, pollMs: MET_POLL_MS });
}

function isUp({ state }: Pick<StatusReply, 'state'>): boolean {
  return state === 'SERVING' || state === 'RECOVERING';
}

function hasMetAll({ members }: StatusReply): boolean {
  return members.every(({ inLayout, id }) => !inLayout || id !== '');
}

interface Awaited {
  readonly name: string;
  readonly admin: Asked;
  readonly timeoutMs: number;
  readonly pollMs: number;
}

/** The first status of the node that is as wanted, or the last one within the time. */
async function statusWhen(
  isWanted: (status: StatusReply) => boolean,
  { name, admin, timeoutMs, pollMs }: Awaited,
): Promise<StatusReply> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    const status = await statusOf(name, admin);
    if (isWanted(status) || systemClock.monotonicMs() > deadlineMs) return status;
    await pause(pollMs);
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => systemClock.setTimer(durationMs, resolve));
}

/** The question changes nothing, but it is asked of a node that has taken the layout. */
async function statusOf(name: string, admin: Asked): Promise<StatusReply> {
  try {
    return await admin.status({});
  } catch (error) {
    if (!(error instanceof CoterieError)) throw error;
    const { code, message, details } = error;
    throw new CoterieError(
      code,
      `${name} has the layout, but does not tell whether it serves: ${message}; ` +
        'repeat the same call to wait for it',
      { cause: error, details, retryable: true, applied: 'unknown' },
    );
  }
}

function checkNodes(nodes: unknown): void {
  if (!Array.isArray(nodes)) throw usage('nodes is not a list; give the host:port of each node');
  const wrong: unknown = nodes.find(
    (node) => typeof node !== 'string' || parseAddress(node) === undefined,
  );
  if (wrong === undefined) return;
  throw usage(`The node address ${JSON.stringify(wrong)} is not of the form host:port`);
}

function mustBeWithin(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw usage(`${name} is ${String(value)}; it must be a whole number from 1 to ${max}`);
}

function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}
