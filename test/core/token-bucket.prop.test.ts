import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from '../../src/core/token-bucket.ts';

const takes = fc.array(fc.record({ passedMs: fc.nat(500), tokens: fc.nat(2_000) }), {
  minLength: 1,
  maxLength: 40,
});
const options = fc.record({
  perSecond: fc.integer({ min: 1, max: 10_000 }),
  burst: fc.nat(5_000),
});

interface Begun {
  readonly atMs: number;
  readonly tokens: number;
}

function begin(bucket: TokenBucket, all: readonly { passedMs: number; tokens: number }[]): Begun[] {
  let nowMs = 0;
  return all.map(({ passedMs, tokens }) => {
    nowMs += passedMs;
    return { atMs: nowMs + bucket.take(tokens, nowMs), tokens };
  });
}

test('no span sees more begin than rate, burst and one item allow, and nobody overtakes', () => {
  fc.assert(
    fc.property(takes, options, (all, { perSecond, burst }) => {
      const begun = begin(new TokenBucket({ perSecond, burst }), all);
      for (const [from, first] of begun.entries()) {
        let tokens = 0;
        let largest = 0;
        let beforeMs = first.atMs;
        for (const each of begun.slice(from)) {
          tokens += each.tokens;
          largest = Math.max(largest, each.tokens);
          const allowed = (perSecond * (each.atMs - first.atMs)) / 1_000 + burst + largest;
          expect(tokens).toBeLessThanOrEqual(allowed + 1e-3);
          expect(each.atMs).toBeGreaterThanOrEqual(beforeMs);
          beforeMs = each.atMs;
        }
      }
    }),
  );
});

test('nobody waits longer than it takes to pay for all that came before', () => {
  fc.assert(
    fc.property(takes, options, (all, { perSecond, burst }) => {
      const bucket = new TokenBucket({ perSecond, burst });
      let nowMs = 0;
      let before = 0;
      for (const { passedMs, tokens } of all) {
        nowMs += passedMs;
        expect(bucket.take(tokens, nowMs)).toBeLessThanOrEqual((before / perSecond) * 1_000 + 1e-6);
        before += tokens;
      }
    }),
  );
});
