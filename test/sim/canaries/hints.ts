/** Bugs of hinted handoff: what is owed is forgotten, or counted for more than it is. */
import type { Canary } from './canary.ts';

/** One replica of each key and members that own none: what these keep is the only copy. */
const ALONE = { workload: 'sloppy', minutes: 0.3, nodes: 3, replicas: 1 } as const;

export const HINT_CANARIES: readonly Canary[] = [
  {
    name: 'hint-deleted-before-the-acknowledgement',
    why: 'A row goes when its record was sent, whether or not it has arrived',
    edits: [
      {
        file: 'node/handoff/replay.js',
        find: 'table.end(this.#target, owed.key, error === undefined)',
        replace: 'table.end(this.#target, owed.key, true)',
      },
    ],
    ...ALONE,
    faults: ['crash', 'partition', 'disk-stall'],
    checks: ['kept-writes'],
  },
  {
    name: 'stand-in-counted-without-sloppy',
    why: 'A strict write counts members that own no replica of its key',
    edits: [
      {
        file: 'node/coordinator/coordinator.js',
        find: '            isSloppy,\n',
        replace: "            isSloppy: verb === 'write',\n",
      },
    ],
    workload: 'register',
    faults: ['crash', 'partition'],
    minutes: 0.2,
    nodes: 5,
    replicas: 3,
    checks: ['honest-errors'],
  },
  {
    name: 'stand-in-that-keeps-nothing',
    why: 'A member agrees to stand in and forgets the record',
    edits: [
      {
        file: 'node/handoff/copy-changes.js',
        find: 'for (const [index, rowKey] of this.rowKeys.entries())\n            rows.set(',
        replace: 'for (const [index, rowKey] of [].entries())\n            rows.set(',
      },
    ],
    ...ALONE,
    faults: ['crash', 'partition'],
    checks: ['kept-writes'],
  },
  {
    name: 'slow-notes-forgotten',
    why: 'What is owed is looked at when it was noted, and a slow disk has it only later',
    edits: [
      {
        file: 'node/handoff/hint-writer.js',
        find: 'this.#parts.written();',
        replace: '',
      },
      {
        file: 'node/handoff/hint-table.js',
        find: 'return this.#writer.add(change);',
        replace: 'this.#parts.written();\n        return this.#writer.add(change);',
      },
    ],
    ...ALONE,
    faults: ['crash', 'partition', 'disk-stall'],
    checks: ['hints-drain'],
  },
  {
    name: 'hints-never-handed-over',
    why: 'A member that is back is not noticed by those who owe it something',
    edits: [
      {
        file: 'node/handoff/handoff.js',
        find: "if (worker.phase !== 'ready')",
        replace: 'if (true)',
      },
    ],
    workload: 'register',
    faults: ['crash', 'partition'],
    minutes: 0.1,
    checks: ['hints-drain'],
  },
  {
    name: 'hints-without-bound',
    why: 'What is owed to one member grows with every key (ARCHITECTURE 5.29)',
    edits: [
      {
        file: 'core/hint/hint-counts.js',
        find: 'if (held.count + more.count > bounds.hintsPerTargetMax)',
        replace: 'if (false)',
      },
    ],
    workload: 'blind',
    faults: ['crash', 'partition'],
    minutes: 0.2,
    checks: ['bounds'],
  },
];
