/** Bugs of what comes between the replicas' answers and the client's: digests, hedges and what is
 *  written back. */
import type { Canary } from './canary.ts';

export const READ_CANARIES: readonly Canary[] = [
  {
    name: 'repair-writes-an-older-record',
    why:
      'A repair brings a replica what another answered, not the merge of all, and its ' +
      'acknowledgement counts as if it were',
    edits: [
      {
        file: 'node/coordinator/read.js',
        find: '{ merged, bytes, count }',
        replace:
          '{ merged, count, bytes: this.#tally.answers.find((answer) => ' +
          'merged.stale.includes(answer.nodeIndex) && answer.bytes)?.bytes ?? bytes }',
      },
    ],
    workload: 'register',
    faults: ['partition', 'loss', 'crash'],
    minutes: 0.3,
    nodes: 3,
    replicas: 3,
    checks: ['monotonic-reads'],
  },
  {
    name: 'repair-counts-refusals',
    why: 'A replica that refused a repair counts toward the majority that holds it',
    edits: [
      { file: 'node/coordinator/majority-repair.js', find: 'if (isHeld)', replace: 'if (true)' },
    ],
    workload: 'register',
    faults: ['partition', 'disk-full', 'loss'],
    minutes: 0.5,
    nodes: 3,
    replicas: 3,
    checks: ['monotonic-reads'],
  },
  {
    name: 'digest-not-compared',
    why: 'A digest counts as the record that came, whatever record it is of',
    edits: [
      {
        file: 'core/quorum/read-tally.js',
        find: 'this.#known.find((record) => isEqual(record.digest, digest));',
        replace: 'this.#known[0];',
      },
    ],
    workload: 'register',
    faults: ['partition', 'loss', 'delay'],
    minutes: 0.3,
    nodes: 3,
    replicas: 3,
    checks: ['register-regularity', 'monotonic-reads'],
  },
];
