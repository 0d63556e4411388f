import { expect, test } from 'vitest';
import { hexToBytes } from '../../../src/core/bytes.ts';
import { itemHash } from '../../../src/core/version/item-hash.ts';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import { checksum, ReplicaNode } from './replicas.ts';

const [TOKEN, KEY_HIGH, KEY_LOW] = [0xdeadbeef, 0x01234567, 0x89abcdef];

test.each([
  ['000000', { high: 0x40f05ee3, low: 0x6d30d9ac }],
  ['010280c086a6a4af1d000001000000513291c4', { high: 0x67d6c559, low: 0xbe7d6f39 }],
])('the hash of header %s is fixed', (header, hash) => {
  expect(itemHash(hexToBytes(header), TOKEN, KEY_HIGH, KEY_LOW)).toEqual(hash);
});

test('replicas that hold two values under one event have different hashes', () => {
  const codec = createRecordCodec(checksum);
  const [a, b] = [new ReplicaNode(1), new ReplicaNode(1)];
  const hashOf = (node: ReplicaNode) =>
    itemHash(codec.header(codec.encode(node.get())), TOKEN, KEY_HIGH, KEY_LOW);
  a.put('one');
  b.put('two');
  expect(a.get().vector).toEqual(b.get().vector);
  expect(hashOf(a)).not.toEqual(hashOf(b));
});
