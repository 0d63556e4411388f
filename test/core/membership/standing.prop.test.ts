import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { OpenedStore, Remembered } from '../../../src/core/membership/standing.ts';
import { findLoss, remember } from '../../../src/core/membership/standing.ts';

/** One folder's life: it is opened, commits, is copied, restored, wiped. The model keeps the truth. */
const events = fc.array(
  fc.constantFrom('restart', 'commit', 'mint', 'greet', 'copy', 'restore', 'wipe'),
  { maxLength: 40 },
);

interface Folder {
  storeId: string;
  run: number;
  ceiling: number;
  commitSeq: number;
}

it('notices every restored copy and every wiped folder whose loss a peer could have seen', () => {
  fc.assert(
    fc.property(events, (history) => {
      let folder: Folder = { storeId: 's0', run: 1, ceiling: 0, commitSeq: 1 };
      let copy: Folder | undefined;
      let names = 0;
      const open = (): OpenedStore => {
        const previousRun = folder.run;
        folder.run += 1;
        names += 1;
        const { storeId, ceiling, commitSeq } = folder;
        return { storeId, run: folder.run, runId: `r${names}`, previousRun, ceiling, commitSeq };
      };
      let now = open();
      let memory: Remembered | undefined;
      let isLost = false;
      for (const event of history) {
        if (event === 'commit') folder.commitSeq += 1;
        if (event === 'mint') {
          folder.commitSeq += 1;
          folder.ceiling += 10;
        }
        if (event === 'copy') copy = { ...folder };
        if (event === 'restart') now = open();
        if (event === 'restore' && copy !== undefined) {
          // Only what peers have been shown can be known as lost.
          isLost ||= memory !== undefined && copy.run < memory.run;
          folder = { ...copy };
          now = open();
        }
        if (event === 'wipe') {
          isLost ||= memory !== undefined;
          names += 1;
          folder = { storeId: `s${names}`, run: 0, ceiling: 0, commitSeq: 0 };
          now = open();
        }
        if (event === 'greet') {
          if (isLost) expect(findLoss(now, memory)).toBeDefined();
          else expect(findLoss(now, memory)).toBeUndefined();
          memory = remember(memory, now);
        }
        if (isLost) return; // Recovery is another story.
      }
    }),
  );
});
