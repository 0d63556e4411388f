/** Bugs of the data model: merging, minting, contexts. */
import type { Canary } from './canary.ts';

const RECORD = 'core/version/record.js';
const MINT = 'core/version/mint.js';

export const VERSION_CANARIES: readonly Canary[] = [
  {
    name: 'merge-drops-a-sibling',
    why: 'A merge keeps the higher vector and only one of two concurrent siblings',
    edits: [
      {
        file: RECORD,
        find: "return { record: { vector, dots, siblings }, relation: 'merged', collisions };",
        replace:
          'return { record: { vector, dots, siblings: siblings.slice(0, 1) }, ' +
          "relation: 'merged', collisions };",
      },
    ],
    workload: 'register',
    faults: [],
    minutes: 0.1,
    checks: ['no-lost-write', 'register-regularity'],
  },
  {
    name: 'last-write-wins',
    why: 'A merge takes the record of the later write, whatever the other one holds',
    edits: [
      {
        file: RECORD,
        find: "return { record: { vector, dots, siblings }, relation: 'merged', collisions };",
        replace:
          'const latest = (of) => Math.max(0, ...of.siblings.map(({ dot }) => dot.seq));\n' +
          '    return latest(a) >= latest(b)\n' +
          "        ? { record: a, relation: 'left', collisions }\n" +
          "        : { record: b, relation: 'right', collisions };",
      },
    ],
    workload: 'register',
    faults: [],
    minutes: 0.1,
    checks: ['no-lost-write', 'register-regularity', 'monotonic-reads'],
  },
  {
    name: 'context-covers-the-record',
    why: 'The reply to a put covers siblings that its client never saw (ARCHITECTURE 5.15)',
    edits: [
      {
        file: MINT,
        find: 'if (record.siblings.length === 1 && isTellable(record))',
        replace: 'if (isTellable(record))',
      },
    ],
    workload: 'register',
    faults: [],
    minutes: 0.1,
    checks: ['no-lost-write', 'register-regularity'],
  },
  {
    name: 'deletes-drop-the-row',
    why: 'A record of tombstones only is stored as nothing: an older copy brings the value back',
    edits: [
      {
        file: 'node/storage/key-lanes.js',
        find: 'const { bytes, record } = decision.write;',
        replace:
          'let { bytes, record } = decision.write;\n' +
          '            record ??= codec.decode(bytes);\n' +
          '            if (record.siblings.every((sibling) => sibling.isTombstone)) {\n' +
          '                record = { vector: [], dots: [], siblings: [] };\n' +
          '                bytes = codec.encode(record);\n' +
          '            }',
      },
    ],
    workload: 'cart',
    faults: ['delay'],
    minutes: 0.2,
    checks: ['no-zombie', 'register-regularity', 'monotonic-reads', 'set-elements'],
  },
  {
    name: 'deletes-do-not-look',
    why: 'A delete without a context covers only what its minter holds (ARCHITECTURE 5.27)',
    edits: [
      {
        file: 'node/coordinator/coordinator.js',
        find: 'context = seen.record === undefined ? context : contextOf(seen.record);',
        replace: 'context = EMPTY_CONTEXT;',
      },
    ],
    workload: 'register',
    faults: [],
    minutes: 0.2,
    checks: ['no-zombie', 'register-regularity'],
  },
  {
    name: 'twins-shown-twice',
    why: 'Two events of one request are shown as two values (ARCHITECTURE 5.21)',
    edits: [
      {
        file: RECORD,
        find: 'if (!visible.some((shown) => isTwin(shown, sibling)))',
        replace: 'if (true)',
      },
    ],
    workload: 'retries',
    faults: ['partition', 'delay'],
    minutes: 0.3,
    checks: ['sibling-bound'],
  },
  {
    name: 'requests-not-recognised',
    why:
      'A retry under the same request id is minted again by the node that minted it ' +
      '(ARCHITECTURE 5.21)',
    edits: [
      {
        file: 'node/replica/minter.js',
        find: 'if (earlier !== undefined)',
        replace: 'if (false)',
      },
      {
        file: MINT,
        find: 'if (requestId === undefined || base.siblings.length === 0)',
        replace: 'if (true)',
      },
    ],
    workload: 'retries',
    faults: [],
    minutes: 0.1,
    checks: ['request-minted-once'],
  },
  {
    name: 'foreign-context-accepted',
    why: 'A context of another key is taken, and covers events of this one by chance',
    edits: [
      {
        file: 'core/version/context-token.js',
        find: 'if (readU32(bytes, 1) !== tokenOf(place.bucket, place.key, PLACE_SEED_HIGH) ||',
        replace: 'if (false &&',
      },
    ],
    workload: 'stale',
    faults: [],
    minutes: 0.1,
    checks: ['client'],
  },
];
