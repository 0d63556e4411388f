/** Keeps this node's standing (may it serve) and what it remembers of every other member, durably.
 *  Invariants: what a peer showed is fsynced before any answer of that run is counted; a store that
 *  came back below what is remembered of it does not replace the memory before it has made that
 *  good; SERVING never falls back to UNVERIFIED; RECOVERING is left only when every partition is
 *  rebuilt, and word of another lost life, or new damage, begins all of them anew; what was made
 *  good is durable before this node says so, and the note of its recovering goes last.
 *  Not here: the rules (core/membership/standing.ts), the handshake that carries the facts
 *  (node/link), the rebuild (node/repair), the rows (standing-rows.ts). */

import type { Deadlines } from '../../core/deadlines.ts';
import type { OpenedStore, Remembered, Standing } from '../../core/membership/standing.ts';
import {
  findLoss,
  judgeStanding,
  livesLost,
  MADE_GOOD_MAX,
  remember,
  VERIFY_WAIT_MS,
} from '../../core/membership/standing.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Recovery } from '../contracts.ts';
import {
  type AcceptedLoss,
  decodeAcceptedLoss,
  decodeLives,
  decodePeer,
  decodeText,
  encodeAcceptedLoss,
  encodeLives,
  encodePeer,
  encodeText,
  LOSS_ACCEPTED_ROW,
  MADE_GOOD_ROW,
  peerRow,
  RECOVERING_ROW,
} from './standing-rows.ts';

/** Small durable rows, each fsynced before the promise settles. */
export interface MetaRows {
  readMeta(name: string): Promise<Uint8Array | undefined>;
  /** Without a value the row goes. */
  writeMeta(
    entries: readonly { readonly name: string; readonly value: Uint8Array | undefined }[],
  ): Promise<void>;
}

interface Peer {
  remembered: Remembered | undefined;
  shown: OpenedStore | undefined;
  hasAnswered: boolean;
  answer: Remembered | undefined;
  isDown: boolean;
}

/** Commits of peers are noted at most this often: they only sharpen what the handshake has already
 *  secured. */
const COMMIT_NOTE_INTERVAL_MS = 1_000;

interface StandingEnvironment {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly log: Log;
}

