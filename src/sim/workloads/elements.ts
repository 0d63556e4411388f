/** Which elements may a set hold by now? Steps that add are remembered by key, so that later steps
 *  can remove what they added; sets stay small that way.
 *  An element that was removed comes back when siblings are merged of which one had not seen the
 *  removal: that is how sets without tombstones of their own behave. Now and then a step therefore
 *  removes again what should be gone.
 *  Invariant: what is remembered of a key is bounded.
 *  Not here: what is really in a set, which only the run shows. */
import type { RandomStream } from '../kernel/random-stream.ts';

interface Elements {
  readonly added: number[];
  readonly removed: number[];
  changes: number;
}

/** Above this a step removes more than it adds. */
const ELEMENTS_MAX = 24;
const REMOVED_MAX = 96;
const CHANGES_PER_SWEEP = 8;

export class ElementDrawer {
  readonly #byKey = new Map<string, Elements>();
  readonly #stream: RandomStream;

  constructor(stream: RandomStream) {
    this.#stream = stream;
  }

  /** Notes that step `id` adds itself, and draws which earlier elements it removes. */
  change(key: string, id: number): number[] {
    const elements = this.#byKey.get(key) ?? { added: [], removed: [], changes: 0 };
    this.#byKey.set(key, elements);
    elements.changes += 1;
    const { added, removed } = elements;
    const isSweep = elements.changes % CHANGES_PER_SWEEP === 0;
    const removes: number[] = isSweep ? [...removed] : [];
    const count = added.length >= ELEMENTS_MAX ? 2 : this.#stream.below(2);
    for (let left = count; left > 0 && added.length > 0; left -= 1) {
      const drawn = added.splice(this.#stream.below(added.length), 1);
      removes.push(...drawn);
      removed.push(...drawn);
    }
    removed.splice(0, Math.max(0, removed.length - REMOVED_MAX));
    added.push(id);
    return removes;
  }

  /** The set is deleted as a whole. */
  clear(key: string): void {
    const elements = this.#byKey.get(key);
    elements?.removed.push(...elements.added.splice(0));
  }
}
