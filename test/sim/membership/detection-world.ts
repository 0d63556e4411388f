/** Nodes with failure detectors on a virtual clock of 50 ms steps, and a network that loses. */
import {
  DEFAULT_DETECTOR_OPTIONS,
  type DetectorOptions,
} from '../../../src/core/membership/detector-options.ts';
import type { DetectorEvent } from '../../../src/core/membership/failure-detector.ts';
import type { MemberState } from '../../../src/core/membership/member-watch.ts';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';
import { DetectionNode, type Message, type Surroundings } from './detection-node.ts';

const STEP_MS = 50;
/** Of these nodes, so that 100 of them cost little. */
const BEAT_MS = 500;

interface Letter {
  readonly from: number;
  readonly to: number;
  readonly message: Message;
}

export interface WorldOptions {
  readonly count: number;
  readonly seed: number;
  /** Share of the messages that is lost. */
  readonly loss?: number;
  /** False = nodes do not notice their own pauses. */
  readonly isPauseNoticed?: boolean;
}

export class DetectionWorld implements Surroundings {
  readonly nodes: readonly DetectionNode[];
  readonly options: DetectorOptions;
  readonly random: RandomStream;
  readonly ids: readonly string[];
  readonly zoneCount = 3;
  nowMs = 0;
  /** False = nothing gets from the first to the second. */
  canReach: (from: number, to: number) => boolean = () => true;
  readonly #loss: number;
  /** By the step in which they arrive. */
  readonly #mail = new Map<number, Letter[]>();

  constructor({ count, seed, loss = 0, isPauseNoticed = true }: WorldOptions) {
    const { localPause } = DEFAULT_DETECTOR_OPTIONS;
    const lateMsMax = isPauseNoticed ? localPause.lateMsMax : Number.MAX_SAFE_INTEGER;
    const ownPause = { ...localPause, beatMs: BEAT_MS, lateMsMax };
    this.options = { ...DEFAULT_DETECTOR_OPTIONS, localPause: ownPause };
    this.random = new RandomStream(seed, 'detection');
    this.#loss = loss;
    this.ids = Array.from({ length: count }, (_, index) => index.toString(16).padStart(32, '0'));
    this.nodes = this.ids.map((_, index) => new DetectionNode(index, this));
  }

  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    while (this.nowMs < endMs) {
      this.nowMs += STEP_MS;
      this.#deliver();
      for (const node of this.nodes) node.act();
    }
  }

  /** Runs until it holds; returns the time that took, infinity beyond the limit. */
  runUntil(holds: () => boolean, limitMs: number): number {
    const startMs = this.nowMs;
    while (!holds()) {
      if (this.nowMs - startMs >= limitMs) return Number.POSITIVE_INFINITY;
      this.run(STEP_MS);
    }
    return this.nowMs - startMs;
  }

  node(index: number): DetectionNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  /** The process dies; links of the others break within a second, and reconnects are refused. */
  kill(index: number): void {
    const node = this.node(index);
    node.condition = 'killed';
    node.inbox.length = 0;
    for (const other of this.nodes) {
      if (other.index === index) continue;
      const message = { kind: 'refusal', round: 0, origin: other.index } as const;
      this.#post({ from: index, to: other.index, message }, this.random.between(0, 1_000));
    }
  }

  /** What the running nodes but `about` itself think of it. */
  statesOf(about: number): readonly (MemberState | undefined)[] {
    return this.nodes
      .filter(({ index, condition }) => index !== about && condition === 'running')
      .map((node) => node.stateOf(about));
  }

  isWhole(): boolean {
    return this.nodes.every(({ index }) => this.statesOf(index).every((s) => s === 'ALIVE'));
  }

  /** Every event of a kind, as [observer, about]. */
  events(kind: DetectorEvent['kind']): readonly (readonly [number, number])[] {
    return this.nodes.flatMap((node) =>
      node.events
        .filter((event) => event.kind === kind)
        .map((event) => [node.index, this.ids.indexOf(event.id)] as const),
    );
  }

  send(from: number, to: number, message: Message): void {
    if (this.random.chance(this.#loss) || !this.canReach(from, to)) return;
    if (this.node(from).condition === 'silent' || this.node(to).condition === 'silent') return;
    this.#post({ from, to, message }, this.random.between(1, 100));
  }

  #post(letter: Letter, delayMs: number): void {
    const step = Math.max(Math.ceil((this.nowMs + delayMs) / STEP_MS), this.nowMs / STEP_MS + 1);
    const letters = this.#mail.get(step);
    if (letters === undefined) this.#mail.set(step, [letter]);
    else letters.push(letter);
  }

  #deliver(): void {
    const step = this.nowMs / STEP_MS;
    const letters = this.#mail.get(step) ?? [];
    this.#mail.delete(step);
    for (const { from, to, message } of letters) {
      const { condition, inbox } = this.node(to);
      if (condition === 'running' || condition === 'stopped') inbox.push({ from, message });
      if (condition !== 'killed' || message.kind !== 'ping') continue;
      const { round, origin } = message;
      this.send(to, from, { kind: 'refusal', round, origin });
    }
  }
}
