import { describe, expect, test } from 'vitest';
import {
  deriveSecrets,
  isPartitionCount,
  LEAVES_PER_PARTITION,
  leafOf,
  partitionOf,
  partitionRange,
  tokenOf,
} from '../../../src/core/ring/token.ts';

const encoder = new TextEncoder();
const CLUSTER_ID = Uint8Array.from({ length: 16 }, (_, at) => at);

describe('token', () => {
  test('the published vectors of MurmurHash3 for zero bytes hold', () => {
    const tokens = [0, 1, 2, 3].map((length) => tokenOf('', new Uint8Array(length), 0));
    expect(tokens).toEqual([0x514e28b7, 0x30f4c306, 0x85f0b427, 0x2362f9de]);
  });

  test('golden vectors: bucket, zero byte, key and seed give these tokens for ever', () => {
    const seed = deriveSecrets(CLUSTER_ID).tokenSeed;
    expect(tokenOf('default', encoder.encode('cart:42'), 0)).toBe(771_144_815);
    expect(tokenOf('default', encoder.encode('cart:42'), 0xdead_beef)).toBe(1_907_302_491);
    expect(tokenOf('a', new Uint8Array(0), 1)).toBe(3_484_942_910);
    expect(tokenOf('carts', encoder.encode('é'), seed)).toBe(613_707_649);
  });

  test('bucket and key cannot run into each other', () => {
    expect(tokenOf('ab', encoder.encode('c'), 7)).not.toBe(tokenOf('a', encoder.encode('bc'), 7));
  });

  test('tokens stay the same when more buckets and lengths are in use than are kept', () => {
    const tokenAt = (at: number): number => tokenOf(`bucket-${at}`, new Uint8Array(at * 9), 5);
    const first = Array.from({ length: 600 }, (_, at) => tokenAt(at));
    expect(Array.from({ length: 600 }, (_, at) => tokenAt(at))).toEqual(first);
  });

  test('secrets are the first twelve bytes of the sha256 of the cluster id', () => {
    expect(deriveSecrets(CLUSTER_ID)).toEqual({
      clusterKeyHigh: 0xbe45cb26,
      clusterKeyLow: 0x05bf36be,
      tokenSeed: 0xbde68484,
    });
  });

  test('a cluster id of another length is refused', () => {
    expect(() => deriveSecrets(new Uint8Array(15))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('with one partition every token is in it and the leaf is the top ten bits', () => {
    expect(partitionOf(0xffff_ffff, 1)).toBe(0);
    expect(leafOf(0xffff_ffff, 1)).toBe(LEAVES_PER_PARTITION - 1);
    expect(leafOf(0x0040_0000, 1)).toBe(1);
    expect(partitionRange(0, 1)).toEqual({ fromToken: 0, toToken: 2 ** 32 });
  });

  test('with 256 partitions the first byte is the partition', () => {
    expect(partitionOf(0xab12_3456, 256)).toBe(0xab);
    expect(leafOf(0xabff_c000, 256)).toBe(1_023);
    expect(partitionRange(255, 256)).toEqual({ fromToken: 0xff00_0000, toToken: 2 ** 32 });
  });

  test('partition counts are the powers of two from 1 to 65,536', () => {
    expect([1, 2, 256, 65_536].every(isPartitionCount)).toBe(true);
    expect([0, -1, 3, 1.5, 131_072, 2 ** 32, Number.NaN].some(isPartitionCount)).toBe(false);
  });

  test.each([
    [4, 4],
    [-1, 4],
    [0.5, 4],
    [0, 3],
  ])('there is no range for partition %d of %d', (partition, partitions) => {
    expect(() => partitionRange(partition, partitions)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
