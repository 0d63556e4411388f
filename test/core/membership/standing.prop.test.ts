import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { OpenedStore, Remembered } from '../../../src/core/membership/standing.ts';
import {
  findLoss,
  livesLost,
  RUN_IDS_MAX,
  remember,
} from '../../../src/core/membership/standing.ts';

/** One folder's life: it is opened, commits, is copied, restored, wiped and rebuilt. The model
 *  keeps the truth. */
const events = fc.array(
  fc.constantFrom('restart', 'commit', 'mint', 'greet', 'copy', 'restore', 'wipe', 'rebuild'),
  { maxLength: 60 },
);

interface Folder {
  storeId: string;
  run: number;
  runIds: readonly string[];
  ceiling: number;
  commitSeq: number;
  madeGood: readonly string[];
  /** The runs, of whatever folder, whose acknowledgements it holds, in the truth of the model. */
  holds: readonly string[];
  /** It has noted a loss in itself: it is RECOVERING whatever its peers say. */
  isMarked: boolean;
}

it('notices every restored copy and every wiped folder whose loss a peer could have seen', () => {
  fc.assert(
    fc.property(events, (history) => {
      let names = 0;
      const name = (): string => {
        names += 1;
        return `x${names}`;
      };
      const made = (): Folder => ({
        storeId: name(),
        run: 0,
        runIds: [],
        ceiling: 0,
        commitSeq: 0,
        madeGood: [],
        holds: [],
        isMarked: false,
      });
      const open = (): OpenedStore => {
        const { storeId, ceiling, commitSeq, madeGood, isMarked, run: previousRun } = folder;
        const runId = name();
        const runIds = [...folder.runIds, runId].slice(-RUN_IDS_MAX);
        const run = previousRun + 1;
        folder = { ...folder, run, runIds, holds: [...folder.holds, runId] };
        const found = { storeId, run, runIds, previousRun, ceiling, commitSeq };
        return { ...found, madeGood, isRebuilding: isMarked, statement: 0 };
      };
      let folder = made();
      let copy: Folder | undefined;
      let now = open();
      let memory: Remembered | undefined;
      /** Runs that the peer has greeted, and so counted in writes: of stores behind as well. */
      const tookPart = new Set<string>();
      for (const event of history) {
        if (event === 'commit') folder = { ...folder, commitSeq: folder.commitSeq + 1 };
        if (event === 'mint') {
          const { ceiling, commitSeq } = folder;
          folder = { ...folder, commitSeq: commitSeq + 1, ceiling: ceiling + 10 };
        }
        if (event === 'copy') copy = folder;
        if (event === 'restart') now = open();
        if (event === 'restore' && copy !== undefined) {
          folder = copy;
          now = open();
        }
        if (event === 'wipe') {
          folder = made();
          now = open();
        }
        if (event === 'rebuild' && folder.isMarked && memory !== undefined) {
          const madeGood = [...folder.madeGood, ...livesLost(now, [memory])];
          folder = { ...folder, madeGood, holds: [...folder.holds, ...tookPart], isMarked: false };
          now = { ...now, madeGood, isRebuilding: false };
        }
        if (event === 'greet') {
          const isLost = [...tookPart].some((run) => !folder.holds.includes(run));
          if (isLost) expect(findLoss(now, memory)).toBeDefined();
          else if (!folder.isMarked) expect(findLoss(now, memory)).toBeUndefined();
          if (findLoss(now, memory) !== undefined) folder = { ...folder, isMarked: true };
          tookPart.add(now.runIds.at(-1) ?? '');
          memory = remember(memory, now);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
