/** Which event comes next? A binary heap ordered by time, then by a priority that the run draws.
 *  Invariant: the order of two events is decided by their time and priority alone, then by which
 *  was added first; nothing else of the heap's shape shows.
 *  Not here: what events do, how time passes (kernel.ts). */

export interface ScheduledEvent {
  readonly timeUs: number;
  readonly priority: number;
  readonly sequence: number;
  /** Whose event it is, for traces. */
  readonly source: string;
  /** undefined once it was cancelled. */
  run: (() => void) | undefined;
}

export class EventHeap {
  readonly #events: ScheduledEvent[] = [];

  get size(): number {
    return this.#events.length;
  }

  get first(): ScheduledEvent | undefined {
    return this.#events[0];
  }

  push(event: ScheduledEvent): void {
    const events = this.#events;
    let at = events.length;
    events.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = events[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      events[at] = parent;
      at = above;
    }
    events[at] = event;
  }

  pop(): ScheduledEvent | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (first === undefined || last === undefined || events.length === 0) return first;
    this.#sink(last);
    return first;
  }

  #sink(event: ScheduledEvent): void {
    const events = this.#events;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const one = events[left];
      const other = events[left + 1];
      if (one === undefined) break;
      const isOther = other !== undefined && isBefore(other, one);
      const child = isOther ? other : one;
      if (!isBefore(child, event)) break;
      events[at] = child;
      at = isOther ? left + 1 : left;
    }
    events[at] = event;
  }
}

function isBefore(one: ScheduledEvent, other: ScheduledEvent): boolean {
  if (one.timeUs !== other.timeUs) return one.timeUs < other.timeUs;
  if (one.priority !== other.priority) return one.priority < other.priority;
  return one.sequence < other.sequence;
}
