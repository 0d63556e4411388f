/** A keeper of standings with rows that a test can hold or fail, on a clock that it moves. */
import { Deadlines } from '../../../src/core/deadlines.ts';
import type { OpenedStore } from '../../../src/core/membership/standing.ts';
import type { MetaRows } from '../../../src/node/standing/peer-memories.ts';
import { StandingKeeper } from '../../../src/node/standing/standing-keeper.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { Notes } from '../notes.ts';

export const OWN: OpenedStore = {
  storeId: 'own',
  run: 3,
  runs: [
    { id: 'r1', commitSeq: 0 },
    { id: 'r2', commitSeq: 20 },
    { id: 'r3', commitSeq: 50 },
  ],
  previousRun: 2,
  ceiling: 1_000,
  madeGood: [],
  isRebuilding: false,
  statement: 0,
};
/** Nothing is wrong with the folder. */
export const SOUND = undefined;

export const PEER: OpenedStore = {
  storeId: 'peer',
  run: 5,
  runs: [
    { id: 'p3', commitSeq: 0 },
    { id: 'p4', commitSeq: 40 },
    { id: 'p5', commitSeq: 70 },
  ],
  previousRun: 4,
  ceiling: 2_000,
  madeGood: [],
  isRebuilding: false,
  statement: 0,
};

/** What a peer shows whose folder was lost; `run` is the name of its first run with the new one. */
export function emptied(run: string): OpenedStore {
  const runs = [{ id: run, commitSeq: 0 }];
  return { ...PEER, storeId: run, run: 1, runs, previousRun: 0 };
}

/** Rows whose writes a test can hold or fail. */
export class FakeRows implements MetaRows {
  readonly rows = new Map<string, Uint8Array>();
  writeCount = 0;
  gate: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  /** Holds every write until what it returns is called. */
  hold(): () => void {
    let release = (): void => {};
    this.gate = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  async readMeta(name: string): Promise<Uint8Array | undefined> {
    return this.rows.get(name);
  }

  async writeMeta(
    entries: readonly { name: string; value: Uint8Array | undefined }[],
  ): Promise<void> {
    this.writeCount += 1;
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    for (const { name, value } of entries) {
      if (value === undefined) this.rows.delete(name);
      else this.rows.set(name, value);
    }
  }

  noteMeta(entries: readonly { name: string; value: Uint8Array }[]): Promise<void> {
    return this.writeMeta(entries);
  }
}

export class Rig {
  readonly clock = new ManualClock();
  readonly notes = new Notes();
  readonly changes: string[] = [];
  readonly peersLost: number[] = [];
  readonly rows: FakeRows;
  readonly keeper: StandingKeeper;

  constructor(rows = new FakeRows()) {
    this.rows = rows;
    const env = { clock: this.clock, deadlines: new Deadlines(this.clock), log: this.notes };
    this.keeper = new StandingKeeper(env, rows, OWN, {
      changed: ({ state }) => this.changes.push(state),
      peerLost: (nodeIndex) => this.peersLost.push(nodeIndex),
    });
  }
}
