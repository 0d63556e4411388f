import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FolderRun, OpenedStore, Remembered } from '../../../src/core/membership/standing.ts';
import {
  findLoss,
  foundCommitOf,
  livesLost,
  presentRunOf,
  RUNS_MAX,
  remember,
  rememberCommit,
} from '../../../src/core/membership/standing.ts';

const EVENTS = [
  'restart',
  'commit',
  'mint',
  'greet',
  'hear',
  'copy',
  'restore',
  'wipe',
  'rebuild a part',
  'rebuild',
] as const;
type Event = (typeof EVENTS)[number];

/** Of runs, of whatever folder, the last commit that is here. */
type Held = ReadonlyMap<string, number>;

interface Folder {
  readonly storeId: string;
  readonly run: number;
  readonly runs: readonly FolderRun[];
  readonly ceiling: number;
  readonly commitSeq: number;
  readonly madeGood: readonly string[];
  /** What it has of earlier runs, in the truth of the model. */
  readonly held: Held;
  /** It has noted a loss in itself: it is RECOVERING whatever its peers say. */
  readonly isMarked: boolean;
  /** One partition was rebuilt: of it this is here, and these runs were being made good. */
  readonly part: { readonly lives: readonly string[]; readonly held: Held } | undefined;
}

/** One folder's life beside one peer: it is opened, commits, is copied, restored, wiped and
 *  rebuilt. The model keeps the truth. */
class Story {
  #names = 0;
  #folder = this.#made();
  #copy: Folder | undefined;
  #now = this.#open();
  #memory: Remembered | undefined;
  /** By run that the peer has greeted, and so counted in writes (of stores behind as well), the
   *  last commit that the peer has seen. */
  readonly #seen = new Map<string, number>();

  happens(event: Event): void {
    const folder = this.#folder;
    const { commitSeq, ceiling } = folder;
    if (event === 'commit') this.#folder = { ...folder, commitSeq: commitSeq + 1 };
    if (event === 'mint') {
      this.#folder = { ...folder, commitSeq: commitSeq + 1, ceiling: ceiling + 10 };
    }
    if (event === 'copy') this.#copy = folder;
    if (event === 'restart') this.#now = this.#open();
    if (event === 'restore' && this.#copy !== undefined) {
      this.#folder = this.#copy;
      this.#now = this.#open();
    }
    if (event === 'wipe') {
      this.#folder = this.#made();
      this.#now = this.#open();
    }
    if (event === 'rebuild a part') this.#rebuildPart();
    if (event === 'rebuild') this.#rebuild();
    if (event === 'greet') this.#greet();
    if (event === 'hear') this.#hear();
  }

  #greet(): void {
    const { isMarked, held } = this.#folder;
    const loss = findLoss(this.#now, this.#memory);
    if (!isMarked) expect(loss !== undefined).toBe(this.#isLost(held));
    if (loss !== undefined) this.#folder = { ...this.#folder, isMarked: true };
    const isIntroduction = this.#seen.has(this.#runId);
    if (!isIntroduction) this.#seen.set(this.#runId, foundCommitOf(this.#now));
    const before = this.#memory;
    this.#memory = remember(before, this.#now);
    this.#checkPart([before, this.#memory]);
    // It comes over the link, and every frame there shows what is committed.
    if (isIntroduction) this.#hear();
  }

  /** No run is missing in what was rebuilt, or each answer of the peer says so. */
  #checkPart(answers: readonly (Remembered | undefined)[]): void {
    const { isMarked, part } = this.#folder;
    if (!isMarked || part === undefined) return;
    for (const answer of answers) {
      const lives = [...livesLost(this.#now, [answer])];
      const isContinued = lives.every((life) => part.lives.includes(life));
      if (isContinued) expect(this.#isLost(part.held)).toBe(false);
      else this.#folder = { ...this.#folder, part: undefined };
    }
  }

  #hear(): void {
    if (this.#memory === undefined || !this.#seen.has(this.#runId)) return;
    const { commitSeq } = this.#folder;
    this.#memory = rememberCommit(this.#memory, this.#runId, commitSeq);
    this.#seen.set(this.#runId, commitSeq);
  }

  #rebuildPart(): void {
    const { isMarked, part } = this.#folder;
    if (!isMarked || !this.#seen.has(this.#runId)) return;
    const lives = [...(part?.lives ?? []), ...livesLost(this.#now, [this.#memory])];
    this.#folder = { ...this.#folder, part: { lives, held: this.#all() } };
  }

  /** With this peer: one that had no part in it is not the one that tells of it. */
  #rebuild(): void {
    const { isMarked, madeGood, commitSeq } = this.#folder;
    if (!isMarked || this.#memory === undefined || !this.#seen.has(this.#runId)) return;
    const lives = [...madeGood, ...livesLost(this.#now, [this.#memory])];
    const ceiling = Math.max(this.#folder.ceiling, this.#memory.ceiling);
    const whole = { madeGood: lives, held: this.#all(), isMarked: false, part: undefined };
    this.#folder = { ...this.#folder, ...whole, ceiling, commitSeq: commitSeq + 1 };
    this.#now = { ...this.#now, madeGood: lives, isRebuilding: false };
  }

  get #runId(): string {
    return presentRunOf(this.#now);
  }

  #all(): Held {
    return new Map([...this.#seen.keys()].map((run) => [run, Number.POSITIVE_INFINITY]));
  }

  #isLost(held: Held): boolean {
    return [...this.#seen].some(
      ([run, commitSeq]) => run !== this.#runId && (held.get(run) ?? -1) < commitSeq,
    );
  }

  #made(): Folder {
    return {
      storeId: this.#name(),
      run: 0,
      runs: [],
      ceiling: 0,
      commitSeq: 0,
      madeGood: [],
      held: new Map(),
      isMarked: false,
      part: undefined,
    };
  }

  #open(): OpenedStore {
    const { storeId, ceiling, commitSeq, madeGood, isMarked, run: previousRun } = this.#folder;
    const { held, part } = this.#folder;
    const last = this.#folder.runs.at(-1);
    const ended = (earlier: Held): Held =>
      last === undefined ? earlier : new Map([...earlier, [last.id, commitSeq]]);
    const runs = [...this.#folder.runs, { id: this.#name(), commitSeq }].slice(-RUNS_MAX);
    const run = previousRun + 1;
    const kept = part && { lives: part.lives, held: ended(part.held) };
    this.#folder = { ...this.#folder, run, runs, held: ended(held), part: kept };
    const found = { storeId, run, runs, previousRun, ceiling };
    return { ...found, madeGood, isRebuilding: isMarked, statement: 0 };
  }

  #name(): string {
    this.#names += 1;
    return `x${this.#names}`;
  }
}

/** Of the default size most would be too short for a loss within a rebuild. */
const histories = fc.array(fc.constantFrom(...EVENTS), { maxLength: 60, size: 'max' });

it('notices every loss that a peer could have seen, also of what was rebuilt, and no other', () => {
  fc.assert(
    fc.property(histories, (history) => {
      const story = new Story();
      for (const event of history) story.happens(event);
    }),
    { numRuns: 20_000 },
  );
});
