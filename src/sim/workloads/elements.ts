/** Which elements may a set hold by now? Steps that add are remembered by key, so that later steps
 *  can remove what they added; sets stay small that way.
 *  Not here: what is really in a set, which only the run shows. */
import type { RandomStream } from '../kernel/random-stream.ts';

/** Above this a step removes more than it adds. */
const ELEMENTS_MAX = 24;

export class ElementDrawer {
  readonly #added = new Map<string, number[]>();
  readonly #stream: RandomStream;

  constructor(stream: RandomStream) {
    this.#stream = stream;
  }

  /** Notes that step `id` adds itself, and draws which earlier elements it removes. */
  change(key: string, id: number): number[] {
    const added = this.#added.get(key) ?? [];
    this.#added.set(key, added);
    const removes: number[] = [];
    const isFull = added.length >= ELEMENTS_MAX;
    const count = isFull ? 2 : this.#stream.below(2);
    for (let left = count; left > 0 && added.length > 0; left -= 1) {
      removes.push(...added.splice(this.#stream.below(added.length), 1));
    }
    added.push(id);
    return removes;
  }

  /** The set is deleted as a whole. */
  clear(key: string): void {
    this.#added.delete(key);
  }
}
