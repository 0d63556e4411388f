import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leafOf, partitionOf, partitionRange, tokenOf } from '../../../src/core/ring/token.ts';

const MASK = 0xffff_ffffn;
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const bits = fc.nat(16);
const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/);

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (32n - by))) & MASK;
}

/** MurmurHash3_x86_32 as the paper reads, on big integers. */
function dumbMurmur(bytes: Uint8Array, seed: number): number {
  const scramble = (block: bigint): bigint =>
    (rotate((block * 0xcc9e2d51n) & MASK, 15n) * 0x1b873593n) & MASK;
  const whole = bytes.length - (bytes.length % 4);
  let hash = BigInt(seed);
  for (let at = 0; at < bytes.length; at += 4) {
    let block = 0n;
    bytes.subarray(at, at + 4).forEach((byte, place) => {
      block |= BigInt(byte) << BigInt(8 * place);
    });
    hash ^= scramble(block);
    if (at < whole) hash = (rotate(hash, 13n) * 5n + 0xe6546b64n) & MASK;
  }
  hash ^= BigInt(bytes.length);
  hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & MASK;
  hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & MASK;
  return Number(hash ^ (hash >> 16n));
}

test('a token is the MurmurHash3 of bucket, zero byte and key', () => {
  fc.assert(
    fc.property(name, fc.uint8Array({ maxLength: 1_100 }), u32, (bucket, key, seed) => {
      const input = Uint8Array.from([...new TextEncoder().encode(bucket), 0, ...key]);
      expect(tokenOf(bucket, key, seed)).toBe(dumbMurmur(input, seed));
    }),
    { numRuns: 300 },
  );
});

test('partition and leaf are the top bits of the token, in this order', () => {
  fc.assert(
    fc.property(u32, bits, (token, bit) => {
      const partitions = 2 ** bit;
      expect(partitionOf(token, partitions)).toBe(Number(BigInt(token) >> BigInt(32 - bit)));
      expect(leafOf(token, partitions)).toBe(Number((BigInt(token) >> BigInt(22 - bit)) & 0x3ffn));
    }),
    { numRuns: 1_000 },
  );
});

test('a token lies in the range of its partition and of no other', () => {
  fc.assert(
    fc.property(u32, bits, fc.nat(65_535), (token, bit, other) => {
      const partitions = 2 ** bit;
      const holds = (partition: number): boolean => {
        const { fromToken, toToken } = partitionRange(partition, partitions);
        return fromToken <= token && token < toToken;
      };
      const own = partitionOf(token, partitions);
      expect(holds(own)).toBe(true);
      expect(holds(other % partitions)).toBe(other % partitions === own);
    }),
    { numRuns: 1_000 },
  );
});
