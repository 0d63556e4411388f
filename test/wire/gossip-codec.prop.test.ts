import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CoterieError } from '../../src/core/errors.ts';
import { entryBytesMax, SUMMARY_BYTES_MAX } from '../../src/core/membership/member-digest.ts';
import {
  decodeGossipFrame,
  decodeMemberEntry,
  encodeGossipFrame,
  encodeMemberEntry,
} from '../../src/wire/gossip-codec.ts';
import { entries } from '../core/membership/entries-arbitrary.ts';

it('every entry comes back as it was, and takes no more bytes than it is counted for', () => {
  fc.assert(
    fc.property(entries(0), (entry) => {
      const bytes = encodeMemberEntry(entry);
      expect(decodeMemberEntry(bytes)).toEqual(entry);
      expect(bytes.length + 4).toBeLessThanOrEqual(entryBytesMax(entry));
    }),
  );
});

it('no summary takes more bytes than it is counted for', () => {
  const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const summary = fc.record({
    id: fc.constant('ab'.repeat(16)),
    generation: fc.integer({ min: 0, max: 2 ** 48 }),
    version: u32,
    hash: u32,
    heartbeat: u32,
  });
  fc.assert(
    fc.property(fc.array(summary), (list) => {
      const content = {
        kind: 'reply',
        ahead: [],
        summaries: { buckets: [1], entries: list },
        news: [],
      } as const;
      const bytes = encodeGossipFrame({ exchange: 0, wallMs: 0, content });
      expect(bytes.length).toBeLessThanOrEqual(20 + list.length * SUMMARY_BYTES_MAX);
      expect(decodeGossipFrame(bytes).content).toEqual(content);
    }),
  );
});

it('whatever bytes come, the answer is a frame or MALFORMED_MESSAGE', () => {
  const whole = encodeGossipFrame({
    exchange: 1,
    wallMs: 1,
    content: { kind: 'delta', entries: [], wants: ['ab'.repeat(16)], isLast: false },
  });
  const damaged = fc
    .tuple(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 0, max: 255 }))
    .map(([at, byte]) => whole.with(at, byte));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), (bytes) => {
      try {
        decodeGossipFrame(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(CoterieError);
        expect(error).toMatchObject({ code: 'MALFORMED_MESSAGE' });
      }
    }),
    { numRuns: 1_000 },
  );
});
