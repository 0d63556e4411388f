/** What the page writer writes is what the library's own writer writes, message after message. */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PageWriter } from '../../src/wire/page-writer.ts';

type Step = (writer: BinaryWriter) => unknown;

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const uint32 = fc.oneof(fc.nat(300), fc.nat(0xffff_ffff), fc.constantFrom(0x7f, 0x80, 0xffff_ffff));
const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'binary-ascii', minLength: 100, maxLength: 300 }),
);
const chunk = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.nat(20_000).map((length) => new Uint8Array(length).fill(7)),
);

const field: fc.Arbitrary<Step> = fc.oneof(
  uint32.map(
    (value): Step =>
      (writer) =>
        writer.uint32(value),
  ),
  uint32.map(
    (value): Step =>
      (writer) =>
        writer.fixed32(value),
  ),
  uint32.map(
    (value): Step =>
      (writer) =>
        writer.tag(1 + (value >>> 4), 2),
  ),
  int32.map(
    (value): Step =>
      (writer) =>
        writer.int32(value),
  ),
  int32.map(
    (value): Step =>
      (writer) =>
        writer.sint32(value),
  ),
  int32.map(
    (value): Step =>
      (writer) =>
        writer.sfixed32(value),
  ),
  fc.boolean().map(
    (value): Step =>
      (writer) =>
        writer.bool(value),
  ),
  fc.double().map(
    (value): Step =>
      (writer) =>
        writer.double(value),
  ),
  fc.float({ noNaN: true }).map(
    (value): Step =>
      (writer) =>
        writer.float(value),
  ),
  fc.maxSafeNat().map(
    (value): Step =>
      (writer) =>
        writer.uint64(value),
  ),
  fc.maxSafeInteger().map(
    (value): Step =>
      (writer) =>
        writer.int64(value),
  ),
  fc.maxSafeInteger().map(
    (value): Step =>
      (writer) =>
        writer.sint64(value),
  ),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(
    (value): Step =>
      (writer) =>
        writer.uint64(value),
  ),
  fc.maxSafeNat().map(
    (value): Step =>
      (writer) =>
        writer.fixed64(value),
  ),
  fc.maxSafeInteger().map(
    (value): Step =>
      (writer) =>
        writer.sfixed64(value),
  ),
  text.map(
    (value): Step =>
      (writer) =>
        writer.string(value),
  ),
  chunk.map(
    (value): Step =>
      (writer) =>
        writer.bytes(value),
  ),
  chunk.map(
    (value): Step =>
      (writer) =>
        writer.raw(value),
  ),
);

const message = fc.letrec<{ message: Step }>((tie) => ({
  message: fc
    .array(
      fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        field,
        tie('message').map(
          (inner): Step =>
            (writer) => {
              writer.fork();
              inner(writer);
              writer.join();
            },
        ),
      ),
      { maxLength: 8 },
    )
    .map(
      (steps): Step =>
        (writer) => {
          for (const step of steps) step(writer);
        },
    ),
})).message;

test('messages are as from a writer of their own, and later ones do not change them', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), (messages) => {
      const writer = new PageWriter();
      const written = messages.map((write) => {
        write(writer);
        return writer.finish();
      });
      const alone = messages.map((write) => {
        const own = new BinaryWriter();
        write(own);
        return own.finish();
      });
      expect(written.map(hexOf)).toEqual(alone.map(hexOf));
    }),
  );
});

test.each([-1, 0x1_0000_0000, 1.5, Number.NaN])('%d is no number of 32 bits', (value) => {
  expect(() => new PageWriter().uint32(value)).toThrow();
  expect(() => new PageWriter().fixed32(value)).toThrow();
});

test('a small message keeps no more than a page alive, a large one only itself', () => {
  const writer = new PageWriter();
  expect(writer.uint32(7).finish().buffer.byteLength).toBeLessThanOrEqual(16_384);
  const large = writer.raw(new Uint8Array(1_000_000)).finish();
  expect(large.buffer.byteLength).toBe(1_000_000);
  expect(writer.uint32(7).finish().buffer.byteLength).toBeLessThanOrEqual(16_384);
});

test('a join without a fork is an error', () => {
  expect(() => new PageWriter().join()).toThrow();
});
