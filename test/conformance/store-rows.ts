/** Rows for tests of storage engines, written as text. */
import { expect } from 'vitest';
import type { StoreEntry, StoreIterator, StoreOperation, StoreRange } from '../../src/env/store.ts';

export const NO_SYNC = { sync: false } as const;
export const FIRST: Uint8Array = new Uint8Array([0]);
/** Every key that the tests use. */
export const EVERYTHING: StoreRange = { from: FIRST, to: new Uint8Array(8).fill(0xff) };

/** Reads to the end, at most `count` entries at a time, and closes. */
export async function readAll(iterator: StoreIterator, count = 100): Promise<StoreEntry[]> {
  await using reader = iterator;
  const entries: StoreEntry[] = [];
  for (;;) {
    const some = await reader.next(count);
    expect(some.length).toBeLessThanOrEqual(count);
    if (some.length === 0) return entries;
    entries.push(...some);
  }
}

export function put(key: string | Uint8Array, value: string | Uint8Array): StoreOperation {
  return { type: 'put', key: bytesOf(key), value: bytesOf(value) };
}

export function del(key: string | Uint8Array): StoreOperation {
  return { type: 'del', key: bytesOf(key) };
}

export function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}
