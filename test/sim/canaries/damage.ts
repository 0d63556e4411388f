/** Bugs of what a node does about damaged files: it goes on with them, or opens them again. */
import type { Canary } from './canary.ts';

const NODE = 'node/node.js';
const FOUND_AT_A_START = {
  workload: 'register',
  faults: ['bad-block', 'restart'],
  minutes: 0.4,
  nodes: 3,
  replicas: 3,
} as const;

export const DAMAGE_CANARIES: readonly Canary[] = [
  {
    name: 'damaged-node-serves',
    why: 'A node that found its files damaged goes on until it ends (ARCHITECTURE 5.17, 5.19)',
    edits: [
      {
        file: NODE,
        find: '        this.#rooms?.standing.reportDamage(reason);\n',
        replace: '',
      },
    ],
    ...FOUND_AT_A_START,
    checks: ['damaged-files'],
  },
  {
    name: 'damaged-node-goes-on',
    why: 'A node that found its files damaged never ends because of it (ARCHITECTURE 5.17)',
    edits: [
      {
        file: NODE,
        find: 'const fail = () => this.#fail(damagedError(reason));',
        replace: 'const fail = () => { };',
      },
    ],
    ...FOUND_AT_A_START,
    checks: ['damaged-files'],
  },
  {
    name: 'damaged-files-opened-again',
    why: 'What a node noted of damage is not looked at when it is opened (ARCHITECTURE 5.17)',
    edits: [
      {
        file: 'node/storage/opening.js',
        find: "if (engineDamage === '') {",
        replace: 'if (true) {',
      },
    ],
    ...FOUND_AT_A_START,
    checks: ['damaged-files'],
  },
  // Small copies are rebuilt before the node has ended because of the damage. What holds a rebuild
  // up meanwhile is taken away: it may scan, and what it scans is read wrong and ends nobody.
  {
    name: 'damage-note-cleared-by-rebuild',
    why: 'A rebuild clears the note of files that it does not mend (ARCHITECTURE 5.17)',
    edits: [
      {
        file: 'node/storage/record-store.js',
        find: 'this.#damage = this.#isGivenUp ? { ...this.#damage, hasGap: false } : NO_DAMAGE;',
        replace: 'this.#damage = NO_DAMAGE;',
      },
      {
        file: NODE,
        find: '        this.#rooms?.stopRepairs();\n        const fail',
        replace: '        const fail',
      },
      { file: 'sim/disk/bad-blocks.js', find: 'throw new BadBlockMet();', replace: 'return;' },
      { file: 'sim/disk/sim-store.js', find: 'if (this.#isDamaged)', replace: 'if (false)' },
    ],
    ...FOUND_AT_A_START,
    checks: ['damaged-files'],
  },
];
