/** Bugs of the disk: what was acknowledged is not there, or is served although it cannot be
 *  trusted. */
import { type Canary, SLOW_REBUILD } from './canary.ts';

const QUEUE = 'node/storage/commit-queue.js';
const LANES = 'node/storage/key-lanes.js';
const OPENING = 'core/membership/standing.js';

export const STORAGE_CANARIES: readonly Canary[] = [
  {
    name: 'fsync-dropped',
    why: 'Acknowledged as durable without an fsync (ARCHITECTURE 5.2): a power loss takes it back',
    edits: [
      {
        file: QUEUE,
        find: 'await store.batch(operations, { sync: batch.sync });',
        replace: 'await store.batch(operations, { sync: false });',
      },
    ],
    workload: 'register',
    faults: ['power-loss'],
    minutes: 0.2,
    checks: ['no-lost-write', 'register-regularity', 'dot-used-once'],
  },
  {
    name: 'acknowledged-before-the-batch',
    why: 'Waiters are answered when their batch is built, not when it is on the disk',
    edits: [
      {
        file: QUEUE,
        find: 'await store.batch(operations, { sync: batch.sync });',
        replace:
          'for (const waiter of batch.waiters.splice(0)) waiter.settle(batch.sync);\n' +
          'await store.batch(operations, { sync: batch.sync });',
      },
    ],
    workload: 'register',
    faults: ['crash'],
    minutes: 0.2,
    nodes: 3,
    replicas: 1,
    checks: ['no-lost-write', 'register-regularity', 'monotonic-reads', 'dot-used-once'],
  },
  {
    name: 'unchanged-merge-not-awaited',
    why: 'A copy that changes nothing is called durable while its record waits for the disk',
    edits: [
      {
        file: QUEUE,
        find: 'const underWay = this.#underWay;\n        if (holder',
        replace:
          'waiter.settle(true);\n        return;\n' +
          '        const underWay = this.#underWay;\n        if (holder',
      },
    ],
    workload: 'retries',
    faults: ['crash', 'disk-stall'],
    minutes: 0.3,
    nodes: 3,
    replicas: 1,
    checks: ['no-lost-write', 'register-regularity', 'monotonic-reads', 'dot-used-once'],
  },
  {
    name: 'goes-on-after-a-failed-batch',
    why: 'A batch that failed is answered as if it were written (ARCHITECTURE 5.13)',
    edits: [
      {
        file: QUEUE,
        find: 'await store.batch(operations, { sync: batch.sync });',
        replace: 'await store.batch(operations, { sync: batch.sync }).catch(() => {});',
      },
    ],
    workload: 'register',
    faults: ['failed-sync'],
    minutes: 0.2,
    checks: ['no-lost-write', 'register-regularity'],
  },
  {
    name: 'decided-on-the-committed-record',
    why: 'Two requests of one key are decided on the same old record: the first is lost',
    edits: [
      {
        file: LANES,
        find: 'new CurrentRecord(lane.current,',
        replace: 'new CurrentRecord(lane.committed,',
      },
    ],
    workload: 'register',
    faults: [],
    minutes: 0.1,
    checks: ['no-lost-write', 'register-regularity'],
  },
  {
    name: 'uncommitted-reads',
    why: 'A read sees what is not yet on the disk, and a crash takes it back (ARCHITECTURE 5.2)',
    edits: [
      {
        file: 'node/storage/record-reads.js',
        find: 'reader.found(lane.committed);',
        replace: 'reader.found(lane.current);',
      },
    ],
    workload: 'register',
    faults: ['crash', 'disk-stall'],
    minutes: 0.3,
    nodes: 3,
    replicas: 1,
    checks: ['monotonic-reads', 'no-invention', 'no-lost-write', 'register-regularity'],
  },
  {
    name: 'checksum-not-verified',
    why: 'A flipped bit in a record is served (G3)',
    edits: [
      {
        file: 'core/version/record-codec.js',
        find: 'if (checksum(bytes.subarray(FLAGS_AT)) !== readU32(bytes, CRC_AT)) {',
        replace: 'if (false) {',
      },
    ],
    workload: 'register',
    faults: ['bit-rot', 'restart'],
    minutes: 0.3,
    checks: ['refusal-to-serve', 'no-invention', 'honest-errors', 'register-regularity', 'bug'],
  },
  {
    name: 'unreadable-is-empty',
    why:
      'A record that cannot be read is answered as "not found", and that counts (ARCHITECTURE ' +
      '5.17)',
    edits: [
      {
        file: 'node/storage/unreadable-keys.js',
        find: '    has(key, partition) {\n',
        replace: '    has(key, partition) {\n        return false;\n',
      },
    ],
    workload: 'register',
    faults: ['bit-rot', 'restart'],
    minutes: 0.4,
    nodes: 3,
    replicas: 3,
    checks: ['register-regularity', 'monotonic-reads', 'no-lost-write', 'copies-compared'],
  },
  // A mints x in its epoch, B takes it, C is parted from both. The record of A rots, and A is
  // started again, parted from B and joined to C, whose older container fills A's: it knows the
  // epoch, and not x. What A mints on it in that epoch drops x at B.
  {
    name: 'epoch-reused-after-rot',
    why: 'A mint goes on in an epoch of which the record was lost and refilled (ARCHITECTURE 5.16)',
    edits: [
      {
        file: 'core/version/mint.js',
        find: 'if (!input.isLocalReadable || local === undefined)',
        replace: 'if (local === undefined)',
      },
      {
        file: 'core/version/mint.js',
        find: 'if (newest === undefined || newest.epoch < input.epochFloor)',
        replace: 'if (newest === undefined)',
      },
    ],
    scenario: 'epoch-reused-after-rot.json',
    checks: ['no-lost-write'],
  },
  {
    name: 'dots-used-again',
    why: 'The clock begins anew with every process: ceiling, wall clock and guard are ignored (I5)',
    edits: [
      {
        file: 'core/version/hlc.js',
        find: 'const tick = Math.max(this.#latest + 1, physical);',
        replace: 'const tick = this.#latest + 1 + 0 * physical;',
      },
      {
        file: 'core/version/hlc.js',
        find: 'this.#latest = ceiling;',
        replace: 'this.#latest = 0;',
      },
      { file: 'core/version/mint.js', find: 'if (covers(known, dot)) {', replace: 'if (false) {' },
    ],
    workload: 'register',
    faults: ['crash'],
    minutes: 0.3,
    checks: ['dot-used-once'],
  },
  {
    name: 'gap-in-the-log-ignored',
    why: 'A hole in the chain of commits is not looked for (ARCHITECTURE 5.18)',
    edits: [
      {
        file: 'node/storage/commit-chain.js',
        find: 'isWhole: count === commitSeq - first + 1',
        replace: 'isWhole: count >= 0',
      },
    ],
    workload: 'register',
    faults: ['lost-batch'],
    minutes: 0.4,
    checks: ['refusal-to-serve', 'register-regularity', 'no-lost-write'],
  },
  {
    name: 'wiped-node-serves',
    why: 'An empty folder under a known name is taken for a new one (ARCHITECTURE 5.19)',
    edits: [
      {
        file: OPENING,
        find: 'if (!hasMadeGood && opened.storeId !== remembered.storeId) {',
        replace:
          'if (!hasMadeGood && opened.storeId !== remembered.storeId) {\n        return undefined;',
      },
    ],
    workload: 'register',
    faults: ['wipe'],
    minutes: 0.4,
    checks: ['refusal-to-serve'],
  },
  {
    name: 'rolled-back-node-serves',
    why: 'Nobody compares the folder with what peers have seen of it (ARCHITECTURE 5.19)',
    edits: [
      {
        file: OPENING,
        find: '    if (presentRunOf(opened) === remembered.runId)',
        replace: '    if (true)',
      },
    ],
    workload: 'register',
    faults: ['rollback'],
    minutes: 0.4,
    checks: ['refusal-to-serve'],
  },
  {
    name: 'recovering-node-counted',
    why: 'A node answers and mints in partitions that it has not rebuilt (ARCHITECTURE 5.19)',
    edits: [
      {
        file: 'node/standing/standing-keeper.js',
        find: "return state === 'RECOVERING' ? this.#rebuilt.has(partition) : this.#servesAlone;",
        replace: "return state === 'RECOVERING' || this.#servesAlone;",
      },
    ],
    workload: 'register',
    faults: ['wipe', 'crash'],
    minutes: 0.5,
    nodes: 3,
    checks: ['refusal-to-serve'],
  },
  {
    name: 'answers-before-it-has-asked',
    why: 'A node answers before a peer can have told it that its disk is old (decision 012)',
    edits: [
      {
        file: OPENING,
        find: 'return hasServed && answers.length === 0 && waitedMs >= VERIFY_WAIT_MS;',
        replace: 'return hasServed;',
      },
    ],
    scenario: '../../traces/read-at-one-of-an-old-copy.json',
    checks: ['refusal-to-serve', 'register-regularity'],
  },
  {
    name: 'empty-folder-answers',
    why: 'A wiped node answers before a peer has told it what it is (decision 012)',
    edits: [
      {
        file: OPENING,
        find: 'return hasServed && answers.length === 0 && waitedMs >= VERIFY_WAIT_MS;',
        replace: 'return !hasServed || waitedMs >= VERIFY_WAIT_MS;',
      },
    ],
    scenario: '../../traces/read-at-one-of-an-empty-folder.json',
    checks: ['refusal-to-serve', 'register-regularity'],
  },
  {
    name: 'rebuild-commits-forgotten',
    why: 'Nobody remembers how far a node had come that was being rebuilt (ARCHITECTURE 5.19)',
    edits: [
      {
        file: OPENING,
        find: 'return lastCommitSeq !== undefined && lastCommitSeq >= commitSeq;',
        replace: 'return lastCommitSeq !== undefined;',
      },
    ],
    scenario: '../../traces/copy-of-the-middle-of-a-rebuild.json',
    checks: ['refusal-to-serve', 'register-regularity', 'monotonic-reads'],
  },
  {
    name: 'recovering-forgotten',
    why: 'A node that was found to be behind forgets it with its next restart (ARCHITECTURE 5.19)',
    edits: [
      {
        file: 'node/standing/standing-keeper.js',
        find: 'this.#damage = damage ?? (earlier && decodeText(earlier));',
        replace: 'this.#damage = damage;',
      },
      SLOW_REBUILD,
    ],
    workload: 'register',
    faults: ['wipe', 'crash'],
    minutes: 0.6,
    nodes: 3,
    replicas: 3,
    checks: ['refusal-to-serve'],
  },
];
