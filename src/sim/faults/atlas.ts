/** How far may faults go, so that whatever is lost then is the fault of the product? The product
 *  promises to survive much, not everything; beyond its promises a violation says nothing.
 *
 *  The rules, each with the promise it comes from:
 *  1. At most floor((replicas - 1) / 2) disks lose synced data at any times of a run: an
 *     acknowledged write survives the loss of W - 1 disks, and nobody knows beforehand whether one
 *     is rebuilt before the next is lost. Losses in turn wait for that: they may strike every disk,
 *     one after the other, if one may be lost at all and no other kind of loss comes after them.
 *  2. Such a loss has witnesses: from 5 s before it until 5 s after the node was started again no
 *     other fault touches the cluster, but resets, jumps of clocks and rot. A node that comes back
 *     below what it was is found out by peers that knew its last state, as long as one of them can
 *     be reached; the time before gives them one frame from it, the time after a handshake.
 *     (Rot and bad blocks are found out by checksums and need no witness. Who sets files aside
 *     comes back with nothing, at a time that nobody can plan: every peer knows the store that it
 *     had, and none of them has lost anything, by rule 9.)
 *  3. A batch that is lost is not the last one, a rollback goes back by 5 s or more: the end of a
 *     log leaves no gap, and what no peer has heard of yet cannot be missed.
 *  4. At most a minority of nodes is down or paused at once, power losses apart: with fewer, hardly
 *     anything is ever acknowledged and a run proves nothing. Networks may part as they like.
 *  5. At most floor((replicas - 1) / 2) disks, one at least, are failing, full or stalled at once.
 *  6. A node that is down is not brought down again before it was started.
 *  7. The jumps of one clock add up to 6 hours at most in each direction: a context from a clock
 *     more than 24 hours ahead is refused, rightly.
 *  8. A fault begins within the run.
 *  9. Where a block goes bad, no other disk loses synced data but in turn.
 *
 *  Invariant: every rule is an upper bound, so leaving out steps never breaks one.
 *  Not here: drawing steps (plan-faults.ts).
 *  Source: TigerBeetle's fault atlas; docs/simulation.md. */
import type { FaultStep } from '../scenario.ts';
import { FAULTS } from './catalogue.ts';

export interface AtlasFacts {
  readonly nodes: number;
  readonly replicas: number;
  readonly durationMs: number;
}

/** From the start of a process until it has opened its disk and heard its peers, with room. */
export const RETURN_MS = 5_000;
const WITNESS_BEFORE_MS = 5_000;
export const ROLLBACK_AGE_MIN_MS = 5_000;
export const LOST_BATCH_FROM_END_MIN = 1;
const IN_TURN = 'disk-losses-in-turn';
/** With less than this a disk takes no batch, and its node is down. */
const FREE_SHARE_MIN = 0.01;
export const CLOCK_JUMPS_SUM_MAX_MS: number = 6 * 3_600_000;

interface Interval {
  readonly fromMs: number;
  readonly untilMs: number;
}

interface Outage extends Interval {
  /** undefined: every node. */
  readonly node: number | undefined;
}

export class FaultAtlas {
  readonly #facts: AtlasFacts;
  readonly #steps: FaultStep[] = [];

  constructor(facts: AtlasFacts) {
    this.#facts = facts;
  }

  /** Steps that were taken, in the order of taking. */
  get steps(): readonly FaultStep[] {
    return this.#steps;
  }

  /** Takes the step when it breaks no rule; says which one it would break otherwise. */
  take(step: FaultStep): string | undefined {
    const refusal = this.refusal(step);
    if (refusal === undefined) this.#steps.push(step);
    return refusal;
  }

  /** Which rule the step would break beside those taken already; undefined when none. */
  refusal(step: FaultStep): string | undefined {
    return (
      this.#timeRefusal(step) ??
      this.#lossRefusal(step) ??
      this.#witnessRefusal(step) ??
      this.#outageRefusal(step) ??
      this.#diskRefusal(step) ??
      this.#clockRefusal(step)
    );
  }

  get #lossesMax(): number {
    return Math.floor((this.#facts.replicas - 1) / 2);
  }

  #timeRefusal(step: FaultStep): string | undefined {
    const isWithin = step.atMs >= 0 && step.atMs < this.#facts.durationMs;
    return isWithin ? undefined : 'it begins outside the run';
  }

