/** Counts of legs as they travel: the bytes that docs/protocol.md shows, and what is no count. */
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../src/core/bytes.ts';
import { LegCounts } from '../../src/core/pbs/leg-counts.ts';
import { LegsReply } from '../../src/wire/generated/coterie/v1/admin.ts';
import { legsFromWire, legsToWire } from '../../src/wire/legs-codec.ts';

/** As docs/protocol.md shows it: a write that took 1 ms here, and two copies of 2 ms, of which the
 *  replicas had them for 1.5. */
const LEGS_REPLY = [
  '0a026e311203010203190000000000001c40',
  '22140a046d696e741202be011a08000000000000f03f',
  '22140a04636f70791202de011a080000000000000040',
  '22170a07636f707957617912029e011a080000000000000040',
  '2a0e0a02eb171208000000000000f03f',
].join('');

function counted(): LegCounts {
  const legs = new LegCounts();
  legs.minted(1);
  legs.copied(2, 1.5);
  legs.copied(2, 1.5);
  legs.together(2, 2);
  return legs;
}

function reply(legs: LegCounts): LegsReply {
  return { node: 'n1', storeId: Uint8Array.of(1, 2, 3), run: 7, ...legsToWire(legs.encode()) };
}

describe('counts of legs', () => {
  it('are the same on both sides', () => {
    const legs = counted();
    const bytes = LegsReply.encode(reply(legs)).finish();
    expect(legsFromWire(LegsReply.decode(bytes))).toEqual(legs.encode());
    expect(
      legsFromWire(LegsReply.decode(LegsReply.encode(reply(new LegCounts())).finish())),
    ).toEqual(new LegCounts().encode());
  });

  it('have golden bytes', () => {
    const bytes = LegsReply.encode(reply(counted())).finish();
    expect(bytesToHex(bytes)).toBe(LEGS_REPLY);
    expect(legsFromWire(LegsReply.decode(hexToBytes(LEGS_REPLY)))).toEqual(counted().encode());
  });

  it('leave out legs that this software does not know', () => {
    const known = reply(counted());
    const later = { leg: 'later', buckets: [1], counts: [1] };
    expect(legsFromWire({ ...known, legs: [...known.legs, later] })).toEqual(counted().encode());
  });

  it.each([
    { what: 'a bucket that does not exist', buckets: [896], counts: [1] },
    { what: 'fewer counts than buckets', buckets: [1, 2], counts: [1] },
    { what: 'half of a request', buckets: [1], counts: [0.5] },
    { what: 'a negative count', buckets: [1], counts: [-1] },
  ])('$what is refused', ({ buckets, counts }) => {
    const legs = [{ leg: 'mint', buckets, counts }];
    expect(() => legsFromWire({ ...reply(new LegCounts()), legs })).toThrowError(
      expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
    );
  });

  it('a pair in no cell is refused', () => {
    const pairs = { cells: [112 * 112], counts: [1] };
    expect(() => legsFromWire({ ...reply(new LegCounts()), pairs })).toThrowError(
      expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
    );
  });
});
