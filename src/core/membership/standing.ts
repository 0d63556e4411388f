/** May a node that has just opened its folder serve, and what do its peers remember of it.
 *  A node that lost its disk, was restored from an old copy or lost the tail of its log does not
 *  know it from its own folder; its peers do, because each keeps, durably, the highest state it has
 *  ever seen of every member.
 *  Invariants: what is remembered of a member only rises, and never takes over the state of a store
 *  that came back below it. A loss is bound to the store, not to the member's name: that store
 *  notes it in itself (node/standing), and when the whole one comes back in its place, it serves.
 *  Not here: who asks whom and when (node/standing-keeper.ts); rebuilding (a later issue).
 *  Source: ARCHITECTURE 5.19. */

/** Names of runs that a folder keeps and a handshake carries. */
export const RUN_IDS_MAX = 64;

/** A store as it was found at opening. */
export interface OpenedStore {
  readonly storeId: string;
  /** How often it has been opened, this time included. */
  readonly run: number;
  /** Random names of the openings of this folder, the present one last, RUN_IDS_MAX at most. A
   *  restored copy may repeat a run's number, and by many restarts pass it, but it never was in the
   *  runs that it has forgotten. */
  readonly runIds: readonly string[];
  /** The run found at opening; 0 = the folder was empty. */
  readonly previousRun: number;
  readonly ceiling: number;
  readonly commitSeq: number;
}

/** What a peer remembers of a member. */
export interface Remembered {
  readonly storeId: string;
  readonly run: number;
  readonly runId: string;
  readonly ceiling: number;
  readonly commitSeq: number;
}

export type StandingState = 'UNVERIFIED' | 'SERVING' | 'RECOVERING';

/** Why a store is behind what is remembered of it, in words, or undefined when it is not. */
export function findLoss(
  opened: OpenedStore,
  remembered: Remembered | undefined,
): string | undefined {
  if (remembered === undefined) return undefined;
  if (opened.storeId !== remembered.storeId) {
    return opened.previousRun === 0
      ? 'its folder is empty, but its peers know it with data'
      : 'its folder is not the one its peers know';
  }
  if (opened.runIds.at(-1) === remembered.runId) return undefined;
  if (opened.previousRun < remembered.run || !hasBeenIn(opened, remembered)) {
    return (
      `its folder is an old copy: run ${opened.previousRun} was found, and it does not know ` +
      `run ${remembered.run}, which peers have seen`
    );
  }
  if (opened.ceiling < remembered.ceiling) {
    return (
      `its clock ceiling ${opened.ceiling} is below ${remembered.ceiling}, ` +
      'which peers have seen'
    );
  }
  if (opened.commitSeq < remembered.commitSeq) {
    return `its log ends at commit ${opened.commitSeq}, peers have seen ${remembered.commitSeq}`;
  }
  return undefined;
}

/** After more runs than a folder names, out of reach of this peer, numbers must do. */
function hasBeenIn(opened: OpenedStore, remembered: Remembered): boolean {
  if (opened.runIds.includes(remembered.runId)) return true;
  return opened.run - remembered.run >= RUN_IDS_MAX && opened.runIds.length === RUN_IDS_MAX;
}

/** What to remember of a member after it showed its store; the same object when nothing changes. */
export function remember(remembered: Remembered | undefined, opened: OpenedStore): Remembered {
  if (remembered !== undefined && findLoss(opened, remembered) !== undefined) return remembered;
  const ceiling = Math.max(remembered?.ceiling ?? 0, opened.ceiling);
  const commitSeq = Math.max(remembered?.commitSeq ?? 0, opened.commitSeq);
  if (
    remembered !== undefined &&
    opened.run === remembered.run &&
    ceiling === remembered.ceiling &&
    commitSeq === remembered.commitSeq
  ) {
    return remembered;
  }
  const { storeId, run, runIds } = opened;
  return { storeId, run, runId: runIds.at(-1) ?? '', ceiling, commitSeq };
}

export interface StandingInput {
  readonly opened: OpenedStore;
  /** Damage found in the folder itself (a gap in the commit chain, an error of the engine). */
  readonly damage: string | undefined;
  /** The other members of the layout. */
  readonly peerCount: number;
  /** What each peer that has answered remembers of this node (undefined: nothing). */
  readonly answers: readonly (Remembered | undefined)[];
  /** Peers that are known to be out of reach at present (refused or timed out). */
  readonly unreachableCount: number;
  /** Milliseconds since this node began to ask. */
  readonly waitedMs: number;
}

export interface Standing {
  readonly state: StandingState;
  readonly reason: string;
}

/** After this time one answer is enough. */
export const VERIFY_WAIT_MS = 2_000;

export function judgeStanding(input: StandingInput): Standing {
  if (input.damage !== undefined) return { state: 'RECOVERING', reason: input.damage };
  for (const answer of input.answers) {
    const loss = findLoss(input.opened, answer);
    if (loss !== undefined) return { state: 'RECOVERING', reason: loss };
  }
  if (input.peerCount === 0) return { state: 'SERVING', reason: '' };
  if (input.answers.length === 0) {
    return { state: 'UNVERIFIED', reason: 'no other member has answered yet' };
  }
  const heard = input.answers.length + input.unreachableCount;
  if (heard >= input.peerCount || input.waitedMs >= VERIFY_WAIT_MS) {
    return { state: 'SERVING', reason: '' };
  }
  return {
    state: 'UNVERIFIED',
    reason: `${input.answers.length} of ${input.peerCount} other members have answered`,
  };
}
