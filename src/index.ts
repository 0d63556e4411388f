/** The public names of Coterie: a client for a cluster, a node or a whole cluster in this process,
 *  making nodes a cluster, and the errors. */
export type {
  AbortSignalLike,
  Client,
  ClientOptions,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  GetResult,
  PutOptions,
  PutResult,
  Replies,
  RequestOptions,
  RequestTrace,
  RequestTraceStep,
  RetryMode,
  SiblingValue,
  WriteOptions,
} from './client/types.ts';
export type { NodeConfig, NodeConfigInput } from './config/schema.ts';
export type { ConnectOptions } from './connect.ts';
export { connect } from './connect.ts';
export type { ErrorCode, ErrorDetails, ErrorFamily, ErrorSpec } from './core/errors.ts';
export { CoterieError, ERROR_CODES } from './core/errors.ts';
export type { MemberState } from './core/membership/member-watch.ts';
export type { ConsistencyLevel } from './core/quorum/level.ts';
export type { RunningNode, StartOptions } from './embed.ts';
export { startNode } from './embed.ts';
export type { Log, LogFields } from './env/log.ts';
export type { InitOptions, InitResult } from './init-cluster.ts';
export { initCluster } from './init-cluster.ts';
export type { KnownMember as MemberInfo, MemberEvent } from './node/contracts.ts';
export type { ClusterOptions, RunningCluster } from './start-cluster.ts';
export { startCluster } from './start-cluster.ts';
export type { Durability } from './wire/level-codec.ts';
