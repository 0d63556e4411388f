/** May a node that has just opened its folder serve, and what do its peers remember of it.
 *  A node that lost its disk, was restored from an old copy or lost the tail of its log does not
 *  know it from its own folder; its peers do, because each keeps, durably, the highest state it has
 *  ever seen of every member.
 *
 *  The story of a member is a line of lives; a life is one opening of one folder, and has a random
 *  name. A store that a peer finds behind becomes whole by a rebuild from the others. It then names
 *  the lives it has made good, those that its peers remember of it, and each peer lets it take the
 *  place of that memory and of no other.
 *  Example: the peers remember life a5 of a folder that is lost. The empty one, in its life b1, is
 *  rebuilt and says "made good: a5"; from then on they remember b1. A copy of the old folder shows
 *  a5 or earlier and has never been in b1: it is behind, as is a copy of the new one from before
 *  its rebuild, which has been in b1 and has made nothing good, but says of itself that it is.
 *
 *  Invariants: what is remembered of a member only rises, and never takes over the state of a store
 *  that came back below it and has not made that good. A store that took part meanwhile, behind or
 *  not, has acknowledged copies: one that comes back after it and was never in its life, or was and
 *  has not all of its commits, is behind as well, whole as it may be.
 *  Not here: who asks whom and when (node/standing), rebuilding (node/repair).
 *  Source: ARCHITECTURE 5.19. */

/** Runs that a folder keeps and a handshake carries. */
export const RUNS_MAX = 64;
/** Lives that a store says it has made good: as many as it has had rebuilds, times its peers. */
export const MADE_GOOD_MAX = 64;
/** Stores that came in place of one that is remembered, and were behind. */
export const SUCCESSORS_MAX = 16;

/** One opening of a folder. */
export interface FolderRun {
  /** Random. */
  readonly id: string;
  /** Last commit as found when it began, with which the one before had ended. */
  readonly commitSeq: number;
}

/** A store as it was found at opening. */
export interface OpenedStore {
  readonly storeId: string;
  /** How often it has been opened, this time included. */
  readonly run: number;
  /** The present one last, RUNS_MAX at most. A restored copy may repeat a run's number, and by many
   *  restarts pass it and every number of commits, but it never was in the runs that it has
   *  forgotten, nor did it go on with the last one that it knows. */
  readonly runs: readonly FolderRun[];
  /** The run found at opening; 0 = the folder was empty. */
  readonly previousRun: number;
  readonly ceiling: number;
  /** Names of the runs, of any folder, whose loss has been made good here, MADE_GOOD_MAX at most.
   *  */
  readonly madeGood: readonly string[];
  /** It knows that it is behind: what it still answers is of partitions that are rebuilt. */
  readonly isRebuilding: boolean;
  /** Counts what this run has said of itself: of two sayings of a run the later holds. */
  readonly statement: number;
}

/** What a peer remembers of a member. */
export interface Remembered {
  readonly storeId: string;
  readonly run: number;
  readonly runId: string;
  readonly ceiling: number;
  readonly commitSeq: number;
  /** Each store that came in its place and was behind, the newest last, SUCCESSORS_MAX at most. */
  readonly successors: readonly Successor[];
}

/** The newest run of a store that came in the place of one that is remembered, and was behind. */
export interface Successor {
  readonly runId: string;
  /** Last commit that was seen of it. */
  readonly commitSeq: number;
}

/** Of a successor that is known by its name alone. */
export const COMMITS_UNKNOWN = -1;

export type StandingState = 'UNVERIFIED' | 'SERVING' | 'RECOVERING';

