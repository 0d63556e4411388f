/** Bugs of what makes copies equal in the background: they stay different, or become worse. */
import type { Canary, Edit } from './canary.ts';

/** Otherwise hints make good what the exchange does not. */
const WITHOUT_HINTS: Edit = {
  file: 'node/handoff/hint-table.js',
  find: '    missed(target, key, partition) {\n',
  replace: '    missed(target, key, partition) {\n        return undefined;\n',
};
const CHECKS = ['copies-compared', 'replicas-equal'];

export const REPAIR_CANARIES: readonly Canary[] = [
  {
    name: 'stale-tree-after-a-crash',
    why: 'A batch carries the leaves as they were before it: after a crash they lack it (5.9)',
    edits: [
      {
        file: 'node/storage/commit-queue.js',
        find:
          'for (const lane of batch.lanes)\n' +
          '            this.#sealLane(batch, lane, operations);\n' +
          '        this.#leaves?.takeRows(this.#nextSeq, operations);',
        replace:
          'this.#leaves?.takeRows(this.#nextSeq, operations);\n' +
          '        for (const lane of batch.lanes)\n' +
          '            this.#sealLane(batch, lane, operations);',
      },
    ],
    workload: 'blind',
    faults: ['crash', 'partition'],
    minutes: 0.3,
    nodes: 3,
    replicas: 3,
    // A leaf that would count fewer than no records stops its node, again and again.
    checks: [...CHECKS, 'progress', 'stops-cleanly', 'bug'],
  },
  {
    name: 'exchange-fetches-nothing',
    why: 'What only the peer has, or has newer, is not asked for',
    edits: [
      {
        file: 'core/merkle/entries.js',
        find: 'return { fetch, push };',
        replace: 'return { fetch: [], push };',
      },
      WITHOUT_HINTS,
    ],
    workload: 'blind',
    faults: ['partition', 'loss', 'crash'],
    minutes: 0.3,
    nodes: 3,
    replicas: 3,
    checks: CHECKS,
  },
  {
    name: 'exchange-overwrites',
    why: 'What comes from a peer is stored in place of being merged: a newer record becomes older',
    edits: [
      {
        file: 'core/merkle/entries.js',
        find: 'if (isNewer(other.stamp, ours.stamp))',
        replace: 'if (!isNewer(other.stamp, ours.stamp))',
      },
      {
        file: 'node/replica/replica.js',
        find: "case 'left':\n",
        replace:
          "case 'left':\n                return { result: true, write: { bytes, record: " +
          'incoming } };\n',
      },
    ],
    workload: 'register',
    faults: ['partition', 'loss'],
    minutes: 0.3,
    nodes: 3,
    replicas: 3,
    checks: ['no-lost-write', 'register-regularity', 'monotonic-reads', ...CHECKS],
  },
];
