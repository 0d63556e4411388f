import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReplicaGroup } from '../../../src/core/quorum/level.ts';
import { ReadTally } from '../../../src/core/quorum/read-tally.ts';
import { dumbVerdict, groups, steps } from './tally-model.ts';

const strict = { label: 'quorum', durable: 0, isStrict: true };

it('agrees with the dumb model until it has settled, and never changes after', () => {
  fc.assert(
    fc.property(groups, steps, (replicaGroups, history) => {
      const tally = new ReadTally({ ...strict, groups: replicaGroups }, () => undefined);
      const yes = new Set<number>();
      const no = new Set<number>();
      let expected: 'pending' | 'satisfied' | 'failed' = 'pending';
      for (const step of history) {
        const isYes = step.kind === 'yes' && step.flag;
        if (!yes.has(step.node) && !no.has(step.node)) (isYes ? yes : no).add(step.node);
        if (step.kind === 'yes') {
          tally.answer({ nodeIndex: step.node, bytes: undefined }, step.flag);
        } else {
          tally.fail(step.node);
        }
        if (expected === 'pending') expected = dumbVerdict(replicaGroups, yes, no);
        expect(tally.verdict).toBe(expected);
      }
    }),
  );
});

const node = fc.integer({ min: 0, max: 6 });
const version = fc.integer({ min: 0, max: 2 });
const reply = fc.oneof(
  fc.record({ kind: fc.constant('record' as const), node, version }),
  fc.record({ kind: fc.constant('digest' as const), node, version }),
  fc.record({ kind: fc.constant('none' as const), node }),
  fc.record({ kind: fc.constant('no' as const), node }),
);
type Reply = typeof reply extends fc.Arbitrary<infer T> ? T : never;

/** What each replica is known to hold, computed anew from all that came; a record counts in place
 *  of a digest that the replica gave before it, nothing else is ever taken back. */
function knownOf(history: readonly Reply[]): Map<number, number | 'none' | 'no'> {
  const known = new Map<number, number | 'none' | 'no'>();
  const digests = new Map<number, number>();
  const records = new Set<number>();
  for (const step of history) {
    if (known.has(step.node)) continue;
    if (step.kind === 'digest') {
      if (!digests.has(step.node)) digests.set(step.node, step.version);
    } else {
      known.set(step.node, step.kind === 'record' ? step.version : step.kind);
      digests.delete(step.node);
    }
    if (step.kind === 'record') records.add(step.version);
    for (const [other, digest] of digests) {
      if (!records.has(digest)) continue;
      known.set(other, digest);
      digests.delete(other);
    }
  }
  return known;
}

/** A second digest of a replica, of a record that is known; the first was of one that is not. */
const TWO_DIGESTS: [ReplicaGroup[], Reply[]] = [
  [
    { members: [0, 1, 2], need: 1 },
    { members: [3, 4], need: 1 },
  ],
  [
    { kind: 'digest', node: 4, version: 0 },
    { kind: 'record', node: 0, version: 2 },
    { kind: 'digest', node: 4, version: 2 },
  ],
];

it('counts of all digests those, and those only, of which a counted replica sent the record', () => {
  fc.assert(
    fc.property(groups, fc.array(reply, { maxLength: 14 }), (replicaGroups, history) => {
      const members = replicaGroups.flatMap((group) => group.members);
      const inGroups = history.filter((step) => members.includes(step.node));
      const tally = new ReadTally({ ...strict, groups: replicaGroups }, ([byte = 0]) => {
        return { high: 9, low: byte };
      });
      const seen: Reply[] = [];
      for (const step of inGroups) {
        if (tally.verdict !== 'pending') break;
        seen.push(step);
        if (step.kind === 'no') tally.fail(step.node);
        else if (step.kind === 'none') {
          tally.answer({ nodeIndex: step.node, bytes: undefined }, true);
        } else if (step.kind === 'record') {
          tally.answer({ nodeIndex: step.node, bytes: Uint8Array.of(step.version) }, true);
        } else {
          tally.answerDigest(step.node, { high: 9, low: step.version }, true);
        }
        const known = knownOf(seen);
        const yes = new Set([...known].filter(([, held]) => held !== 'no').map(([at]) => at));
        const no = new Set([...known].filter(([, held]) => held === 'no').map(([at]) => at));
        expect(tally.verdict).toBe(dumbVerdict(replicaGroups, yes, no));
        for (const { nodeIndex, bytes } of tally.answers) {
          expect(bytes?.[0] ?? 'none').toBe(known.get(nodeIndex));
        }
        expect(tally.answers.map((answer) => answer.nodeIndex).sort()).toEqual([...yes].sort());
        for (const wanted of tally.recordsWanted) expect(known.has(wanted)).toBe(false);
      }
    }),
    { examples: [TWO_DIGESTS] },
  );
});
