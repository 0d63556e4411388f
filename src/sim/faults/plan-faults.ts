/** What breaks in a run, and when? Each run draws a subset of the kinds, how often each comes and
 *  how bad it is: faults that hide each other are apart in some runs and together in others (swarm
 *  testing). The frequencies are those of the test programme, scaled to the length of the run.
 *  Invariants: equal streams and facts give equal steps; the steps are within the atlas and in the
 *  order of time.
 *  Not here: what may happen together (atlas.ts), the model of clocks and of the network (plan.ts).
 *  Source: Groce et al., "Swarm testing", ISSTA 2012; FoundationDB (swizzle-clogging). */
import type { RandomStream } from '../kernel/random-stream.ts';
import type { FaultKind, FaultStep, LinkEnds, UnsyncedFate } from '../scenario.ts';
import { LOST_BATCH_FROM_END_MIN, RETURN_MS, ROLLBACK_AGE_MIN_MS, withinAtlas } from './atlas.ts';

export interface FaultFacts {
  readonly nodes: number;
  readonly replicas: number;
  readonly durationMs: number;
  readonly clients: number;
  /** To choose among. */
  readonly kinds: readonly FaultKind[];
}

/** In which share of the runs the kind is there at all. */
const SHARES: Readonly<Record<FaultKind, number>> = {
  partition: 0.5,
  clog: 0.3,
  loss: 0.3,
  delay: 0.3,
  reset: 0.4,
  replay: 0.3,
  crash: 0.6,
  restart: 0.3,
  'power-loss': 0.1,
  wipe: 0.15,
  rollback: 0.15,
  'lost-batch': 0.1,
  'disk-losses-in-turn': 0.15,
  'bit-rot': 0.15,
  'bad-block': 0.15,
  'read-errors': 0.2,
  'failed-sync': 0.15,
  'disk-full': 0.15,
  'disk-stall': 0.25,
  pause: 0.3,
  'slow-node': 0.2,
  'clock-jump': 0.3,
};

const UNSYNCED: readonly UnsyncedFate[] = ['kept', 'lost', 'part', 'torn'];
/** Of one kind in one run. */
const STEPS_MAX = 200;
/** Between two losses in turn, beyond the quiet that each of them needs. */
const REBUILD_MS_MAX = 20_000;

/** Each of them draws from a stream of its own: a kind that came later changes nothing of what the
 *  others draw. */
const APART: readonly FaultKind[] = ['bad-block'];

/** A kind of which there are few to choose from is there more often, so that `--faults crash` has
 *  crashes in every run. `streamOf`: by what it is for. */
export function planFaults(
  streamOf: (what: string) => RandomStream,
  facts: FaultFacts,
): FaultStep[] {
  const few = facts.kinds.length <= 3;
  const draw = (kinds: readonly FaultKind[], stream: RandomStream): FaultStep[] => {
    const chosen = kinds.filter((kind) => stream.chance(few ? 1 : SHARES[kind]));
    return chosen.flatMap((kind) => DRAWN[kind](new Draw(stream, facts)));
  };
  const together = facts.kinds.filter((kind) => !APART.includes(kind));
  const apart = facts.kinds.filter((kind) => APART.includes(kind));
  const steps = draw(together, streamOf('faults'));
  for (const kind of apart) steps.push(...draw([kind], streamOf(`faults ${kind}`)));
  return withinAtlas(facts, steps);
}

class Draw {
  readonly stream: RandomStream;
  readonly facts: FaultFacts;

  constructor(stream: RandomStream, facts: FaultFacts) {
    this.stream = stream;
    this.facts = facts;
  }

  node(): number {
    return this.stream.below(this.facts.nodes);
  }

  twoNodes(): [number, number] {
    const [one, other] = this.stream.shuffled(this.allNodes());
    return [one ?? 0, other ?? 0];
  }

  allNodes(): number[] {
    return Array.from({ length: this.facts.nodes }, (_, index) => index);
  }

  fate(): UnsyncedFate {
    return this.stream.pick(UNSYNCED);
  }

  /** Whole milliseconds in [from, to), small ones as likely as large ones, and no longer than a
   *  quarter of the run. */
  span(fromMs: number, toMs: number): number {
    let endMs = toMs;
    while (endMs / 4 > fromMs && this.stream.chance(0.5)) endMs /= 4;
    const longestMs = Math.max(fromMs, this.facts.durationMs / 4);
    return Math.floor(Math.min(longestMs, this.stream.between(fromMs, endMs)));
  }

  /** Moments in the run, about one in each `meanMs`, and at least one. */
  moments(meanMs: number): number[] {
    const { durationMs } = this.facts;
    const moments: number[] = [];
    let atMs = this.stream.between(0, Math.min(meanMs, durationMs));
    while (atMs < durationMs && moments.length < STEPS_MAX) {
      moments.push(Math.floor(atMs));
      atMs += 1 + this.stream.exponential(meanMs);
    }
    return moments;
  }