/** Why a store is behind what is remembered of it, in words, or undefined when it is not. */
export function findLoss(
  opened: OpenedStore,
  remembered: Remembered | undefined,
): string | undefined {
  if (remembered === undefined) return undefined;
  const hasMadeGood = opened.madeGood.includes(remembered.runId);
  if (!hasMadeGood && opened.storeId !== remembered.storeId) {
    return opened.previousRun === 0
      ? 'its folder is empty, but its peers know it with data'
      : 'its folder is not the one its peers know';
  }
  const missed = remembered.successors.find((successor) => !continues(opened, successor));
  if (missed !== undefined) {
    const lastCommitSeq = lastCommitOf(opened, missed.runId);
    return lastCommitSeq === undefined
      ? 'another folder has taken part in its place, and acknowledged copies'
      : `its folder is an old copy: it ends at commit ${lastCommitSeq} of a rebuild of which ` +
          `peers have seen commit ${missed.commitSeq}`;
  }
  if (hasMadeGood) return undefined;
  if (presentRunOf(opened) === remembered.runId) return undefined;
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
  const lastCommitSeq = lastCommitOf(opened, remembered.runId) ?? foundCommitOf(opened);
  if (lastCommitSeq < remembered.commitSeq) {
    return `its log ends at commit ${lastCommitSeq}, peers have seen ${remembered.commitSeq}`;
  }
  return undefined;
}

/** Has the store all that was seen of the successor. */
function continues(opened: OpenedStore, successor: Successor): boolean {
  return opened.madeGood.includes(successor.runId) || goesOnFrom(opened, successor);
}

/** Is it a later run, or the same, of the same folder, with all of its commits. */
function goesOnFrom(opened: OpenedStore, { runId, commitSeq }: Successor): boolean {
  const lastCommitSeq = lastCommitOf(opened, runId);
  return lastCommitSeq !== undefined && lastCommitSeq >= commitSeq;
}

/** Does the store certainly go on with the newest one of its member, with all that was seen of it:
 *  then the memory of others that it holds goes on as well. */
export function isContinuation(remembered: Remembered | undefined, opened: OpenedStore): boolean {
  if (remembered === undefined) return false;
  return goesOnFrom(opened, remembered.successors.at(-1) ?? remembered);
}

/** Is it remembered how far every store had come that took part in the member's place. */
export function knowsCommits(remembered: Remembered | undefined): boolean {
  const successors = remembered?.successors ?? [];
  return successors.every(({ commitSeq }) => commitSeq !== COMMITS_UNKNOWN);
}

export function presentRunOf({ runs }: OpenedStore): string {
  return runs.at(-1)?.id ?? '';
}

/** Last commit as found at the opening. */
export function foundCommitOf({ runs }: OpenedStore): number {
  return runs.at(-1)?.commitSeq ?? 0;
}

/** With what commit the run ended here; infinite for the present one, undefined when the folder
 *  does not know it. */
function lastCommitOf({ runs }: OpenedStore, runId: string): number | undefined {
  const at = runs.findLastIndex(({ id }) => id === runId);
  if (at < 0) return undefined;
  return runs[at + 1]?.commitSeq ?? Number.POSITIVE_INFINITY;
}

/** Runs whose loss the store must make good before those who gave these answers take it for whole.
 *  */
export function livesLost(
  opened: OpenedStore,
  answers: readonly (Remembered | undefined)[],
): ReadonlySet<string> {
  const lives = new Set<string>();
  for (const answer of answers) {
    if (answer === undefined || findLoss(opened, answer) === undefined) continue;
    lives.add(answer.runId);
    for (const successor of answer.successors) {
      if (!goesOnFrom(opened, successor)) lives.add(successor.runId);
    }
  }
  return lives;
}

/** After more runs than a folder names, out of reach of this peer, numbers must do. */
function hasBeenIn(opened: OpenedStore, remembered: Remembered): boolean {
  if (lastCommitOf(opened, remembered.runId) !== undefined) return true;
  return opened.run - remembered.run >= RUNS_MAX && opened.runs.length === RUNS_MAX;
}

/** What to remember of a member after it showed its store; the same object when nothing changes. */
export function remember(remembered: Remembered | undefined, opened: OpenedStore): Remembered {
  const { storeId, run } = opened;
  const runId = presentRunOf(opened);
  if (remembered === undefined) return rememberedOf(opened, runId, opened.ceiling);
  if (findLoss(opened, remembered) !== undefined) {
    return withSuccessor(remembered, opened, runId);
  }
  // Ticks of every life count: none of them may be issued again.
  const ceiling = Math.max(remembered.ceiling, opened.ceiling);
  if (!isContinued(opened, remembered)) {
    const known = remembered.successors.find((successor) => successor.runId === runId);
    return rememberedOf(opened, runId, ceiling, known?.commitSeq);
  }
  const commitSeq = Math.max(remembered.commitSeq, foundCommitOf(opened));
  const isNews =
    runId !== remembered.runId ||
    ceiling !== remembered.ceiling ||
    commitSeq !== remembered.commitSeq ||
    remembered.successors.length > 0;
  if (!isNews) return remembered;
  return { storeId, run, runId, ceiling, commitSeq, successors: [] };
}

