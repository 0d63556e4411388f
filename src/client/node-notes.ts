/** What the nodes say of each other, as far as a client needs it: which are better left alone, and
 *  where each is to be found.
 *  Invariants: a node is believed bad while somebody says so over a session that is ready and
 *  nobody who hears it contradicts; what a node says of itself is no judgement. An address outlives
 *  the session that told it. At most NOTES_MAX nodes are kept of one session, and of all.
 *  Not here: who is asked in the end (router.ts): a bad node still is when nothing else is left. */
import type { MemberNote } from '../wire/generated/coterie/v1/kv.ts';

export const NOTES_MAX = 1_024;

const GOOD: ReadonlySet<string> = new Set(['ALIVE', 'SLOW']);
const BAD: ReadonlySet<string> = new Set(['AVOID', 'SUSPECT', 'DOWN', 'LEFT']);

interface Said {
  /** Name of the node that says it. */
  readonly by: string;
  readonly notes: Map<string, MemberNote>;
}

/** `Source`: the session over which it was said. */
export class NodeNotes<Source> {
  readonly #bySource = new Map<Source, Said>();
  readonly #bad = new Set<string>();
  readonly #addresses = new Map<string, string>();

  /** `by`: name of the node that says it. True when a belief or an address changed. */
  add(source: Source, by: string, notes: readonly MemberNote[]): boolean {
    const said = this.#bySource.get(source) ?? { by, notes: new Map<string, MemberNote>() };
    this.#bySource.set(source, said);
    let isChanged = false;
    for (const note of notes) {
      if (said.notes.size >= NOTES_MAX && !said.notes.has(note.name)) continue;
      said.notes.set(note.name, note);
      isChanged = this.#conclude(note.name) || isChanged;
    }
    return isChanged;
  }

  /** The session is over. True when a belief or an address changed. */
  drop(source: Source): boolean {
    const said = this.#bySource.get(source);
    if (said === undefined) return false;
    this.#bySource.delete(source);
    let isChanged = false;
    for (const name of said.notes.keys()) isChanged = this.#conclude(name) || isChanged;
    return isChanged;
  }

  isBad(name: string): boolean {
    return this.#bad.has(name);
  }

  /** `host:port`, told last; undefined = nobody has. */
  addressOf(name: string): string | undefined {
    return this.#addresses.get(name);
  }

  /** True when that changed anything. */
  #conclude(name: string): boolean {
    let isGood = false;
    let isBad = false;
    // Who does not hear the node may have its address from long ago: better than none.
    let address: string | undefined;
    let hearsay: string | undefined;
    for (const { by, notes } of this.#bySource.values()) {
      const note = notes.get(name);
      if (note === undefined) continue;
      if (by === name || GOOD.has(note.state)) address = note.address;
      else hearsay ??= note.address;
      if (by === name) continue;
      isGood ||= GOOD.has(note.state);
      isBad ||= BAD.has(note.state);
    }
    const hasMoved = this.#move(name, address ?? this.#addresses.get(name) ?? hearsay);
    const isBelievedBad = isBad && !isGood;
    if (isBelievedBad === this.#bad.has(name)) return hasMoved;
    if (isBelievedBad) this.#bad.add(name);
    else this.#bad.delete(name);
    return true;
  }

  #move(name: string, address: string | undefined): boolean {
    const before = this.#addresses.get(name);
    if (before === address || address === undefined) return false;
    if (before === undefined && this.#addresses.size >= NOTES_MAX) return false;
    this.#addresses.set(name, address);
    return true;
  }
}