  /** So many moments anywhere in the run. */
  few(most: number): number[] {
    const count = 1 + this.stream.below(most);
    return Array.from({ length: count }, () => this.stream.below(this.facts.durationMs));
  }

  /** Mean time between faults: drawn for each run, whose length bounds it. */
  meanMs(fromMs: number, toMs: number): number {
    return this.stream.between(fromMs, Math.max(fromMs, Math.min(toMs, this.facts.durationMs)));
  }
}

type DrawSteps = (draw: Draw) => FaultStep[];

const DRAWN: Readonly<Record<FaultKind, DrawSteps>> = {
  partition: drawPartitions,
  clog: drawClogs,
  loss: (draw) =>
    draw.moments(draw.meanMs(15_000, 120_000)).map((atMs) => ({
      kind: 'loss',
      atMs,
      forMs: draw.span(1_000, 60_000),
      share: draw.stream.between(0.01, 0.3),
    })),
  delay: (draw) =>
    draw.moments(draw.meanMs(15_000, 120_000)).map((atMs) => ({
      kind: 'delay',
      atMs,
      forMs: draw.span(500, 30_000),
      node: draw.node(),
      byMs: draw.span(5, 2_000),
    })),
  reset: (draw) =>
    draw.moments(draw.meanMs(2_000, 60_000)).map((atMs) => ({
      kind: 'reset',
      atMs,
      between: drawEnds(draw),
      afterDelivery: draw.stream.chance(0.5),
    })),
  replay: (draw) =>
    draw.moments(draw.meanMs(3_000, 60_000)).map((atMs) => ({
      kind: 'replay',
      atMs,
      to: draw.node(),
      connection: draw.stream.below(64),
    })),
  crash: (draw) =>
    draw.moments(draw.meanMs(10_000, 600_000)).map((atMs) => ({
      kind: 'crash',
      atMs,
      node: draw.node(),
      downMs: draw.span(50, 30_000),
      unsynced: draw.fate(),
    })),
  restart: (draw) =>
    draw.moments(draw.meanMs(15_000, 300_000)).map((atMs) => ({
      kind: 'restart',
      atMs,
      node: draw.node(),
      downMs: draw.span(50, 30_000),
    })),
  'power-loss': (draw) =>
    draw.few(2).map((atMs) => ({
      kind: 'power-loss',
      atMs,
      downMs: draw.span(100, 10_000),
      unsynced: draw.fate(),
    })),
  wipe: (draw) =>
    draw
      .few(2)
      .map((atMs) => ({ kind: 'wipe', atMs, node: draw.node(), downMs: draw.span(100, 10_000) })),
  rollback: (draw) =>
    draw.few(2).map((atMs) => ({
      kind: 'rollback',
      atMs,
      node: draw.node(),
      downMs: draw.span(100, 10_000),
      ageMs: Math.max(ROLLBACK_AGE_MIN_MS, draw.span(ROLLBACK_AGE_MIN_MS, 120_000)),
    })),
  'lost-batch': (draw) =>
    draw.few(2).map((atMs) => ({
      kind: 'lost-batch',
      atMs,
      node: draw.node(),
      downMs: draw.span(100, 10_000),
      fromEnd: LOST_BATCH_FROM_END_MIN + draw.stream.below(30),
    })),
  'disk-losses-in-turn': drawLossesInTurn,
  'bit-rot': (draw) => drawSpoilt(draw, 'bit-rot', 5),
  'bad-block': (draw) => drawSpoilt(draw, 'bad-block', 8),
  'read-errors': (draw) =>
    draw.moments(draw.meanMs(15_000, 120_000)).map((atMs) => ({
      kind: 'read-errors',
      atMs,
      forMs: draw.span(500, 20_000),
      node: draw.node(),
      share: draw.stream.chance(0.2) ? 1 : draw.stream.between(0.01, 0.3),
    })),
  'failed-sync': (draw) =>
    draw.few(3).map((atMs) => ({
      kind: 'failed-sync',
      atMs,
      node: draw.node(),
      downMs: draw.span(100, 10_000),
    })),
  'disk-full': (draw) =>
    draw.moments(draw.meanMs(20_000, 120_000)).map((atMs) => ({
      kind: 'disk-full',
      atMs,
      forMs: draw.span(1_000, 30_000),
      node: draw.node(),
      freeShare: draw.stream.pick([0, 0.02, 0.06, 0.1, 0.14]),
    })),
  'disk-stall': (draw) =>
    draw.moments(draw.meanMs(10_000, 120_000)).map((atMs) => ({
      kind: 'disk-stall',
      atMs,
      forMs: draw.span(200, 10_000),
      node: draw.node(),
      byMs: draw.span(1, 5_000),
    })),
  pause: (draw) =>
    draw.moments(draw.meanMs(10_000, 120_000)).map((atMs) => ({
      kind: 'pause',
      atMs,
      forMs: draw.span(100, 60_000),
      node: draw.node(),
    })),
  'slow-node': (draw) =>
    draw.moments(draw.meanMs(15_000, 120_000)).map((atMs) => ({
      kind: 'slow-node',
      atMs,
      forMs: draw.span(1_000, 30_000),
      node: draw.node(),
      perStepUs: draw.stream.pick([50, 200, 1_000]),
    })),
  'clock-jump': (draw) =>
    draw.moments(draw.meanMs(10_000, 120_000)).map((atMs) => ({
      kind: 'clock-jump',
      atMs,
      node: draw.node(),
      byMs: draw.span(1, 3_600_000) * (draw.stream.chance(0.5) ? 1 : -1),
    })),
};

