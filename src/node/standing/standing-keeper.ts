/** Keeps this node's standing (may it serve) and what it remembers of every other member, durably.
 *  Invariants: SERVING never falls back to UNVERIFIED; RECOVERING is left only when every partition
 *  has been rebuilt, by this run or by one before it of which nothing is missing, and word of
 *  another lost life, or new damage, begins all of them anew; what was made good is durable before
 *  this node says so, the note of its recovering goes last.
 *  Not here: the rules (core/membership/standing.ts), the handshake that carries the facts
 *  (node/link), the rebuild (node/repair), what is given up (accepted-losses.ts), the rows
 *  (standing-rows.ts). */

import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type {
  OpenedStore,
  Remembered,
  Standing,
  StandingInput,
} from '../../core/membership/standing.ts';
import {
  judgeStanding,
  livesLost,
  MADE_GOOD_MAX,
  servesAlone,
  VERIFY_WAIT_MS,
} from '../../core/membership/standing.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Recovery } from '../contracts.ts';
import { REBUILT_ROW } from '../storage/table-keys.ts';
import { AcceptedLosses } from './accepted-losses.ts';
import { type MetaRows, PeerMemories } from './peer-memories.ts';
import { RebuildProgress } from './rebuild-progress.ts';
import {
  type AcceptedLoss,
  decodeLives,
  decodeText,
  encodeLives,
  encodeText,
  MADE_GOOD_ROW,
  RECOVERING_ROW,
  SERVED_ROW,
} from './standing-rows.ts';

interface StandingEnvironment {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly log: Log;
}

/** Told what follows for others. */
export interface StandingEvents {
  changed(standing: Standing): void;
  /** As of PeerMemories. */
  peerLost(nodeIndex: number): void;
}

