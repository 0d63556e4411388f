/** Which lane is a key's, among all that have work?
 *  By token, and from there along a chain of lanes whose keys share it: a table by number needs no
 *  string made of every key, which would cost more than all else that is done here.
 *  Invariants: at most one lane for each key. What share a token are few, unless somebody searched
 *  for them, and never more than the updates that are let in.
 *  Not here: what lanes do (key-lanes.ts). */
import { bytesEqual } from '../../core/bytes.ts';
import { assert } from '../../core/errors.ts';
import { NumberTable } from '../../core/number-table.ts';
import type { Lane } from './batch.ts';
import type { RowKey } from './record-key.ts';

export class LaneTable {
  readonly #first = new NumberTable<Lane>();

  find(key: RowKey): Lane | undefined {
    let lane = this.#first.get(key.token);
    while (lane !== undefined && !bytesEqual(lane.key.storageKey, key.storageKey)) {
      lane = lane.nextOfToken;
    }
    return lane;
  }

  /** There is none for its key yet. */
  add(lane: Lane): void {
    const { token } = lane.key;
    lane.nextOfToken = this.#first.get(token);
    this.#first.set(token, lane);
  }

  remove(lane: Lane): void {
    const { token } = lane.key;
    const first = this.#first.get(token);
    if (first !== lane) {
      let before = first;
      while (before !== undefined && before.nextOfToken !== lane) before = before.nextOfToken;
      assert(before !== undefined, 'A lane that is in no table was removed');
      before.nextOfToken = lane.nextOfToken;
    } else if (lane.nextOfToken === undefined) {
      this.#first.take(token);
    } else {
      this.#first.set(token, lane.nextOfToken);
    }
    lane.nextOfToken = undefined;
  }
}
