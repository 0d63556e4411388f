/** Where on the ring does a key lie: its token, and the partition and Merkle leaf that the token's
 *  bits name.
 *
 *       token, 32 bits   | partition: log2(Q) bits | leaf: 10 bits | rest |
 *
 *  Invariants: a token depends on bucket, key and cluster alone and never changes; a partition and
 *  a leaf are each one contiguous range of tokens, hence of storage keys.
 *  Not here: who owns a partition (layout.ts, ring.ts).
 *  Source: DeCandia et al. 2007 §4.2 and §6.2 (strategy 3: equal partitions); MurmurHash3 by A.
 *  Appleby. */
import { sha256 } from '@noble/hashes/sha2.js';
import murmurHash3 from 'murmurhash3js-revisited';
import { CoterieError } from '../errors.ts';
import { KEY_BYTES_MAX } from '../limits.ts';

/** How many tokens there are; a token is 0..TOKENS-1. */
export const TOKENS: number = 2 ** 32;
export const PARTITIONS_MAX = 65_536;
const LEAF_BITS = 10;
export const LEAVES_PER_PARTITION: number = 2 ** LEAF_BITS;
export const CLUSTER_ID_BYTES = 16;

/** What all members of one cluster derive from its id; part of no configuration. Each number is
 *  a u32. */
export interface ClusterSecrets {
  /** Key of the Merkle item hash, its first 32 bits. */
  readonly clusterKeyHigh: number;
  readonly clusterKeyLow: number;
  readonly tokenSeed: number;
}

/** Tokens of one partition: `fromToken` belongs to it, `toToken` (up to 2^32) does not. */
export interface TokenRange {
  readonly fromToken: number;
  readonly toToken: number;
}

/** Errors: INVALID_ARGUMENT when the id is not 16 bytes long. */
export function deriveSecrets(clusterId: Uint8Array): ClusterSecrets {
  if (clusterId.length !== CLUSTER_ID_BYTES) {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `A cluster id has ${CLUSTER_ID_BYTES} bytes; this one has ${clusterId.length}`,
    );
  }
  const digest = sha256(clusterId);
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  return {
    clusterKeyHigh: view.getUint32(0),
    clusterKeyLow: view.getUint32(4),
    tokenSeed: view.getUint32(8),
  };
}

/** Whether Q partitions can be: a power of two from 1 to 65,536. */
export function isPartitionCount(partitions: number): boolean {
  return (
    Number.isInteger(partitions) &&
    partitions >= 1 &&
    partitions <= PARTITIONS_MAX &&
    (partitions & (partitions - 1)) === 0
  );
}

// The library's check of every single byte costs more than the hash; a Uint8Array needs none.
murmurHash3.inputValidation = false;

const encoder = new TextEncoder();
/** Buckets whose encoded prefix (name and zero byte) is kept; when full, all are forgotten and
 *  made again on use. */
const PREFIXES_MAX = 256;
const prefixes = new Map<string, Uint8Array>();
/** The hash takes whole arrays only, so one scratch array per input length is kept. That is
 *  under 1 MiB for all of them: 64 bytes of bucket name, the zero byte and the longest key.
 *  Longer input gets an array of its own. */
const SCRATCH_BYTES_MAX: number = 64 + 1 + KEY_BYTES_MAX;
const scratches: (Uint8Array | undefined)[] = [];

/** murmur3_x86_32 of the UTF-8 bucket name, a zero byte and the key: 0..2^32-1. Allocates
 *  nothing for buckets and lengths seen before. */
export function tokenOf(bucket: string, key: Uint8Array, seed: number): number {
  const prefix = prefixes.get(bucket) ?? addPrefix(bucket);
  const input = scratchOf(prefix.length + key.length);
  input.set(prefix);
  input.set(key, prefix.length);
  return murmurHash3.x86.hash32(input, seed);
}

/** The top log2(partitions) bits of the token. */
export function partitionOf(token: number, partitions: number): number {
  // Two shifts, because a shift by 32 (one partition) would shift by nothing.
  return (token >>> 1) >>> Math.clz32(partitions);
}

/** The ten bits of the token below those of the partition: 0..1023. */
export function leafOf(token: number, partitions: number): number {
  return (token << (31 - Math.clz32(partitions))) >>> (32 - LEAF_BITS);
}

/** Errors: INVALID_ARGUMENT when there is no such partition. */
export function partitionRange(partition: number, partitions: number): TokenRange {
  const isKnown = Number.isInteger(partition) && partition >= 0 && partition < partitions;
  if (!isPartitionCount(partitions) || !isKnown) {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `There is no partition ${partition} of ${partitions}; the count is a power of two ` +
        `up to ${PARTITIONS_MAX}`,
    );
  }
  const width = TOKENS / partitions;
  return { fromToken: partition * width, toToken: (partition + 1) * width };
}

function addPrefix(bucket: string): Uint8Array {
  if (prefixes.size >= PREFIXES_MAX) prefixes.clear();
  const prefix = encoder.encode(`${bucket}\0`);
  prefixes.set(bucket, prefix);
  return prefix;
}

function scratchOf(length: number): Uint8Array {
  if (length > SCRATCH_BYTES_MAX) return new Uint8Array(length);
  const known = scratches[length];
  if (known !== undefined) return known;
  const scratch = new Uint8Array(length);
  scratches[length] = scratch;
  return scratch;
}
