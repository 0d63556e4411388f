import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { OpenedStore, Remembered } from '../../../src/core/membership/standing.ts';
import { findLoss, RUN_IDS_MAX, remember } from '../../../src/core/membership/standing.ts';

/** One folder's life: it is opened, commits, is copied, restored, wiped. The model keeps the truth.
 */
const events = fc.array(
  fc.constantFrom('restart', 'commit', 'mint', 'greet', 'copy', 'restore', 'wipe'),
  { maxLength: 40 },
);

interface Folder {
  storeId: string;
  run: number;
  runIds: readonly string[];
  ceiling: number;
  commitSeq: number;
  /** The runs the folder went through, in the truth of the model. */
  history: readonly string[];
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
        history: [],
        isMarked: false,
      });
      const open = (): OpenedStore => {
        const { storeId, ceiling, commitSeq, run: previousRun } = folder;
        const runId = name();
        const runIds = [...folder.runIds, runId].slice(-RUN_IDS_MAX);
        const run = previousRun + 1;
        folder = { ...folder, run, runIds, history: [...folder.history, runId] };
        return { storeId, run, runIds, previousRun, ceiling, commitSeq };
      };
      let folder = made();
      let copy: Folder | undefined;
      let now = open();
      let memory: Remembered | undefined;
      /** The newest run that the peer has seen of a store that had lost nothing. */
      let seen: string | undefined;
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
        if (event === 'greet') {
          const isLost: boolean = seen !== undefined && !folder.history.includes(seen);
          if (isLost) expect(findLoss(now, memory)).toBeDefined();
          else if (!folder.isMarked) expect(findLoss(now, memory)).toBeUndefined();
          if (findLoss(now, memory) === undefined) seen = now.runIds.at(-1);
          else folder = { ...folder, isMarked: true };
          memory = remember(memory, now);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