/** What to remember of a member that has made this commit durable in that run; the same object when
 *  that is no news, or the run is not remembered, yet or any more. */
export function rememberCommit(
  remembered: Remembered,
  runId: string,
  commitSeq: number,
): Remembered {
  const { successors } = remembered;
  const at = successors.findIndex((successor) => successor.runId === runId);
  const behind = successors[at];
  if (behind !== undefined) {
    if (commitSeq <= behind.commitSeq) return remembered;
    return { ...remembered, successors: successors.with(at, { runId, commitSeq }) };
  }
  if (runId !== remembered.runId || commitSeq <= remembered.commitSeq) return remembered;
  // Written out: this runs with every reply, and a spread would make a hidden class each time.
  const { storeId, run, ceiling } = remembered;
  return { storeId, run, runId, ceiling, commitSeq, successors };
}

/** A run takes the place of earlier ones of its own folder whose commits it has. One that does not
 *  have another's stays beside it: each has acknowledged copies that the other does not have. So
 *  does one of which nobody can tell. */
function withSuccessor(remembered: Remembered, opened: OpenedStore, runId: string): Remembered {
  const { successors } = remembered;
  if (successors.at(-1)?.runId === runId) return remembered;
  const known = successors.find((successor) => successor.runId === runId);
  const others = successors.filter((successor) => {
    const isUnknown = successor.commitSeq === COMMITS_UNKNOWN;
    return successor !== known && (isUnknown || !goesOnFrom(opened, successor));
  });
  const newest = known ?? { runId, commitSeq: foundCommitOf(opened) };
  return { ...remembered, successors: [...others, newest].slice(-SUCCESSORS_MAX) };
}

/** Its commits go on from those that are remembered; otherwise it has a story of its own. */
function isContinued(opened: OpenedStore, { storeId, runId }: Remembered): boolean {
  return opened.storeId === storeId && !opened.madeGood.includes(runId);
}

function rememberedOf(
  opened: OpenedStore,
  runId: string,
  ceiling: number,
  seenCommitSeq = 0,
): Remembered {
  const { storeId, run } = opened;
  const commitSeq = Math.max(foundCommitOf(opened), seenCommitSeq);
  return { storeId, run, runId, ceiling, commitSeq, successors: [] };
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
  /** This folder has been SERVING in this cluster, in this life or an earlier one. */
  readonly hasServed: boolean;
}

export interface Standing {
  readonly state: StandingState;
  readonly reason: string;
}

/** After this time one answer is enough, and a node that nobody answers serves alone. */
export const VERIFY_WAIT_MS = 2_000;

/** May a node that is not verified answer what needs no majority: it has asked, and nobody answers.
 *  A folder that never served may be what is left of a member after its disk was emptied: for it
 *  every key is "not found", and it has nothing to give to anybody. */
export function servesAlone({ answers, waitedMs, hasServed }: StandingInput): boolean {
  return hasServed && answers.length === 0 && waitedMs >= VERIFY_WAIT_MS;
}

export function judgeStanding(input: StandingInput): Standing {
  if (input.damage !== undefined) return { state: 'RECOVERING', reason: input.damage };
  for (const answer of input.answers) {
    const loss = findLoss(input.opened, answer);
    if (loss !== undefined) return { state: 'RECOVERING', reason: loss };
  }
  if (input.peerCount === 0) return { state: 'SERVING', reason: '' };
  if (input.answers.length === 0) {
    const first = 'no other member has answered yet';
    const alone = '; this folder has never served, so it does not answer alone';
    return { state: 'UNVERIFIED', reason: input.hasServed ? first : first + alone };
  }
  const { peerCount, answers, unreachableCount, waitedMs } = input;
  if (answers.length + unreachableCount >= peerCount || waitedMs >= VERIFY_WAIT_MS) {
    return { state: 'SERVING', reason: '' };
  }
  return {
    state: 'UNVERIFIED',
    reason: `${input.answers.length} of ${input.peerCount} other members have answered`,
  };
}
