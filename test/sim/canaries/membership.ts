/** Bugs of membership: nodes that live are held to be down, or never found again. */
import type { Canary } from './canary.ts';

const TABLE = 'core/membership/member-table.js';
const WATCH = 'core/membership/member-watch.js';

export const MEMBERSHIP_CANARIES: readonly Canary[] = [
  {
    name: 'lost-members-forgotten',
    why: 'While somebody is alive gossip tries nobody who is DOWN, even if it speaks',
    edits: [
      {
        file: 'core/membership/gossip-rounds.js',
        find: 'if (peers.length > 0 && this.#round % this.#options.lostEvery !== 0)',
        replace: 'if (peers.length > 0)',
      },
      {
        file: 'node/gossip/gossip.js',
        find: "if (state === 'DOWN' && address !== undefined)",
        replace: 'if (false)',
      },
    ],
    workload: 'register',
    faults: ['partition'],
    minutes: 1.5,
    nodes: 5,
    checks: ['members-agree', 'no-false-down'],
  },
  {
    name: 'accusations-not-answered',
    why: 'A node that is accused raises no incarnation: after a partition it stays DOWN for good',
    edits: [
      {
        file: TABLE,
        find: 'if (accusers.length === 0 && incarnation === own.incarnation)',
        replace: 'if (true)',
      },
    ],
    workload: 'register',
    faults: ['partition'],
    minutes: 1.5,
    nodes: 5,
    checks: ['members-agree', 'no-false-down'],
  },
  {
    name: 'generation-used-again',
    why: 'A node starts with the generation of its last start, and does not rise above its past',
    edits: [
      {
        file: 'node/node-identity.js',
        find: 'Math.max(wallMs, (stored?.generation ?? 0) + 1)',
        replace: 'stored?.generation ?? wallMs',
      },
      {
        file: TABLE,
        find: 'this.#heardGeneration = Math.max(this.#heardGeneration, generation + 1);',
        replace: '',
      },
    ],
    workload: 'register',
    faults: ['crash', 'restart'],
    minutes: 1,
    nodes: 5,
    checks: ['members-agree', 'no-false-down'],
  },
  {
    name: 'convicts-at-once',
    why: 'Silence alone is DOWN: nobody else is asked, and no time to answer is left',
    edits: [
      {
        file: 'core/membership/failure-detector.js',
        find: 'const reason = watch.isToBeDown(nowMs, phi, this.#pause.health);',
        replace:
          "const reason = phi > this.#options.phiAvoid ? 'judged' : " +
          'watch.isToBeDown(nowMs, phi, this.#pause.health);',
      },
    ],
    workload: 'register',
    faults: ['pause'],
    // No pause is longer than a quarter of it: none is reason enough.
    minutes: 0.32,
    nodes: 5,
    checks: ['no-false-down'],
  },
  {
    name: 'hearsay-convicts',
    why: 'What one who was cut off says of the others counts also where they are heard',
    edits: [
      {
        file: WATCH,
        find: 'if (!isSilent || this.#accusers.size === 0) {',
        replace: 'if (this.#accusers.size === 0) {',
      },
      {
        file: WATCH,
        find: 'if (this.#isConvictedByOthers && (this.#isRefused || !this.#hasBeenHeard))',
        replace: 'if (this.#isConvictedByOthers)',
      },
    ],
    workload: 'register',
    faults: ['partition'],
    minutes: 1.5,
    nodes: 5,
    checks: ['no-false-down'],
  },
];