export class StandingKeeper implements Recovery {
  readonly #env: StandingEnvironment;
  readonly #rows: MetaRows;
  readonly #onChange: (standing: Standing) => void;
  readonly #peers = new Map<number, Peer>();
  /** Partitions that have been rebuilt since the node was last found to be behind. */
  readonly #rebuilt = new Set<number>();
  /** What is to be made good, as far as peers have told. */
  #lives: ReadonlySet<string> = new Set();
  #opened: OpenedStore;
  #hasStarted = false;
  #damage: string | undefined;
  #attempt = 0;
  #accepted: AcceptedLoss | undefined;
  #startedMs = 0;
  #standing: Standing = {
    state: 'UNVERIFIED',
    reason: 'this node belongs to no cluster yet: run `coterie cluster init`',
  };
  #isNoteDue = false;

  constructor(
    env: StandingEnvironment,
    rows: MetaRows,
    opened: OpenedStore,
    onChange: (standing: Standing) => void,
  ) {
    this.#env = env;
    this.#rows = rows;
    this.#opened = opened;
    this.#onChange = onChange;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** This node's store, as it is shown to others. */
  get opened(): OpenedStore {
    return this.#opened;
  }

  get attempt(): number {
    return this.#attempt;
  }

  get startedMs(): number {
    return this.#startedMs;
  }

  get isRecovering(): boolean {
    return this.#standing.state === 'RECOVERING';
  }

  get acceptedLoss(): AcceptedLoss | undefined {
    return this.#accepted;
  }

  get acceptsLoss(): boolean {
    return this.#accepted?.isOver === false;
  }

  /** Highest tick that peers have seen of any life of this member. */
  get ceilingSeen(): number {
    let ceiling = 0;
    for (const { answer } of this.#peers.values()) {
      if (answer !== undefined && answer.ceiling > ceiling) ceiling = answer.ceiling;
    }
    return ceiling;
  }

  /** May this node answer reads of the partition, and mint there. */
  mayServe(partition: number): boolean {
    return !this.isRecovering || this.#rebuilt.has(partition);
  }

  /** Do its answers count where a majority is asked for. */
  isVerified(partition: number): boolean {
    return this.#standing.state !== 'UNVERIFIED' && this.mayServe(partition);
  }

  isRebuilt(partition: number): boolean {
    return this.#rebuilt.has(partition);
  }

  /** All that was lost of the partition is here again, unless the attempt is not the present one.
   *  */
  partitionRebuilt(partition: number, attempt: number): void {
    if (this.isRecovering && attempt === this.#attempt) this.#rebuilt.add(partition);
  }

  /** Every partition of this node is rebuilt: it serves, and says what it has made good. False when
   *  it has meanwhile come out that more is lost. */
  async finish(attempt: number, clearDamage: () => Promise<void>): Promise<boolean> {
    if (!this.isRecovering || attempt !== this.#attempt) return false;
    const { madeGood } = this.#opened;
    const lives = [...madeGood, ...this.#lives].slice(-MADE_GOOD_MAX);
    await this.#rows.writeMeta([{ name: MADE_GOOD_ROW, value: encodeLives(lives) }]);
    if (attempt === this.#attempt) await clearDamage();
    if (attempt === this.#attempt) await this.#forgetRecovering();
    if (attempt !== this.#attempt) {
      this.#noteRecovering(this.#standing.reason);
      return false;
    }
    this.#damage = undefined;
    this.#lives = new Set();
    this.#rebuilt.clear();
    this.#state({ ...this.#opened, madeGood: lives, isRebuilding: false });
    this.#change({ state: 'SERVING', reason: '' });
    this.#judge();
    return true;
  }

  /** An operator gives up what only members have that are gone: a rebuild from fewer will do.
   *  Settles when that is durable. */
  async acceptLoss(): Promise<void> {
    const atMs = Math.floor(this.#env.clock.wallMs());
    const accepted = { atMs, reason: this.#standing.reason, isOver: false };
    await this.#rows.writeMeta([{ name: LOSS_ACCEPTED_ROW, value: encodeAcceptedLoss(accepted) }]);
    this.#accepted = accepted;
    this.#env.log.error('loss-accepted', { reason: accepted.reason });
  }

  /** Called once this node has a place in a layout. `peers`: node indexes of the other members. */
  async start(damage: string | undefined, peers: readonly number[]): Promise<void> {
    const earlier = await this.#rows.readMeta(RECOVERING_ROW);
    this.#damage = damage ?? (earlier && decodeText(earlier));
    const madeGood = await this.#rows.readMeta(MADE_GOOD_ROW);
    if (madeGood !== undefined) {
      this.#opened = { ...this.#opened, madeGood: decodeLives(madeGood) };
    }
    const accepted = await this.#rows.readMeta(LOSS_ACCEPTED_ROW);
    this.#accepted = accepted && decodeAcceptedLoss(accepted);
    for (const nodeIndex of peers) {
      const row = await this.#rows.readMeta(peerRow(nodeIndex));
      this.#peers.set(nodeIndex, {
        remembered: row === undefined ? undefined : decodePeer(row),
        shown: undefined,
        hasAnswered: false,
        answer: undefined,
        isDown: false,
      });
    }
    this.#hasStarted = true;
    const { deadlines } = this.#env;
    this.#startedMs = deadlines.nowMs();
    deadlines.add(this.#startedMs + VERIFY_WAIT_MS, () => this.#judge());
    this.#judge();
  }

  remembered(nodeIndex: number): Remembered | undefined {
    return this.#peers.get(nodeIndex)?.remembered;
  }

  /** A peer greeted; settles once what it showed is durable here. */
  async peerGreeted(
    nodeIndex: number,
    shown: OpenedStore,
    answer: Remembered | undefined,
  ): Promise<void> {
    const peer = this.#peers.get(nodeIndex);
    if (peer === undefined) return;
    if (peer.shown === undefined || !isOutdated(shown, peer.shown)) peer.shown = shown;
    const next = remember(peer.remembered, peer.shown);
    if (next !== peer.remembered) {
      await this.#rows.writeMeta([{ name: peerRow(nodeIndex), value: encodePeer(next) }]);
      // Commits may have been noted meanwhile, over a link in the other direction.
      const noted = peer.remembered?.runId === next.runId ? peer.remembered.commitSeq : 0;
      const commitSeq = Math.max(next.commitSeq, noted);
      peer.remembered = { ...next, commitSeq };
    }
    peer.hasAnswered = true;
    peer.answer = answer;
    peer.isDown = false;
    this.#judge();
  }

  peerReach(nodeIndex: number, isDown: boolean): void {
    const peer = this.#peers.get(nodeIndex);
    if (peer === undefined || peer.isDown === isDown) return;
    peer.isDown = isDown;
    this.#judge();
  }

  /** A reply showed this durable commit of the peer's present run. */
  peerCommitted(nodeIndex: number, commitSeq: number): void {
    const peer = this.#peers.get(nodeIndex);
    const remembered = peer?.remembered;
    if (peer === undefined || remembered === undefined || commitSeq <= remembered.commitSeq) return;
    if (peer.shown === undefined || findLoss(peer.shown, remembered) !== undefined) return;
    // Written out: this runs with every reply, and a spread would make a hidden class each time.
    const { storeId, run, runId, ceiling, successorId } = remembered;
    peer.remembered = { storeId, run, runId, ceiling, commitSeq, successorId };
    if (this.#isNoteDue) return;
    this.#isNoteDue = true;
    const { deadlines } = this.#env;
    deadlines.add(deadlines.nowMs() + COMMIT_NOTE_INTERVAL_MS, () => {
      this.#isNoteDue = false;
      void this.#noteCommits();
    });
  }

  /** False for a peer whose store came back below what is remembered of it, and does not know it:
   *  one that does answers only for partitions that it has rebuilt. */
  isTrusted(nodeIndex: number): boolean {
    const peer = this.#peers.get(nodeIndex);
    if (peer?.shown === undefined) return false;
    return peer.shown.isRebuilding || findLoss(peer.shown, peer.remembered) === undefined;
  }

  /** Damage that came to light while running. */
  reportDamage(reason: string): void {
    this.#damage ??= reason;
    if (this.isRecovering) this.#beginAnew();
    else this.#judge();
  }

  /** Notes what is not noted yet: after a clean stop nothing that peers showed is forgotten. */
  async flush(): Promise<void> {
    if (this.#isNoteDue) await this.#noteCommits();
  }

  async #noteCommits(): Promise<void> {
    const entries = [];
    for (const [nodeIndex, peer] of this.#peers) {
      if (peer.remembered === undefined) continue;
      entries.push({ name: peerRow(nodeIndex), value: encodePeer(peer.remembered) });
    }
    try {
      await this.#rows.writeMeta(entries);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#env.log.warn('peer-commits-not-noted', { message });
    }
  }

  #judge(): void {
    if (!this.#hasStarted) return;
    if (this.isRecovering) {
      this.#learnLives();
      return;
    }
    const peers = [...this.#peers.values()];
    const next = judgeStanding({
      opened: this.#opened,
      damage: this.#damage,
      peerCount: peers.length,
      answers: this.#answers(),
      unreachableCount: peers.filter((peer) => !peer.hasAnswered && peer.isDown).length,
      waitedMs: this.#env.deadlines.nowMs() - this.#startedMs,
    });
    if (this.#standing.state === 'SERVING' && next.state === 'UNVERIFIED') return;
    if (next.state === 'RECOVERING') this.#recover(next);
    else if (next.state === this.#standing.state) this.#standing = next;
    else this.#change(next);
  }

  #recover(next: Standing): void {
    this.#noteRecovering(next.reason);
    this.#lives = livesLost(this.#opened, this.#answers());
    this.#state({ ...this.#opened, isRebuilding: true });
    this.#beginAnew();
    this.#change(next);
  }

  /** What another peer tells may be of a later life than what was rebuilt from. */
  #learnLives(): void {
    const known = this.#lives;
    const lives = livesLost(this.#opened, this.#answers());
    if ([...lives].every((life) => known.has(life))) return;
    this.#lives = new Set([...known, ...lives]);
    this.#beginAnew();
  }

  #beginAnew(): void {
    this.#attempt += 1;
    this.#rebuilt.clear();
  }

  #answers(): readonly (Remembered | undefined)[] {
    const answers: (Remembered | undefined)[] = [];
    for (const peer of this.#peers.values()) if (peer.hasAnswered) answers.push(peer.answer);
    return answers;
  }

  #state(opened: OpenedStore): void {
    this.#opened = { ...opened, statement: opened.statement + 1 };
  }

  #change(next: Standing): void {
    this.#standing = next;
    this.#onChange(next);
  }

  /** A restart must not forget it: what came back goes on committing and would pass every number
   *  its peers remember. */
  #noteRecovering(reason: string): void {
    const value = encodeText(reason);
    this.#rows.writeMeta([{ name: RECOVERING_ROW, value }]).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.#env.log.error('recovering-not-noted', { message });
    });
  }

  #forgetRecovering(): Promise<void> {
    const entries: { name: string; value: Uint8Array | undefined }[] = [
      { name: RECOVERING_ROW, value: undefined },
    ];
    if (this.#accepted?.isOver === false) {
      this.#accepted = { ...this.#accepted, isOver: true };
      entries.push({ name: LOSS_ACCEPTED_ROW, value: encodeAcceptedLoss(this.#accepted) });
    }
    return this.#rows.writeMeta(entries);
  }
}

/** The same run has said something else later. */
function isOutdated(shown: OpenedStore, known: OpenedStore): boolean {
  return shown.runIds.at(-1) === known.runIds.at(-1) && shown.statement < known.statement;
}
