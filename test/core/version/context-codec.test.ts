import { expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import { type CausalContext, EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import {
  contextByteLength,
  readContext,
  writeContext,
} from '../../../src/core/version/context-codec.ts';
import { ByteReader } from '../../../src/core/version/varint.ts';

const dot = (nodeIndex: number, epoch: number, seq: number) => ({ nodeIndex, epoch, seq });

test.each<[string, CausalContext, string]>([
  ['nothing', EMPTY_CONTEXT, '0000'],
  ['an actor', { vector: [dot(0, 0, 0)], dots: [] }, '0100000000'],
  ['a node in two epochs', { vector: [dot(3, 5, 9), dot(3, 8, 8)], dots: [] }, '0203050400030000'],
  ['two nodes', { vector: [dot(3, 5, 9), dot(4, 2, 9)], dots: [] }, '0203050401020700'],
  [
    'events of one actor',
    { vector: [], dots: [dot(3, 5, 9), dot(3, 5, 12), dot(3, 6, 6)] },
    '0003030504000003000100',
  ],
])('the bytes of a context of %s are fixed', (_, context, hex) => {
  const bytes = new Uint8Array(contextByteLength(context));
  expect(writeContext(bytes, 0, context)).toBe(bytes.length);
  expect(bytesToHex(bytes)).toBe(hex);
  expect(readContext(new ByteReader(bytes, 0))).toEqual(context);
});

test.each([
  ['an actor that comes twice', '020305040000010000'],
  ['an event that comes twice', '000203050400000000'],
  ['an event that the vector covers', '01030504010305040000'],
  ['a count beyond the bytes', '0500'],
  ['a node index above 65,535', '018080040000'],
  ['a dot above 2^53 - 1', '0101ffffffffffffff0f0100'],
])('%s is malformed', (_, hex) => {
  expect(() => readContext(new ByteReader(hexToBytes(hex), 0))).toThrow(
    expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
  );
});
