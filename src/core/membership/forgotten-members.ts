/** What was forgotten on purpose: members that still know it would tell it again in the next round,
 *  as something new.
 *  Invariants: word of a later life is never held back; the number kept is bounded, the oldest go
 *  first, and cost no more than being told and forgetting once more.
 *  Not here: what is forgotten (ghosts.ts). */
import type { MemberEntry } from './member-entry.ts';

/** How far a member had come when it was forgotten. */
export interface LastSign {
  readonly generation: number;
  readonly heartbeat: number;
}

/** What others say of a member is no sign of it. */
export function signOf({ record, heartbeat }: MemberEntry): LastSign {
  return { generation: record?.generation ?? 0, heartbeat };
}

export const FORGOTTEN_MAX = 1_024;

export class ForgottenMembers {
  readonly #max: number;
  /** By id, the oldest first. */
  readonly #last = new Map<string, LastSign>();

  constructor(max: number = FORGOTTEN_MAX) {
    this.#max = max;
  }

  get size(): number {
    return this.#last.size;
  }

  add(id: string, { generation, heartbeat }: LastSign): void {
    this.#last.delete(id);
    this.#last.set(id, { generation, heartbeat });
    const [oldest] = this.#last.keys();
    if (this.#last.size > this.#max && oldest !== undefined) this.#last.delete(oldest);
  }

  /** Whether this is no sign of life since then. */
  isPast(id: string, { generation, heartbeat }: LastSign): boolean {
    const last = this.#last.get(id);
    if (last === undefined) return false;
    if (generation !== last.generation) return generation < last.generation;
    return heartbeat <= last.heartbeat;
  }

  /** It is known again. */
  delete(id: string): void {
    this.#last.delete(id);
  }
}