  #lossRefusal(step: FaultStep): string | undefined {
    if (!FAULTS[step.kind].losesSynced || !('node' in step)) return undefined;
    if (step.kind === 'rollback' && step.ageMs < ROLLBACK_AGE_MIN_MS) {
      return `a rollback goes back by ${ROLLBACK_AGE_MIN_MS} ms or more`;
    }
    if (step.kind === 'lost-batch' && step.fromEnd < LOST_BATCH_FROM_END_MIN) {
      return 'the end of a log that is lost leaves no gap';
    }
    const lossy = new Set([step.node]);
    for (const other of this.#steps) {
      if (!FAULTS[other.kind].losesSynced || !('node' in other)) continue;
      if (comesAfterTurn(step, other) || comesAfterTurn(other, step)) {
        return `the ${other.kind} at ${other.atMs} ms and it would not be in turn`;
      }
      if (other.kind !== IN_TURN) lossy.add(other.node);
      if (areBesideBadBlock(step, other)) {
        return `the ${other.kind} at ${other.atMs} ms strikes another disk, and a block goes bad`;
      }
    }
    if (lossy.size <= this.#lossesMax) return undefined;
    if (step.kind === IN_TURN && this.#lossesMax > 0) return undefined;
    return `${this.#lossesMax} disks may lose synced data, this would be number ${lossy.size}`;
  }

  #witnessRefusal(step: FaultStep): string | undefined {
    for (const other of this.#steps) {
      if (!needsQuiet(step, other) && !needsQuiet(other, step)) continue;
      return `the ${other.kind} at ${other.atMs} ms and it would leave a loss without witnesses`;
    }
    return undefined;
  }

  #outageRefusal(step: FaultStep): string | undefined {
    const outage = outageOf(step);
    if (outage === undefined) return undefined;
    const overlapping = this.#steps
      .map(outageOf)
      .filter((other) => other !== undefined)
      .filter((other) => overlaps(outage, other));
    const isSame = overlapping.some(
      ({ node }) => node === undefined || outage.node === undefined || node === outage.node,
    );
    if (isSame) return 'a node would go down that is down already';
    const minority = Math.floor((this.#facts.nodes - 1) / 2);
    if (outage.node === undefined || mostAtOnce(outage, overlapping) <= minority) return undefined;
    return `at most ${minority} of ${this.#facts.nodes} nodes are down at once`;
  }

  #diskRefusal(step: FaultStep): string | undefined {
    const trouble = diskTroubleOf(step);
    if (trouble === undefined) return undefined;
    const others = this.#steps
      .map(diskTroubleOf)
      .filter((other) => other !== undefined)
      .filter((other) => other.node !== trouble.node);
    const most = Math.max(1, this.#lossesMax);
    return mostAtOnce(trouble, others) <= most ? undefined : `at most ${most} disks fail at once`;
  }

  #clockRefusal(step: FaultStep): string | undefined {
    if (step.kind !== 'clock-jump') return undefined;
    let forwardMs = Math.max(0, step.byMs);
    let backMs = Math.max(0, -step.byMs);
    for (const other of this.#steps) {
      if (other.kind !== 'clock-jump' || other.node !== step.node) continue;
      forwardMs += Math.max(0, other.byMs);
      backMs += Math.max(0, -other.byMs);
    }
    const largest = Math.max(forwardMs, backMs);
    if (largest <= CLOCK_JUMPS_SUM_MAX_MS) return undefined;
    return `the jumps of one clock add up to ${CLOCK_JUMPS_SUM_MAX_MS} ms at most`;
  }
}

/** The steps that break no rule, in the order of time. Losses of disks are taken first, because
 *  they need quiet around them; then whoever comes first. */
export function withinAtlas(facts: AtlasFacts, steps: readonly FaultStep[]): FaultStep[] {
  const atlas = new FaultAtlas(facts);
  const inOrder = inOrderOfTime(steps);
  const rank = (step: FaultStep): boolean => FAULTS[step.kind].losesSynced;
  for (const step of inOrder.filter(rank)) atlas.take(step);
  for (const step of inOrder.filter((other) => !rank(other))) atlas.take(step);
  return inOrderOfTime(atlas.steps);
}

