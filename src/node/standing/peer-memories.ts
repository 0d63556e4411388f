/** What this node remembers of every other member's storage, durably, and what each answered of
 *  this node's.
 *  Invariants: what a peer showed is fsynced before any answer of that run is counted; what is
 *  remembered only rises (core/membership/standing.ts).
 *  Not here: what follows for this node (standing-keeper.ts), the handshake that carries the facts
 *  (node/link), the rows (standing-rows.ts). */
import type { Deadlines } from '../../core/deadlines.ts';
import type { OpenedStore, Remembered } from '../../core/membership/standing.ts';
import {
  findLoss,
  isContinuation,
  knowsCommits,
  presentRunOf,
  remember,
  rememberCommit,
} from '../../core/membership/standing.ts';
import type { Log } from '../../env/log.ts';
import { REBUILT_ROW } from '../storage/table-keys.ts';
import { decodePeer, encodePeer, peerRow } from './standing-rows.ts';

/** Small durable rows, each fsynced before the promise settles. */
export interface MetaRows {
  readMeta(name: string): Promise<Uint8Array | undefined>;
  /** Without a value the row goes. */
  writeMeta(
    entries: readonly { readonly name: string; readonly value: Uint8Array | undefined }[],
  ): Promise<void>;
  /** The same; peers are not told that this node has committed something. */
  noteMeta(
    entries: readonly { readonly name: string; readonly value: Uint8Array }[],
  ): Promise<void>;
}

interface Peer {
  remembered: Remembered | undefined;
  shown: OpenedStore | undefined;
  hasAnswered: boolean;
  answer: Remembered | undefined;
  isDown: boolean;
  settling: Promise<unknown>;
  /** What it showed last is being made durable. */
  isSettling: boolean;
}

export interface PeerMemoryEvents {
  /** A peer greets whose copies are not those that it had, as far as they were known here. */
  lost(nodeIndex: number): void;
  /** One greets that no longer has what it remembered of this node. Perhaps nobody is left who can
   *  tell that something rebuilt before is missing: the note of that goes in the batch that notes
   *  the peer. */
  forgotten(): void;
}

const FORGOTTEN = { name: REBUILT_ROW, value: undefined };
/** Commits of peers are noted at most this often: they only sharpen what the handshake has already
 *  secured. */
const COMMIT_NOTE_INTERVAL_MS = 1_000;

export class PeerMemories {
  readonly #env: { readonly deadlines: Deadlines; readonly log: Log };
  readonly #rows: MetaRows;
  readonly #peers = new Map<number, Peer>();
  readonly #events: PeerMemoryEvents;
  #isNoteDue = false;

  constructor(
    env: { readonly deadlines: Deadlines; readonly log: Log },
    rows: MetaRows,
    events: PeerMemoryEvents,
  ) {
    this.#env = env;
    this.#rows = rows;
    this.#events = events;
  }

