import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesEqual } from '../../../src/core/bytes.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import {
  decodeLayout,
  encodeLayout,
  firstLayout,
  type Layout,
  layoutHash,
  type Member,
} from '../../../src/core/ring/layout.ts';

const label = fc.stringMatching(/^[!-~]{1,20}$/);
const member: fc.Arbitrary<Member> = fc.record({
  name: label,
  address: fc
    .tuple(fc.stringMatching(/^[a-z0-9.-]{1,20}$/), fc.integer({ min: 1, max: 65_535 }))
    .map(([host, port]) => `${host}:${port}`),
  zone: label,
  datacentre: label,
  weight: fc.integer({ min: 1, max: 1_000_000 }),
});

const inputs = fc.record({
  clusterId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  partitions: fc.nat(6).map((bits) => 2 ** bits),
  replicas: fc.integer({ min: 1, max: 3 }),
  members: fc.uniqueArray(member, {
    minLength: 3,
    maxLength: 9,
    selector: (one) => one.name,
    comparator: (a, b) => a === b,
  }),
});

const layouts: fc.Arbitrary<Layout> = fc
  .record({
    input: inputs.filter(
      ({ members }) => new Set(members.map((one) => one.address)).size === members.length,
    ),
    version: fc.integer({ min: 2, max: 2 ** 32 - 1 }),
    base: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    removed: fc.uniqueArray(fc.integer({ min: 100, max: 65_535 }), { maxLength: 5 }),
  })
  .map(({ input, version, base, removed }) => ({
    ...firstLayout(input),
    version,
    base,
    removed: removed.sort((a, b) => a - b),
  }));

/** The bytes are either the canonical ones of a layout or refused with an error of ours. */
function expectCanonicalOrRefused(bytes: Uint8Array): void {
  let layout: Layout;
  try {
    layout = decodeLayout(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(CoterieError);
    expect(['MALFORMED_MESSAGE', 'VERSION_UNSUPPORTED']).toContain((error as CoterieError).code);
    return;
  }
  expect(bytesEqual(encodeLayout(layout), bytes)).toBe(true);
}

test('every layout comes back from its bytes as it was', () => {
  fc.assert(
    fc.property(layouts, (layout) => {
      expect(decodeLayout(encodeLayout(layout))).toEqual(layout);
    }),
    { numRuns: 150 },
  );
});

test('a first layout depends on who its members are, not on their order', () => {
  const shuffled = inputs.chain((input) =>
    fc.tuple(
      fc.constant(input),
      fc.shuffledSubarray([...input.members], { minLength: input.members.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([input, members]) => {
      fc.pre(new Set(members.map((one) => one.address)).size === members.length);
      const hashOf = (list: Member[]): Uint8Array =>
        layoutHash(encodeLayout(firstLayout({ ...input, members: list })));
      expect(hashOf(members)).toEqual(hashOf(input.members));
    }),
    { numRuns: 100 },
  );
});

test('cut-off bytes are refused', () => {
  fc.assert(
    fc.property(layouts, fc.nat(), (layout, cut) => {
      const bytes = encodeLayout(layout);
      expect(() => decodeLayout(bytes.subarray(0, cut % bytes.length))).toThrow(CoterieError);
    }),
    { numRuns: 200 },
  );
});

test('bytes too many are refused', () => {
  fc.assert(
    fc.property(layouts, fc.uint8Array({ minLength: 1, maxLength: 9 }), (layout, more) => {
      const bytes = Uint8Array.from([...encodeLayout(layout), ...more]);
      expect(() => decodeLayout(bytes)).toThrow(CoterieError);
    }),
    { numRuns: 100 },
  );
});

test('a changed byte gives another layout or an error, never the same or a crash', () => {
  fc.assert(
    fc.property(layouts, fc.nat(), fc.integer({ min: 1, max: 255 }), (layout, at, flip) => {
      const bytes = encodeLayout(layout);
      bytes[at % bytes.length]! ^= flip;
      expectCanonicalOrRefused(bytes);
    }),
    { numRuns: 500 },
  );
});

test('random bytes are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, hasHead) => {
      expectCanonicalOrRefused(hasHead ? Uint8Array.from([0x4c, 1, ...bytes]) : bytes);
    }),
    { numRuns: 500 },
  );
});
