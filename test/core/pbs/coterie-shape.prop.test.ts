import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CoterieCluster, CoterieShape } from '../../../src/core/pbs/coterie-shape.ts';
import { type LegDraws, TrialOutcome } from '../../../src/core/pbs/trial.ts';
import { SeededRandom } from '../../../src/core/seeded-random.ts';
import { anyLegDraws, legDraws } from './leg-draws.ts';

const cluster: fc.Arbitrary<CoterieCluster> = fc
  .record({
    replicas: fc.integer({ min: 1, max: 5 }),
    others: fc.nat(4),
    remoteMs: fc.nat(10),
    readsAll: fc.boolean(),
    storesInWrite: fc.boolean(),
  })
  .map(({ others, ...rest }) => ({ ...rest, nodes: rest.replicas + others }));
const played = cluster.chain((options) =>
  fc.tuple(fc.constant(options), anyLegDraws(options.replicas)),
);

function play(options: CoterieCluster, draws: LegDraws): TrialOutcome {
  const outcome = new TrialOutcome(options.replicas);
  new CoterieShape(options).play(draws, 0, outcome);
  return outcome;
}

/** Every event with its time, for a reader and an order of asking that are given. */
function dumb(options: CoterieCluster, draws: LegDraws, reader: number, order: readonly number[]) {
  const { remoteMs, storesInWrite, readsAll } = options;
  const minted = storesInWrite ? draws.write[0]! : draws.mint[0]!;
  const copies = order.map((replica) => {
    const way = replica === 0 ? 0 : draws.write[replica]! + remoteMs;
    const visible = replica === 0 ? minted : minted + way + draws.commit[replica]!;
    const there = replica === reader ? 0 : draws.read[replica]! + remoteMs;
    const back = replica === reader ? 0 : draws.response[replica]! + remoteMs;
    return {
      ack: replica === 0 ? minted : visible + draws.ack[replica]! + remoteMs,
      reply: there + (replica === reader ? draws.ownLookup : draws.lookup)[replica]! + back,
      freshFrom: visible - there,
    };
  });
  const counted = readsAll ? [...copies].sort((a, b) => a.reply - b.reply) : copies;
  return {
    ackMs: copies.map(({ ack }) => ack).sort((a, b) => a - b),
    replyMs: counted.map((_, i) => Math.max(...counted.slice(0, i + 1).map((c) => c.reply))),
    freshFromMs: counted.map((_, i) =>
      Math.min(...counted.slice(0, i + 1).map((c) => c.freshFrom)),
    ),
  };
}

/** Draws one at a time from what is left. */
function dumbOrder(options: CoterieCluster, draws: LegDraws, reader: number): number[] {
  const left = Array.from({ length: options.replicas }, (_, replica) => replica);
  const order: number[] = [];
  const take = (at: number): void => {
    order.push(left[at]!);
    // What is taken is replaced by the first, which keeps the others where they are.
    left[at] = left[0]!;
    left.shift();
  };
  if (reader < options.replicas) take(reader);
  while (left.length > 1) take(Math.floor(draws.chance[1 + order.length]! * left.length));
  return [...order, ...left];
}

it('does what following every message does', () => {
  fc.assert(
    fc.property(played, ([options, draws]) => {
      const reader = Math.floor(draws.chance[0]! * options.nodes);
      const expected = dumb(options, draws, reader, dumbOrder(options, draws, reader));
      const { ackMs, replyMs, freshFromMs } = play(options, draws);
      expect([...ackMs]).toEqual(expected.ackMs);
      expect([...replyMs]).toEqual(expected.replyMs);
      expect([...freshFromMs]).toEqual(expected.freshFromMs);
    }),
  );
});

it('shows the write to every read after it where R + W > N', () => {
  fc.assert(
    fc.property(played, ([options, draws]) => {
      const { freshFromMs, ackMs } = play(options, draws);
      for (let r = 1; r <= options.replicas; r += 1) {
        const w = options.replicas + 1 - r;
        expect(freshFromMs[r - 1]).toBeLessThanOrEqual(ackMs[w - 1]!);
      }
    }),
  );
});

it('asks the replicas of a reader without a copy in every order, each as often', () => {
  const replicas = 3;
  const trials = 24_000;
  const chance = new Float64Array(trials * (replicas + 1));
  new SeededRandom(5, 'order').fill(chance);
  const shape = new CoterieShape({
    replicas,
    nodes: 4,
    remoteMs: 0,
    readsAll: false,
    storesInWrite: false,
  });
  const read = Array.from({ length: trials * replicas }, (_, at) => 1 + (at % replicas));
  const draws = { ...legDraws(replicas, { read }), chance };
  const outcome = new TrialOutcome(replicas);
  const counts = new Map<string, number>();
  for (let trial = 0; trial < trials; trial += 1) {
    if (Math.floor(chance[trial * (replicas + 1)]! * 4) !== 3) continue;
    shape.play(draws, trial, outcome);
    const seen = [...outcome.replyMs].join();
    counts.set(seen, (counts.get(seen) ?? 0) + 1);
  }
  // Replies take 1, 2 and 3: what one sees is how the maximum rises. 6,000 orders in all.
  const shares = Object.fromEntries([...counts].map(([seen, count]) => [seen, count / 1_000]));
  expect(Object.keys(shares).sort()).toEqual(['1,2,3', '1,3,3', '2,2,3', '2,3,3', '3,3,3']);
  for (const [seen, orders] of Object.entries({ '1,2,3': 1, '1,3,3': 1, '3,3,3': 2 })) {
    expect(Math.abs(shares[seen]! - orders)).toBeLessThan(0.15);
  }
});