  async restore(peers: readonly number[]): Promise<void> {
    for (const nodeIndex of peers) {
      const row = await this.#rows.readMeta(peerRow(nodeIndex));
      this.#peers.set(nodeIndex, {
        remembered: row === undefined ? undefined : decodePeer(row),
        shown: undefined,
        hasAnswered: false,
        answer: undefined,
        isDown: false,
        settling: Promise.resolve(),
        isSettling: false,
      });
    }
  }

  get count(): number {
    return this.#peers.size;
  }

  /** Of those who have answered. */
  get answers(): readonly (Remembered | undefined)[] {
    const answers: (Remembered | undefined)[] = [];
    for (const peer of this.#peers.values()) if (peer.hasAnswered) answers.push(peer.answer);
    return answers;
  }

  /** Every peer has answered, and knows how far this node had come. */
  get isKnownToAll(): boolean {
    for (const { hasAnswered, answer } of this.#peers.values()) {
      if (!hasAnswered || !knowsCommits(answer)) return false;
    }
    return true;
  }

  /** Known to be out of reach, and not heard. */
  get unreachableCount(): number {
    let count = 0;
    for (const { hasAnswered, isDown } of this.#peers.values()) {
      if (!hasAnswered && isDown) count += 1;
    }
    return count;
  }

  /** Highest tick that peers have seen of any life of this member. */
  get ceilingSeen(): number {
    let ceiling = 0;
    for (const { answer } of this.#peers.values()) {
      if (answer !== undefined && answer.ceiling > ceiling) ceiling = answer.ceiling;
    }
    return ceiling;
  }

  remembered(nodeIndex: number): Remembered | undefined {
    return this.#peers.get(nodeIndex)?.remembered;
  }

  /** Settles once what it showed is durable here. False for one that is no member. */
  async greeted(
    nodeIndex: number,
    shown: OpenedStore,
    answer: Remembered | undefined,
  ): Promise<boolean> {
    const peer = this.#peers.get(nodeIndex);
    if (peer === undefined) return false;
    // One after the other: each store that is shown is remembered beside those before it.
    const settled = peer.settling.then(() => this.#settle(nodeIndex, peer, shown, answer));
    peer.settling = settled.catch(() => {});
    await settled;
    return true;
  }

  async #settle(
    nodeIndex: number,
    peer: Peer,
    shown: OpenedStore,
    answer: Remembered | undefined,
  ): Promise<void> {
    if (peer.shown === undefined || !isOutdated(shown, peer.shown)) peer.shown = shown;
    if (isLost(peer.shown, peer.remembered)) this.#events.lost(nodeIndex);
    const next = remember(peer.remembered, peer.shown);
    if (next !== peer.remembered) {
      const isForgetful = !isContinuation(peer.remembered, peer.shown);
      if (isForgetful) this.#events.forgotten();
      const row = { name: peerRow(nodeIndex), value: encodePeer(next) };
      peer.isSettling = true;
      try {
        await this.#rows.writeMeta(isForgetful ? [row, FORGOTTEN] : [row]);
      } finally {
        peer.isSettling = false;
      }
      // Commits may have been seen meanwhile, also such as this store does not have.
      if (!isForgetful && !isContinuation(peer.remembered, peer.shown)) {
        await this.#settle(nodeIndex, peer, shown, answer);
        return;
      }
      peer.remembered = remember(peer.remembered, peer.shown);
    }
    peer.hasAnswered = true;
    peer.answer = answer;
    peer.isDown = false;
  }

  /** True when that is news. */
  reach(nodeIndex: number, isDown: boolean): boolean {
    const peer = this.#peers.get(nodeIndex);
    if (peer === undefined || peer.isDown === isDown) return false;
    peer.isDown = isDown;
    return true;
  }

  /** A frame showed this durable commit of that run of the peer. */
  committed(nodeIndex: number, runId: string, commitSeq: number): void {
    const peer = this.#peers.get(nodeIndex);
    const remembered = peer?.remembered;
    if (peer === undefined || remembered === undefined) return;
    if (!Number.isSafeInteger(commitSeq)) return;
    peer.remembered = rememberCommit(remembered, runId, commitSeq);
    if (peer.remembered !== remembered) this.#noteSoon();
  }

  #noteSoon(): void {
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

  /** Of its own storage, by what it last said and what is remembered of it; undefined: it has not
   *  greeted, or is out of reach and may be anything by now. */
  standingOf(nodeIndex: number): 'SERVING' | 'RECOVERING' | undefined {
    const peer = this.#peers.get(nodeIndex);
    if (peer?.shown === undefined || peer.isDown) return undefined;
    const isWhole = !peer.shown.isRebuilding && this.isTrusted(nodeIndex);
    return isWhole ? 'SERVING' : 'RECOVERING';
  }

  /** Notes what is not noted yet. */
  async flush(): Promise<void> {
    await Promise.all([...this.#peers.values()].map(({ settling }) => settling));
    if (this.#isNoteDue) await this.#noteCommits();
  }

  async #noteCommits(): Promise<void> {
    const entries = [];
    for (const [nodeIndex, peer] of this.#peers) {
      const { remembered, isSettling } = peer;
      // The row of a greeting that is on its way is newer, but for commits seen since.
      if (isSettling) this.#noteSoon();
      else if (remembered !== undefined) {
        entries.push({ name: peerRow(nodeIndex), value: encodePeer(remembered) });
      }
    }
    if (entries.length === 0) return;
    try {
      await this.#rows.noteMeta(entries);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#env.log.warn('peer-commits-not-noted', { message });
    }
  }
}

/** Also one that is whole again, but in another folder: it was lost and rebuilt unseen. */
function isLost(shown: OpenedStore, remembered: Remembered | undefined): boolean {
  if (shown.isRebuilding || findLoss(shown, remembered) !== undefined) return true;
  return remembered !== undefined && shown.storeId !== remembered.storeId;
}

/** The same run has said something else later. */
function isOutdated(shown: OpenedStore, known: OpenedStore): boolean {
  return presentRunOf(shown) === presentRunOf(known) && shown.statement < known.statement;
}