export class StandingKeeper implements Recovery {
  readonly #env: StandingEnvironment;
  readonly #rows: MetaRows;
  readonly #events: StandingEvents;
  readonly #peers: PeerMemories;
  /** Partitions that have been rebuilt since the node was last found to be behind. */
  readonly #rebuilt = new Set<number>();
  /** What is to be made good, as far as peers have told. */
  #lives: ReadonlySet<string> = new Set();
  readonly #progress: RebuildProgress;
  readonly #losses: AcceptedLosses;
  /** How far an earlier run had come; undefined as soon as a peer has seen more than is here, or
   *  has forgotten what it had seen. */
  #earlier: { readonly lives: readonly string[]; readonly partitions: Set<number> } | undefined;
  #opened: OpenedStore;
  #hasStarted = false;
  #hasServed = false;
  #servesAlone = false;
  #damage: string | undefined;
  #attempt = 0;
  #startedMs = 0;
  #standing: Standing = {
    state: 'UNVERIFIED',
    reason: 'this node belongs to no cluster yet',
  };

  constructor(
    env: StandingEnvironment,
    rows: MetaRows,
    opened: OpenedStore,
    events: StandingEvents,
  ) {
    this.#env = env;
    this.#rows = rows;
    this.#peers = new PeerMemories(env, rows, {
      lost: (nodeIndex) => events.peerLost(nodeIndex),
      forgotten: () => this.#forgotten(),
    });
    this.#opened = opened;
    this.#events = events;
    this.#losses = new AcceptedLosses(env, rows);
    this.#progress = new RebuildProgress(env, rows, () => ({
      lives: [...this.#lives],
      partitions: [...new Set([...(this.#earlier?.partitions ?? []), ...this.#rebuilt])],
    }));
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
    return this.#losses.last;
  }

  get acceptsLoss(): boolean {
    return this.isRecovering && this.#losses.isInForce;
  }

  /** Highest tick that peers have seen of any life of this member. */
  get ceilingSeen(): number {
    return this.#peers.ceilingSeen;
  }

  /** May this node answer reads of the partition, and mint there. */
  mayServe(partition: number): boolean {
    const { state } = this.#standing;
    if (state === 'SERVING') return true;
    return state === 'RECOVERING' ? this.#rebuilt.has(partition) : this.#servesAlone;
  }

  /** Do its answers count where a majority is asked for. */
  isVerified(partition: number): boolean {
    return this.#standing.state !== 'UNVERIFIED' && this.mayServe(partition);
  }

  isRebuilt(partition: number): boolean {
    return this.#rebuilt.has(partition);
  }

  wasRebuilt(partition: number): boolean {
    return this.#earlier?.partitions.has(partition) === true;
  }

  /** Every member must have answered: one that has not may have seen more, and comparing is right
   *  in any case. */
  isStillRebuilt(partition: number): boolean {
    return this.wasRebuilt(partition) && this.#peers.isKnownToAll;
  }

  /** All that was lost of the partition is here again, unless the attempt is not the present one.
   *  */
  partitionRebuilt(partition: number, attempt: number): void {
    if (!this.isRecovering || attempt !== this.#attempt) return;
    this.#rebuilt.add(partition);
    this.#progress.noteSoon();
  }

  /** Every partition of this node is rebuilt: it serves, and says what it has made good. False when
   *  it has meanwhile come out that more is lost. Settles when no loss is accepted any more. */
  async finish(attempt: number, clearDamage: () => Promise<void>): Promise<boolean> {
    if (!this.isRecovering || attempt !== this.#attempt) return false;
    const { madeGood } = this.#opened;
    const lives = [...madeGood, ...this.#lives].slice(-MADE_GOOD_MAX);
    this.#progress.end();
    await this.#rows.writeMeta([{ name: MADE_GOOD_ROW, value: encodeLives(lives) }]);
    if (attempt === this.#attempt) await clearDamage();
    if (attempt === this.#attempt) await this.#forgetRecovering();
    if (attempt !== this.#attempt) {
      this.#noteRecovering(this.#standing.reason);
      await this.#losses.end();
      return false;
    }
    this.#progress.end();
    this.#damage = undefined;
    this.#lives = new Set();
    this.#rebuilt.clear();
    this.#earlier = undefined;
    this.#state({ ...this.#opened, madeGood: lives, isRebuilding: false });
    this.#change({ state: 'SERVING', reason: '' });
    const ended = this.#losses.end();
    this.#judge();
    await ended;
    return true;
  }

  /** An operator gives up what only members have that are gone: a rebuild from fewer will do.
   *  Settles when that is durable. Errors: CONFLICT when meanwhile more was found to be lost. */
  async acceptLoss(): Promise<void> {
    const attempt = this.#attempt;
    await this.#losses.note(this.#standing.reason, false);
    if (this.isRecovering && attempt === this.#attempt) return;
    // It was said of a rebuild that is over: no later loss is given up with it.
    await this.#losses.end();
    if (!this.isRecovering) return;
    throw new CoterieError(
      'CONFLICT',
      `While the loss was noted, more was found to be lost, which is not accepted with it: ` +
        `${this.#standing.reason}; look at the status, and accept it again`,
      { retryable: true },
    );
  }

  noteLoss(reason: string): Promise<void> {
    return this.#losses.note(reason, true);
  }

  /** Called once this node has a place in a layout. `damage`: found in the folder, now or earlier.
   *  `peers`: node indexes of the other members. */
  async start(damage: string | undefined, peers: readonly number[]): Promise<void> {
    const earlier = await this.#rows.readMeta(RECOVERING_ROW);
    this.#damage = damage ?? (earlier && decodeText(earlier));
    const progress = await this.#progress.read();
    if (this.#damage !== undefined && progress !== undefined) {
      this.#earlier = { lives: progress.lives, partitions: new Set(progress.partitions) };
    }
    const madeGood = await this.#rows.readMeta(MADE_GOOD_ROW);
    if (madeGood !== undefined) {
      this.#opened = { ...this.#opened, madeGood: decodeLives(madeGood) };
    }
    await this.#losses.restore(earlier !== undefined);
    await this.#peers.restore(peers);
    this.#hasServed = (await this.#rows.readMeta(SERVED_ROW)) !== undefined;
    this.#hasStarted = true;
    const { deadlines } = this.#env;
    this.#startedMs = deadlines.nowMs();
    deadlines.add(this.#startedMs + VERIFY_WAIT_MS, () => this.#judge());
    this.#judge();
  }

  remembered(nodeIndex: number): Remembered | undefined {
    return this.#peers.remembered(nodeIndex);
  }

  /** A peer greeted; settles once what it showed is durable here. */
  async peerGreeted(
    nodeIndex: number,
    shown: OpenedStore,
    answer: Remembered | undefined,
  ): Promise<void> {
    if (await this.#peers.greeted(nodeIndex, shown, answer)) this.#judge();
  }

  peerReach(nodeIndex: number, isDown: boolean): void {
    if (this.#peers.reach(nodeIndex, isDown)) this.#judge();
  }

  /** A frame showed this durable commit of that run of the peer. */
  peerCommitted(nodeIndex: number, runId: string, commitSeq: number): void {
    this.#peers.committed(nodeIndex, runId, commitSeq);
  }

  /** False for a peer whose store came back below what is remembered of it and does not know it. */
  isTrusted(nodeIndex: number): boolean {
    return this.#peers.isTrusted(nodeIndex);
  }

  /** As PeerMemories.standingOf. */
  standingOf(nodeIndex: number): 'SERVING' | 'RECOVERING' | undefined {
    return this.#peers.standingOf(nodeIndex);
  }

  /** Damage that came to light while running. */
  reportDamage(reason: string): void {
    this.#damage ??= reason;
    if (this.isRecovering) this.#beginAnew();
    else this.#judge();
  }

  /** Notes what is not noted yet: after a clean stop nothing that peers showed is forgotten. */
  async flush(): Promise<void> {
    await this.#peers.flush();
    if (this.#progress.isDue) await this.#progress.note();
  }

  #judge(): void {
    if (!this.#hasStarted) return;
    if (this.isRecovering) {
      this.#learnLives();
      return;
    }
    const input = this.#input();
    const next = judgeStanding(input);
    if (this.#standing.state === 'SERVING' && next.state === 'UNVERIFIED') return;
    this.#servesAlone = servesAlone(input);
    if (next.state === 'RECOVERING') this.#recover(next);
    else if (next.state === this.#standing.state) this.#standing = next;
    else this.#change(next);
  }

  #input(): StandingInput {
    return {
      opened: this.#opened,
      damage: this.#damage,
      peerCount: this.#peers.count,
      answers: this.#peers.answers,
      unreachableCount: this.#peers.unreachableCount,
      waitedMs: this.#env.deadlines.nowMs() - this.#startedMs,
      hasServed: this.#hasServed,
    };
  }

  #recover(next: Standing): void {
    this.#noteRecovering(next.reason);
    const lives = livesLost(this.#opened, this.#peers.answers);
    this.#lives = new Set([...(this.#earlier?.lives ?? []), ...lives]);
    this.#state({ ...this.#opened, isRebuilding: true });
    this.#attempt += 1;
    this.#rebuilt.clear();
    if (this.#earlier === undefined) this.#progress.forget();
    this.#change(next);
  }

  /** What another peer tells may be of a later life than what was rebuilt from. */
  #learnLives(): void {
    const known = this.#lives;
    const lives = livesLost(this.#opened, this.#peers.answers);
    if ([...lives].every((life) => known.has(life))) return;
    this.#lives = new Set([...known, ...lives]);
    this.#beginAnew();
  }

  #beginAnew(): void {
    this.#attempt += 1;
    this.#rebuilt.clear();
    this.#earlier = undefined;
    this.#progress.forget();
  }

  /** What this run has rebuilt is here: the peer knows this run. */
  #forgotten(): void {
    this.#earlier = undefined;
    if (this.#rebuilt.size > 0) this.#progress.noteSoon();
  }

  #state(opened: OpenedStore): void {
    this.#opened = { ...opened, statement: opened.statement + 1 };
  }

  #change(next: Standing): void {
    this.#standing = next;
    if (next.state === 'SERVING') this.#noteServed();
    this.#events.changed(next);
  }

  /** A restart must not forget it: what came back goes on committing and would pass every number
   *  its peers remember. */
  #noteRecovering(reason: string): void {
    this.#note(RECOVERING_ROW, reason, (message) => {
      this.#env.log.error('recovering-not-noted', { message });
    });
  }

  #noteServed(): void {
    if (this.#hasServed) return;
    this.#hasServed = true;
    this.#note(SERVED_ROW, '', (message) => {
      this.#env.log.error('served-not-noted', { message });
    });
  }

  #note(name: string, text: string, failed: (message: string) => void): void {
    this.#rows.writeMeta([{ name, value: encodeText(text) }]).catch((error: unknown) => {
      failed(error instanceof Error ? error.message : String(error));
    });
  }

  #forgetRecovering(): Promise<void> {
    return this.#rows.writeMeta([
      { name: RECOVERING_ROW, value: undefined },
      { name: REBUILT_ROW, value: undefined },
    ]);
  }
}