/** Of one node after the other, with time between them for a rebuild. */
function drawLossesInTurn(draw: Draw): FaultStep[] {
  const { stream } = draw;
  let atMs = stream.below(Math.ceil(draw.facts.durationMs / 3));
  return stream.shuffled(draw.allNodes()).map((node) => {
    const downMs = draw.span(100, 5_000);
    const loss = stream.chance(0.7) ? 'wipe' : 'rollback';
    const step: FaultStep = { kind: 'disk-losses-in-turn', atMs, node, downMs, loss };
    atMs += downMs + 2 * RETURN_MS + stream.below(REBUILD_MS_MAX);
    return step;
  });
}

/** What a node has in memory does not rot, so that rot is often followed by a restart. */
function drawSpoilt(draw: Draw, kind: 'bit-rot' | 'bad-block', rowsMax: number): FaultStep[] {
  return draw.few(3).flatMap((atMs): FaultStep[] => {
    const node = draw.node();
    const spoilt: FaultStep = { kind, atMs, node, rows: 1 + draw.stream.below(rowsMax) };
    const restartMs = atMs + draw.span(50, 5_000);
    const downMs = draw.span(50, 2_000);
    const isRestarted = draw.stream.chance(0.7) && draw.facts.kinds.includes('restart');
    return isRestarted ? [spoilt, { kind: 'restart', atMs: restartMs, node, downMs }] : [spoilt];
  });
}

/** A short one may flap; others stay for a second at least. */
function drawPartitions(draw: Draw): FaultStep[] {
  const { stream } = draw;
  const isFlapping = stream.chance(0.2);
  const meanMs = isFlapping ? 2_000 : draw.meanMs(10_000, 120_000);
  return draw.moments(meanMs).map((atMs) => ({
    kind: 'partition',
    atMs,
    forMs: isFlapping ? draw.span(50, 2_000) : draw.span(1_000, 60_000),
    groups: drawGroups(draw),
    isOneWay: stream.chance(0.3),
  }));
}

/** One node against the rest, two halves, two groups with a bridge between them that both hear, or
 *  one pair; sometimes clients are on a side. */
function drawGroups(draw: Draw): [number[], number[]] {
  const { stream, facts } = draw;
  const nodes = stream.shuffled(draw.allNodes());
  const shape = stream.below(4);
  const half = Math.max(1, Math.floor(nodes.length / 2));
  const firstEnd = shape === 0 || shape === 3 ? 1 : half;
  const otherFrom = shape === 2 && nodes.length > 2 ? firstEnd + 1 : firstEnd;
  const first = nodes.slice(0, firstEnd);
  const other = shape === 3 ? nodes.slice(1, 2) : nodes.slice(otherFrom);
  if (!stream.chance(0.3)) return [first, other];
  for (let client = 0; client < facts.clients; client += 1) {
    const side = stream.below(3);
    if (side < 2) (side === 0 ? first : other).push(facts.nodes + client);
  }
  return [first, other];
}

/** The links of some nodes, one after the other, and free again in another order. */
function drawClogs(draw: Draw): FaultStep[] {
  const { stream } = draw;
  return draw.moments(draw.meanMs(15_000, 120_000)).flatMap((atMs) => {
    const count = 1 + stream.below(draw.facts.nodes);
    const chosen = stream.shuffled(draw.allNodes()).slice(0, count);
    return chosen.map((node, index): FaultStep => {
      const delayMs = index * stream.below(1_000);
      return {
        kind: 'clog',
        atMs: atMs + delayMs,
        forMs: draw.span(100, 5_000),
        links: linksOf(node, draw),
      };
    });
  });
}

function linksOf(node: number, draw: Draw): LinkEnds[] {
  const links: LinkEnds[] = [];
  for (const other of draw.allNodes()) {
    if (other === node) continue;
    if (draw.stream.chance(0.8)) links.push({ from: node, to: other });
    if (draw.stream.chance(0.8)) links.push({ from: other, to: node });
  }
  return links;
}

/** Two nodes, or a client and a node. */
function drawEnds(draw: Draw): [number, number] {
  const { stream, facts } = draw;
  if (facts.clients === 0 || stream.chance(0.5)) return draw.twoNodes();
  return [facts.nodes + stream.below(facts.clients), draw.node()];
}
