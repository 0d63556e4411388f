import { describe, expect, it } from 'vitest';
import { ByteMap, takeCopies } from '../../src/core/byte-map.ts';

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
const ALL = [new Uint8Array(0), new Uint8Array(8).fill(0xff)] as const;

function numbered(count: number): ByteMap {
  const map = new ByteMap();
  for (let at = 0; at < count; at += 1) map.set(bytes(at >> 8, at & 0xff), bytes(at & 0xff));
  return map;
}

describe('a byte map', () => {
  it('orders keys byte by byte, the shorter of two with one start first', () => {
    const map = new ByteMap();
    const ordered = [bytes(0), bytes(0, 0), bytes(0, 255), bytes(1), bytes(128), bytes(255)];
    for (const key of [...ordered].reverse()) map.set(key, key);
    expect([...map.snapshot().entries(...ALL)].map(({ key }) => key)).toEqual(ordered);
  });

  it('returns what it replaces and what it deletes, undefined when there was nothing', () => {
    const map = new ByteMap();
    expect(map.set(bytes(1), bytes(10))).toBeUndefined();
    expect(map.set(bytes(1), bytes(11))).toEqual(bytes(10));
    expect(map.delete(bytes(1))).toEqual(bytes(11));
    expect(map.delete(bytes(1))).toBeUndefined();
    expect(map.get(bytes(1))).toBeUndefined();
  });

  it('counts the bytes of keys and values', () => {
    const map = new ByteMap();
    map.set(bytes(1), bytes(1, 2, 3));
    map.set(bytes(1), bytes(1));
    map.set(bytes(2, 2), bytes());
    expect(map.sizeBytes).toBe(4);
    map.delete(bytes(1));
    map.delete(bytes(1));
    expect(map.sizeBytes).toBe(2);
  });

  it('gives a range in either direction, from the first key on and before the end', () => {
    const taken = numbered(1_000).snapshot();
    const keys = [...taken.entries(bytes(1, 254), bytes(2, 2))].map(({ key }) => key);
    expect(keys).toEqual([bytes(1, 254), bytes(1, 255), bytes(2, 0), bytes(2, 1)]);
    const back = [...taken.entriesReversed(bytes(1, 254), bytes(2, 2))].map(({ key }) => key);
    expect(back).toEqual([...keys].reverse());
    expect([...taken.entries(bytes(2), bytes(1))]).toEqual([]);
  });

  it('shows a snapshot what was there, whatever is written and deleted later', () => {
    const map = numbered(1_000);
    const taken = map.snapshot();
    for (let at = 0; at < 1_000; at += 2) map.delete(bytes(at >> 8, at & 0xff));
    map.set(bytes(0, 1), bytes(77));
    map.set(bytes(9), bytes(9));
    const seen = [...taken.entries(...ALL)];
    expect(seen).toHaveLength(1_000);
    expect(seen[1]?.value).toEqual(bytes(1));
    expect([...map.snapshot().entries(...ALL)]).toHaveLength(501);
  });

  it('is empty again once everything is deleted', () => {
    const map = numbered(300);
    for (let at = 0; at < 300; at += 1) map.delete(bytes(at >> 8, at & 0xff));
    expect([...map.snapshot().entriesReversed(...ALL)]).toEqual([]);
    expect(map.sizeBytes).toBe(0);
  });

  it('hands out copies, as many as are asked for and no more than there are', () => {
    const map = numbered(3);
    const entries = map
      .snapshot()
      .entries(...ALL)
      [Symbol.iterator]();
    const taken = takeCopies(entries, 2);
    taken[0]?.value.fill(99);
    taken[0]?.key.fill(99);
    expect(taken).toHaveLength(2);
    expect(takeCopies(entries, 2).map(({ key }) => key)).toEqual([bytes(0, 2)]);
    expect(takeCopies(entries, 2)).toEqual([]);
    expect([...map.snapshot().entries(...ALL)][0]).toEqual({ key: bytes(0, 0), value: bytes(0) });
  });
});
