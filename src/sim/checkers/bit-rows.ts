/** Rows of bits of one width, for sets of the writes of one key: thousands of sets over thousands
 *  of writes, joined and compared 32 at a time.
 *  Invariant: bits beyond the width are never set.
 *  Not here: what a bit stands for (causal-oracle.ts). */

export type BitRow = Uint32Array;

export function wordCount(width: number): number {
  return (width + 31) >>> 5;
}

export function bitRow(width: number): BitRow {
  return new Uint32Array(wordCount(width));
}

export function hasBit(row: BitRow, index: number): boolean {
  return (((row[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1;
}

export function setBit(row: BitRow, index: number): void {
  const word = index >>> 5;
  row[word] = (row[word] ?? 0) | (1 << (index & 31));
}

export function clearBit(row: BitRow, index: number): void {
  const word = index >>> 5;
  row[word] = (row[word] ?? 0) & ~(1 << (index & 31));
}

/** Adds what `other`, of the same width, holds. */
export function joinBits(row: BitRow, other: BitRow): void {
  for (let word = 0; word < row.length; word += 1) {
    row[word] = (row[word] ?? 0) | (other[word] ?? 0);
  }
}

/** The last bit from `least` on that `row` has and `other` has not; -1 when there is none. */
export function lastMissing(row: BitRow, other: BitRow, least: number): number {
  for (let word = row.length - 1; word >= least >>> 5; word -= 1) {
    const missing = (row[word] ?? 0) & ~(other[word] ?? 0);
    if (missing === 0) continue;
    const index = (word << 5) + 31 - Math.clz32(missing);
    return index >= least ? index : -1;
  }
  return -1;
}

/** How many bits are set. */
export function countBits(row: BitRow): number {
  let count = 0;
  for (let word = 0; word < row.length; word += 1) {
    let bits = row[word] ?? 0;
    bits -= (bits >>> 1) & 0x5555_5555;
    bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
    bits = (bits + (bits >>> 4)) & 0x0f0f_0f0f;
    count += Math.imul(bits, 0x0101_0101) >>> 24;
  }
  return count;
}