/** Steps that go beyond what is promised, each with the rule: empty for a fair scenario. */
export function atlasBreaches(facts: AtlasFacts, steps: readonly FaultStep[]): string[] {
  const atlas = new FaultAtlas(facts);
  const breaches: string[] = [];
  for (const step of inOrderOfTime(steps)) {
    const refusal = atlas.take(step);
    if (refusal !== undefined) breaches.push(`${step.kind} at ${step.atMs} ms: ${refusal}`);
  }
  return breaches;
}

/** Stable: steps of the same time keep their order. */
export function inOrderOfTime(steps: readonly FaultStep[]): FaultStep[] {
  return [...steps].sort((one, other) => one.atMs - other.atMs);
}

/** Until when the step itself has an effect. */
export function endOf(step: FaultStep): number {
  if ('forMs' in step) return step.atMs + step.forMs;
  if ('downMs' in step) return step.atMs + step.downMs + RETURN_MS;
  return step.atMs;
}

/** Whether the other one takes a disk, of another node, without asking who has just lost one. */
function comesAfterTurn(
  inTurn: FaultStep & { readonly node: number },
  other: FaultStep & { readonly node: number },
): boolean {
  if (inTurn.kind !== IN_TURN || other.kind === IN_TURN) return false;
  return other.node !== inTurn.node && other.atMs >= inTurn.atMs;
}

function areBesideBadBlock(
  step: FaultStep & { readonly node: number },
  other: FaultStep & { readonly node: number },
): boolean {
  const kinds: readonly FaultStep['kind'][] = [step.kind, other.kind];
  return kinds.includes('bad-block') && !kinds.includes(IN_TURN) && step.node !== other.node;
}

function needsQuiet(loss: FaultStep, other: FaultStep): boolean {
  if (!FAULTS[loss.kind].losesSynced || isOfRows(loss)) return false;
  if (other.kind === 'reset' || other.kind === 'clock-jump' || isOfRows(other)) return false;
  const quiet = { fromMs: loss.atMs - WITNESS_BEFORE_MS, untilMs: endOf(loss) };
  return overlaps(quiet, { fromMs: other.atMs, untilMs: endOf(other) });
}

function isOfRows({ kind }: FaultStep): boolean {
  return kind === 'bit-rot' || kind === 'bad-block';
}

function outageOf(step: FaultStep): Outage | undefined {
  switch (step.kind) {
    case 'power-loss':
      return { node: undefined, fromMs: step.atMs, untilMs: endOf(step) };
    case 'disk-full':
      if (step.freeShare >= FREE_SHARE_MIN) return undefined;
      return { node: step.node, fromMs: step.atMs, untilMs: endOf(step) + RETURN_MS };
    case 'crash':
    case 'restart':
    case 'wipe':
    case 'rollback':
    case 'lost-batch':
    case IN_TURN:
    case 'failed-sync':
    case 'pause':
      return { node: step.node, fromMs: step.atMs, untilMs: endOf(step) };
    default:
      return undefined;
  }
}

function diskTroubleOf(step: FaultStep): Outage | undefined {
  switch (step.kind) {
    case 'read-errors':
    case 'disk-full':
    case 'disk-stall':
    case 'failed-sync':
      return { node: step.node, fromMs: step.atMs, untilMs: endOf(step) };
    default:
      return undefined;
  }
}

/** Most of them, this one included, that are there at some time of this one. */
function mostAtOnce(one: Outage, others: readonly Outage[]): number {
  const moments = [one, ...others].map(({ fromMs }) => fromMs).filter((atMs) => isIn(one, atMs));
  const nodesAt = (atMs: number): number =>
    new Set([one, ...others].filter((other) => isIn(other, atMs)).map(({ node }) => node)).size;
  return Math.max(...moments.map(nodesAt));
}

function isIn({ fromMs, untilMs }: Interval, atMs: number): boolean {
  return fromMs <= atMs && atMs <= untilMs;
}

function overlaps(one: Interval, other: Interval): boolean {
  return one.fromMs <= other.untilMs && other.fromMs <= one.untilMs;
}
