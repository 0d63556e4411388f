/** Which faults are there, what does each do, and what must the product offer before it makes sense
 *  to inject it?
 *  Invariants: every kind of FaultStep has exactly one row; a kind that waits for a capability is
 *  never injected without it.
 *  Not here: when faults happen (plan-faults.ts), how far they may go (atlas.ts), carrying them out
 *  (nemesis.ts). */
import type { Capability, FaultKind } from '../scenario.ts';

export interface FaultEntry {
  /** One sentence for people. */
  readonly summary: string;
  readonly needs: readonly Capability[];
  /** What had been synced is gone from a disk afterwards. */
  readonly losesSynced: boolean;
}

export const FAULTS: Readonly<Record<FaultKind, FaultEntry>> = {
  partition: {
    summary: 'Nothing goes from one group of nodes to another, in both directions or in one',
    needs: [],
    losesSynced: false,
  },
  clog: {
    summary: 'Links hold everything back and then let it through in one burst',
    needs: [],
    losesSynced: false,
  },
  loss: {
    summary: 'A share of all frames is lost and sent again later',
    needs: [],
    losesSynced: false,
  },
  delay: {
    summary: 'Everything from and to one node takes longer',
    needs: [],
    losesSynced: false,
  },
  reset: {
    summary: 'Every connection between two processes breaks, with or without what is on the way',
    needs: [],
    losesSynced: false,
  },
  replay: {
    summary: 'What once went over a link arrives again on a connection of its own',
    needs: [],
    losesSynced: false,
  },
  crash: {
    summary: 'A node dies as by kill -9 and loses, keeps or tears what it had not synced',
    needs: [],
    losesSynced: false,
  },
  restart: {
    summary: 'A node stops cleanly and is started again',
    needs: [],
    losesSynced: false,
  },
  'power-loss': {
    summary: 'All nodes die at once',
    needs: [],
    losesSynced: false,
  },
  wipe: {
    summary: 'A node comes back with an empty disk under its old name',
    needs: [],
    losesSynced: true,
  },
  rollback: {
    summary: 'A node comes back with an old copy of its disk',
    needs: [],
    losesSynced: true,
  },
  'lost-batch': {
    summary: 'The log of a node has lost one synced batch out of its middle',
    needs: [],
    losesSynced: true,
  },
  'disk-losses-in-turn': {
    summary: 'Another disk loses synced data after the one before has been rebuilt',
    needs: ['rebuild'],
    losesSynced: true,
  },
  'bit-rot': {
    summary: 'Some record rows on the disk of a node have a flipped bit',
    needs: [],
    losesSynced: true,
  },
  'bad-block': {
    summary: 'Some neighbouring record rows lie in a block that the engine finds to be bad',
    needs: ['rebuild'],
    losesSynced: true,
  },
  'read-errors': {
    summary: 'A share of the reads of a disk fails',
    needs: [],
    losesSynced: false,
  },
  'failed-sync': {
    summary: 'One fsync fails, and nobody knows what of it is on the disk',
    needs: [],
    losesSynced: false,
  },
  'disk-full': {
    summary: 'A disk has hardly any room left',
    needs: [],
    losesSynced: false,
  },
  'disk-stall': {
    summary: 'Everything that a disk does takes longer',
    needs: [],
    losesSynced: false,
  },
  pause: {
    summary: 'A process stands still and then does everything that came due at once',
    needs: [],
    losesSynced: false,
  },
  'slow-node': {
    summary: 'Every step of a process takes longer',
    needs: [],
    losesSynced: false,
  },
  'clock-jump': {
    summary: 'The wall clock of a node jumps, forwards or back',
    needs: [],
    losesSynced: false,
  },
};

/** In the order of the table. */
export const FAULT_KINDS: readonly FaultKind[] = Object.keys(FAULTS).filter(isFaultKind);

export function isFaultKind(name: string): name is FaultKind {
  return Object.hasOwn(FAULTS, name);
}

/** Faults of the test programme that no step can carry out before the product offers more; the
 *  closing report lists them. */
export const WAITING_FAULTS: readonly {
  readonly name: string;
  readonly summary: string;
  readonly needs: readonly Capability[];
}[] = [
  {
    name: 'membership-change',
    summary: 'Nodes join, leave and are replaced while other faults go on',
    needs: ['elasticity'],
  },
];
