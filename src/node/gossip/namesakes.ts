/** Which of several ids under one name is the member?
 *  A wiped folder comes back under a new id, so mostly the latest start is; but while an earlier
 *  one lives at another address, the later one is a node that was given a name by mistake.
 *  Invariants: this node itself always stands for its name; an id that has given way stays so
 *  until it starts anew; who may yet stand for the name (`contenders`) is watched too.
 *  Not here: refusing a second store with one name (link/links.ts, which asks both). */
import type { MemberRecord } from '../../core/membership/member-record.ts';
import type { MemberState } from '../../core/membership/member-watch.ts';

export interface Claims {
  /** The record that stands for each name. */
  readonly standing: ReadonlyMap<string, MemberRecord>;
  /** Ids of live namesakes that do not. */
  readonly contenders: ReadonlySet<string>;
}

export class Namesakes {
  readonly #ownId: string;
  readonly #stateOf: (id: string) => MemberState;
  /** Of ids that have given way: the generation in which they did. */
  #gaveWay = new Map<string, number>();

  constructor(ownId: string, stateOf: (id: string) => MemberState) {
    this.#ownId = ownId;
    this.#stateOf = stateOf;
  }

  /** `records`: all, in any order, without those that have left. */
  settle(records: Iterable<MemberRecord>): Claims {
    const standing = new Map<string, MemberRecord>();
    const rivals = new Map<string, MemberRecord[]>();
    for (const record of records) {
      const { name } = record;
      const known = standing.get(name);
      if (known === undefined) {
        standing.set(name, record);
        continue;
      }
      const same = rivals.get(name);
      if (same === undefined) rivals.set(name, [known, record]);
      else same.push(record);
    }
    const contenders = new Set<string>();
    const gaveWay = new Map<string, number>();
    for (const [name, same] of rivals) {
      standing.set(name, this.#choose(same, contenders, gaveWay));
    }
    this.#gaveWay = gaveWay;
    return { standing, contenders };
  }

  #choose(
    same: MemberRecord[],
    contenders: Set<string>,
    gaveWay: Map<string, number>,
  ): MemberRecord {
    same.sort(byStart);
    const [first, ...later] = same;
    const own = same.find(({ id }) => id === this.#ownId);
    let chosen = own ?? first;
    for (const next of later) {
      if (own !== undefined || chosen === undefined) break;
      if (this.#givesWay(chosen, next)) {
        gaveWay.set(chosen.id, chosen.generation);
        chosen = next;
      } else contenders.add(next.id);
    }
    if (chosen === undefined) throw new RangeError('No record claims the name');
    return chosen;
  }

  #givesWay(earlier: MemberRecord, later: MemberRecord): boolean {
    if (earlier.address === later.address) return true;
    if (this.#gaveWay.get(earlier.id) === earlier.generation) return true;
    const state = this.#stateOf(earlier.id);
    return state === 'AVOID' || state === 'SUSPECT' || state === 'DOWN';
  }
}

function byStart(a: MemberRecord, b: MemberRecord): number {
  return a.generation - b.generation || (a.id < b.id ? -1 : 1);
}
