/** Bugs of coordination: who is asked, who is counted, what the client is told. */
import type { Canary } from './canary.ts';

const READ = 'node/coordinator/read.js';
const WRITE = 'node/coordinator/write.js';

export const QUORUM_CANARIES: readonly Canary[] = [
  {
    name: 'write-acknowledged-early',
    why: 'A write is acknowledged with one answer fewer than W',
    edits: [
      {
        file: 'core/quorum/write-tally.js',
        find: 'new GroupCount(requirement.groups)',
        replace:
          'new GroupCount(requirement.groups.map((group) => ' +
          '({ ...group, need: Math.max(1, group.need - 1) })))',
      },
    ],
    workload: 'register',
    faults: [],
    minutes: 0.1,
    checks: ['honest-errors'],
  },
  {
    name: 'refusal-counted-as-acknowledgement',
    why: 'A replica that refused, or could not be reached, counts toward W',
    edits: [
      {
        file: WRITE,
        find: 'this.#tally.fail(nodeIndex);',
        replace: 'this.#tally.acknowledge(nodeIndex, true);',
      },
    ],
    workload: 'register',
    faults: ['crash', 'partition', 'reset'],
    minutes: 0.2,
    checks: ['no-lost-write', 'register-regularity'],
  },
  {
    name: 'read-one-short',
    why: 'A quorum read asks one replica fewer than R, and says R',
    edits: [
      {
        file: 'core/quorum/read-tally.js',
        find: 'if (this.#count.isMet)',
        replace: 'if (this.#answers.length >= Math.max(1, this.required - 1))',
      },
    ],
    workload: 'register',
    faults: [],
    minutes: 0.1,
    checks: ['honest-errors', 'register-regularity', 'monotonic-reads'],
  },
  {
    name: 'repair-skipped',
    why:
      'A strict read answers what only a minority holds (ARCHITECTURE 5.25): the next one is ' +
      'older',
    edits: [
      {
        file: READ,
        find: 'if (merged.stale.length > 0 && merged.bytes !== undefined)',
        replace: 'if (false)',
      },
    ],
    workload: 'register',
    faults: ['partition', 'loss', 'crash'],
    minutes: 0.3,
    checks: ['monotonic-reads', 'replicas-equal'],
  },
  {
    name: 'repair-not-awaited',
    why: 'A strict read answers while its repair is under way (ARCHITECTURE 5.25)',
    edits: [
      {
        file: READ,
        find: 'if (!this.#plan.requirement.isStrict || count.isMet) {',
        replace: 'if (true) {',
      },
    ],
    workload: 'register',
    faults: ['crash', 'partition', 'disk-stall'],
    minutes: 0.5,
    nodes: 3,
    replicas: 3,
    checks: ['monotonic-reads'],
  },
  {
    name: 'repair-overwrites',
    why: 'A replica stores what it is sent in place of merging it: newer writes are lost',
    edits: [
      {
        file: 'node/replica/replica.js',
        find: "case 'left':\n",
        replace:
          "case 'left':\n                return { result: true, write: { bytes, record: " +
          'incoming } };\n',
      },
    ],
    workload: 'register',
    faults: ['loss', 'partition'],
    minutes: 0.3,
    nodes: 3,
    replicas: 3,
    checks: ['no-lost-write', 'register-regularity', 'monotonic-reads', 'copies-compared'],
  },
  {
    name: 'first-answer-wins',
    why: 'A read answers with the first record that comes, not with the merge of all',
    edits: [
      {
        file: 'core/quorum/repair-plan.js',
        find: 'const merged = mergeRecords(record, other);',
        replace: 'break;\n        const merged = mergeRecords(record, other);',
      },
    ],
    workload: 'register',
    faults: ['partition', 'loss'],
    minutes: 0.3,
    nodes: 3,
    replicas: 3,
    checks: ['register-regularity', 'monotonic-reads', 'no-lost-write'],
  },
  {
    name: 'unknown-told-as-no',
    why: 'A write that missed its quorum is called "not applied" (G4)',
    edits: [{ file: WRITE, find: "applied: 'unknown'", replace: "applied: 'no'" }],
    workload: 'register',
    faults: ['partition', 'disk-stall'],
    minutes: 0.2,
    checks: ['honest-errors'],
  },
  {
    name: 'admission-without-bound',
    why: 'A node takes every request, however many it works on (ARCHITECTURE 5.11)',
    edits: [
      {
        file: 'node/coordinator/admission.js',
        find:
          'if (this.#requests >= requestsMax || ' +
          '(!isAlone && this.#bytes + bytes > bytesMax)) {',
        replace: 'if (isAlone && bytes > bytesMax) {',
      },
    ],
    workload: 'register',
    faults: ['partition', 'disk-stall', 'slow-node'],
    minutes: 0.2,
    checks: ['bounds'],
  },
  {
    name: 'client-tells-no',
    why: 'The client calls a write that it had sent "not applied" when its connection broke (G4)',
    edits: [
      {
        file: 'client/call.js',
        find: "const applied = this.#spec.isWrite && wasSent ? error.applied : 'no';",
        replace: "const applied = 'no';",
      },
    ],
    workload: 'register',
    faults: ['reset', 'crash', 'disk-stall'],
    minutes: 0.2,
    checks: ['honest-errors'],
  },
];
