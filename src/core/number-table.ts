/** What goes by a number and is there for a short while only: calls under their ids, work under
 *  its token. A Map that items pass through leaves a table behind at every few dozen additions,
 *  which refers to the next one and to what was in it: once the collector holds one of them for
 *  old, it keeps all that passes through until the next full collection. This table changes in
 *  place and keeps nothing that was taken out (docs/decisions/015).
 *  Invariants: an item is found where its number points to or after it, with no gap between; at
 *  most half of the slots are taken. It grows with what is in it at once, and does not shrink.
 *  Not here: any order of items.
 *  Source: open addressing with linear probing, deletion by moving back (algorithm R) and
 *  multiplicative hashing (Knuth, TAOCP 3, 6.4). */

const BITS_MIN = 4;
/** 2^32 divided by the golden ratio: numbers given one after the other come to lie far apart. Side
 *  by side they would be one run, which every removal would have to walk. */
const GOLDEN = 0x9e37_79b1;

export class NumberTable<Item extends object> {
  #keys = new Int32Array(2 ** BITS_MIN);
  #items = freeSlots<Item>(2 ** BITS_MIN);
  /** Of a hash of 32 bits the high ones are the slot. */
  #shift = 32 - BITS_MIN;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `key`: a whole number of 32 bits, signed or not. */
  get(key: number): Item | undefined {
    return this.#items[this.#slotOf(key)];
  }

  /** In the place of what is there under the number. */
  set(key: number, item: Item): void {
    if (2 * (this.#size + 1) > this.#items.length) this.#grow();
    const slot = this.#slotOf(key);
    if (this.#items[slot] === undefined) this.#size += 1;
    this.#keys[slot] = key;
    this.#items[slot] = item;
  }

  /** It is not there any more after this. */
  take(key: number): Item | undefined {
    const slot = this.#slotOf(key);
    const item = this.#items[slot];
    if (item === undefined) return undefined;
    this.#size -= 1;
    this.#free(slot);
    return item;
  }

  clear(): void {
    this.#items.fill(undefined);
    this.#size = 0;
  }

  /** All of them, in no order. */
  items(): Item[] {
    return this.#items.filter((item) => item !== undefined);
  }

  /** Where it is, or the free slot where it belongs. */
  #slotOf(key: number): number {
    const keys = this.#keys;
    const items = this.#items;
    const mask = items.length - 1;
    const signed = key | 0;
    let slot = this.#homeOf(signed);
    while (items[slot] !== undefined && keys[slot] !== signed) slot = (slot + 1) & mask;
    return slot;
  }

  #homeOf(key: number): number {
    return Math.imul(key, GOLDEN) >>> this.#shift;
  }

  /** What follows moves back, unless it would come to stand before its own place. */
  #free(taken: number): void {
    const keys = this.#keys;
    const items = this.#items;
    const mask = items.length - 1;
    let gap = taken;
    for (let slot = (gap + 1) & mask; items[slot] !== undefined; slot = (slot + 1) & mask) {
      const key = keys[slot] ?? 0;
      const isHomeBehindGap = ((slot - this.#homeOf(key)) & mask) < ((slot - gap) & mask);
      if (isHomeBehindGap) continue;
      keys[gap] = key;
      items[gap] = items[slot];
      gap = slot;
    }
    items[gap] = undefined;
  }

  #grow(): void {
    const keys = this.#keys;
    const items = this.#items;
    this.#keys = new Int32Array(2 * items.length);
    this.#items = freeSlots(2 * items.length);
    this.#shift -= 1;
    this.#size = 0;
    for (const [slot, item] of items.entries()) {
      if (item !== undefined) this.set(keys[slot] ?? 0, item);
    }
  }
}

function freeSlots<Item>(count: number): (Item | undefined)[] {
  return new Array<Item | undefined>(count).fill(undefined);
}
