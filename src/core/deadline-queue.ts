/** Which of many things are due, in O(log n) per thing and without a timer for each.
 *  Invariants: `takeDue(now)` returns entries in the order of their due times, ties in the order of
 *  adding, each once; a cancelled entry is never returned; the queue holds at most twice as many
 *  slots as live entries.
 *  Not here: time itself (node/deadlines.ts arms one timer for the earliest).
 *  Source: a binary heap with lazy deletion. */

export interface DeadlineEntry {
  readonly dueMs: number;
  readonly order: number;
  /** `undefined` once taken or cancelled. */
  callback: (() => void) | undefined;
}

export class DeadlineQueue {
  readonly #heap: DeadlineEntry[] = [];
  #live = 0;
  #nextOrder = 0;

  get size(): number {
    return this.#live;
  }

  /** Due time of the earliest live entry. */
  get earliestMs(): number | undefined {
    this.#dropDeadHead();
    return this.#heap[0]?.dueMs;
  }

  add(dueMs: number, callback: () => void): DeadlineEntry {
    const entry: DeadlineEntry = { dueMs, order: this.#nextOrder++, callback };
    this.#heap.push(entry);
    this.#live += 1;
    this.#siftUp(this.#heap.length - 1);
    return entry;
  }

  /** Idempotent, also for entries that were taken. */
  cancel(entry: DeadlineEntry): void {
    if (entry.callback === undefined) return;
    entry.callback = undefined;
    this.#live -= 1;
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#live) this.#rebuild();
  }

  /** Removes and returns the next callback that is due at `nowMs`. */
  takeDue(nowMs: number): (() => void) | undefined {
    this.#dropDeadHead();
    const head = this.#heap[0];
    if (head === undefined || head.dueMs > nowMs) return undefined;
    const { callback } = head;
    head.callback = undefined;
    this.#live -= 1;
    this.#removeHead();
    return callback;
  }

  #dropDeadHead(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].callback === undefined) this.#removeHead();
  }

  /** In place: a heap that is left behind with its entries would keep them from the collector. */
  #rebuild(): void {
    const heap = this.#heap;
    let live = 0;
    for (const entry of heap) {
      if (entry.callback === undefined) continue;
      heap[live] = entry;
      live += 1;
    }
    while (heap.length > live) heap.pop();
    for (let at = (live >> 1) - 1; at >= 0; at -= 1) this.#siftDown(at);
  }

  #removeHead(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown(0);
  }

  #siftUp(from: number): void {
    const heap = this.#heap;
    const entry = heap[from];
    if (entry === undefined) return;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #siftDown(from: number): void {
    const heap = this.#heap;
    const entry = heap[from];
    if (entry === undefined) return;
    let index = from;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (!isBefore(child, entry)) break;
      heap[index] = child;
      index = 2 * index + (isRight ? 2 : 1);
    }
    heap[index] = entry;
  }
}

function isBefore(a: DeadlineEntry, b: DeadlineEntry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
