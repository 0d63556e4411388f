import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TraceHash } from '../../../src/sim/kernel/trace-hash.ts';

function hashOf(note: (hash: TraceHash) => void): string {
  const hash = new TraceHash();
  note(hash);
  return hash.digest();
}

describe('a trace hash', () => {
  it('is the same on every machine', () => {
    const digest = hashOf((hash) => {
      hash.number(1_234.5);
      hash.text('n0');
      hash.bytes(Uint8Array.of(1, 2, 3, 4, 5));
    });
    expect(digest).toBe('30d3ccf31b7df570');
  });

  it('tells apart what differs in any bit, in order or in grouping', () => {
    const digests = [
      hashOf(() => {}),
      hashOf((hash) => hash.bytes(Uint8Array.of(0))),
      hashOf((hash) => hash.bytes(Uint8Array.of(0, 0))),
      hashOf((hash) => {
        hash.bytes(Uint8Array.of(0));
        hash.bytes(Uint8Array.of(0));
      }),
      hashOf((hash) => {
        hash.text('a');
        hash.text('b');
      }),
      hashOf((hash) => {
        hash.text('b');
        hash.text('a');
      }),
      hashOf((hash) => hash.number(2 ** 40)),
      hashOf((hash) => hash.number(2 ** 41)),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('changes with any flipped bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (bytes, at) => {
        const flipped = bytes.slice();
        const index = at % bytes.length;
        flipped[index] = (flipped[index] ?? 0) ^ (1 << (at % 8));
        expect(hashOf((hash) => hash.bytes(flipped))).not.toBe(hashOf((hash) => hash.bytes(bytes)));
      }),
    );
  });
});
