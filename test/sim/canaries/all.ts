/** Every canary. Bugs of the same kind that are not found, and why:
 *  - A repair that counts before its fsync: the next synced batch of the node, some milliseconds
 *    later, makes it durable; a crash must hit that gap, and the next read miss the one sound copy.
 *  - A late answer to a read that counts as an acknowledgement of its repair: the answer must come
 *    in the few milliseconds of a repair that then fails, and the next read miss the one copy
 *    (test/node/coordinator/late-answers.test.ts).
 *  - A merge that keeps one of two events of one request: values with two events are exempt from
 *    most checks (docs/guarantees.md, "Retries and request ids"), and reads at all replicas make
 *    the copies equal again before they are compared.
 *  - A broken link that is told as "not applied": a forwarded write must be minted and its link
 *    break before the answer, and its client must be one that never sends again; found by some
 *    hundreds of seeds, not by 200.
 *  - An exchange that looks at leaves once: it transfers what is on its way, and nothing is lost
 *    (test/node/repair/cost-of-exchanges.test.ts measures it).
 *  - A member that says it keeps a record before its fsync: it must die in the milliseconds
 *    between, and its client never send again; not found in 30 seeds.
 *  - An answer of an UNVERIFIED node that counts toward R: it answers after it has asked in vain
 *    for 2 s, and one that lost something then has no witness within reach, which is beyond what is
 *    promised (test/node/standing/lost-stores.test.ts).
 *  - A release before its fsync with durability `memory`: no workload asks for it yet.
 *  - Ownership and layouts: nothing changes them yet. */
import type { Canary } from './canary.ts';
import { DAMAGE_CANARIES } from './damage.ts';
import { HINT_CANARIES } from './hints.ts';
import { MEMBERSHIP_CANARIES } from './membership.ts';
import { QUORUM_CANARIES } from './quorums.ts';
import { READ_CANARIES } from './reads.ts';
import { REPAIR_CANARIES } from './repairs.ts';
import { STORAGE_CANARIES } from './storage.ts';
import { VERSION_CANARIES } from './versions.ts';

export const CANARIES: readonly Canary[] = [
  ...STORAGE_CANARIES,
  ...VERSION_CANARIES,
  ...QUORUM_CANARIES,
  ...READ_CANARIES,
  ...REPAIR_CANARIES,
  ...MEMBERSHIP_CANARIES,
  ...HINT_CANARIES,
  ...DAMAGE_CANARIES,
];

/** Those that `CANARY=name,name` asks for, or every one. */
export function chosenCanaries(): readonly Canary[] {
  const names = process.env['CANARY']?.split(',');
  if (names === undefined) return CANARIES;
  return names.map((name) => {
    const canary = CANARIES.find((one) => one.name === name);
    if (canary === undefined) throw new Error(`There is no canary ${name}`);
    return canary;
  });
}
