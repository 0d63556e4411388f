/** What clients are told of the members: where each is and how it is, as this node sees it.
 *  Made once for all sessions of the node: a session gets all notes with its greeting and then
 *  those that change.
 *  Invariants: changes that come together, or within NOTES_INTERVAL_MS, are told once; there is one
 *  note per member of the layout, and a note that has not changed is the same object.
 *  Not here: frames (session-server.ts), what clients make of it (client/node-notes.ts). */
import type { DeadlineEntry } from '../../core/deadline-queue.ts';
import type { Deadlines } from '../../core/deadlines.ts';
import type { Ring } from '../../core/ring/ring.ts';
import type { MemberNote } from '../../wire/generated/coterie/v1/kv.ts';
import type { Members, Place } from '../contracts.ts';

export const NOTES_INTERVAL_MS = 100;

export type NotesListener = (changed: readonly MemberNote[]) => void;

export class MemberNotes {
  readonly #deadlines: Deadlines;
  readonly #members: Members;
  readonly #place: () => Place | undefined;
  readonly #listeners = new Set<NotesListener>();
  #notes: readonly MemberNote[] = [];
  /** That the notes are of. */
  #ring: Ring | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;
  #due: DeadlineEntry | undefined;
  #unsubscribe = (): void => {};

  constructor(deadlines: Deadlines, members: Members, place: () => Place | undefined) {
    this.#deadlines = deadlines;
    this.#members = members;
    this.#place = place;
  }

  /** What every listener knows; empty before there is a layout. */
  all(): readonly MemberNote[] {
    if (this.#listeners.size === 0 || this.#ring !== this.#place()?.ring) this.#renew();
    return this.#notes;
  }

  /** From here on the listener is told what differs from `all`. Returns what ends it. */
  listen(listener: NotesListener): () => void {
    if (this.#listeners.size === 0) {
      this.#renew();
      this.#unsubscribe = this.#members.onChange(() => this.#changed());
    }
    this.#listeners.add(listener);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#rest();
    };
  }

  #changed(): void {
    if (this.#due !== undefined) return;
    const dueMs = this.#toldMs + NOTES_INTERVAL_MS;
    if (this.#deadlines.nowMs() >= dueMs) this.#tell();
    else this.#due = this.#deadlines.add(dueMs, () => this.#tell());
  }

  #tell(): void {
    this.#due = undefined;
    const changed = this.#renew();
    if (changed.length === 0) return;
    this.#toldMs = this.#deadlines.nowMs();
    for (const listener of [...this.#listeners]) listener(changed);
  }

  /** Returns the notes that are new. */
  #renew(): readonly MemberNote[] {
    const place = this.#place();
    const before = new Map(this.#notes.map((note) => [note.name, note]));
    const changed: MemberNote[] = [];
    this.#ring = place?.ring;
    this.#notes = (place?.ring.layout.roles ?? []).map((role) => {
      const { name, nodeIndex } = role;
      const address = this.#members.addressOf(nodeIndex) ?? role.address;
      const state = nodeIndex === place?.nodeIndex ? 'ALIVE' : this.#members.stateOf(nodeIndex);
      const known = before.get(name);
      if (known?.address === address && known.state === state) return known;
      const note = { name, address, state };
      changed.push(note);
      return note;
    });
    return changed;
  }

  #rest(): void {
    this.#unsubscribe();
    if (this.#due !== undefined) this.#deadlines.cancel(this.#due);
    this.#due = undefined;
  }
}
