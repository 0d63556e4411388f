import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type LegDraws, TrialOutcome } from '../../../src/core/pbs/trial.ts';
import { playWars } from '../../../src/core/pbs/wars-shape.ts';
import { anyLegDraws } from './leg-draws.ts';

const cluster = fc.record({ replicas: fc.integer({ min: 1, max: 5 }), remoteMs: fc.nat(10) });
const played = cluster.chain((options) =>
  fc.tuple(fc.constant(options), anyLegDraws(options.replicas)),
);

/** The paper's algorithm, for one R, W and t. */
function dumb(draws: LegDraws, n: number, remoteMs: number, r: number, w: number, t: number) {
  const besideWriter = Math.floor(draws.chance[0]! * n);
  const besideReader = Math.floor(draws.chance[1]! * n);
  const replicas = Array.from({ length: n }, (_, i) => {
    const writeWay = i === besideWriter ? 0 : remoteMs;
    const readWay = i === besideReader ? 0 : remoteMs;
    const visible = draws.write[i]! + writeWay + draws.commit[i]!;
    const arrival = draws.read[i]! + readWay;
    return {
      visible,
      arrival,
      ack: visible + draws.ack[i]! + writeWay,
      reply: arrival + draws.lookup[i]! + draws.response[i]! + readWay,
    };
  });
  const committed = replicas.map(({ ack }) => ack).sort((a, b) => a - b)[w - 1]!;
  const first = [...replicas].sort((a, b) => a.reply - b.reply).slice(0, r);
  return {
    committed,
    replied: first.at(-1)!.reply,
    isFresh: first.some(({ arrival, visible }) => committed + t + arrival >= visible),
  };
}

it('does what the algorithm of the paper does', () => {
  fc.assert(
    fc.property(played, fc.nat(30), ([{ replicas: n, remoteMs }, draws], t) => {
      const outcome = new TrialOutcome(n);
      playWars({ replicas: n, remoteMs }, draws, 0, outcome);
      for (let r = 1; r <= n; r += 1) {
        for (let w = 1; w <= n; w += 1) {
          const { committed, replied, isFresh } = dumb(draws, n, remoteMs, r, w, t);
          expect(outcome.ackMs[w - 1]).toBe(committed);
          expect(outcome.replyMs[r - 1]).toBe(replied);
          expect(committed + t >= outcome.freshFromMs[r - 1]!).toBe(isFresh);
        }
      }
    }),
  );
});

it('shows the write to every read after it where R + W > N', () => {
  fc.assert(
    fc.property(played, ([{ replicas: n, remoteMs }, draws]) => {
      const outcome = new TrialOutcome(n);
      playWars({ replicas: n, remoteMs }, draws, 0, outcome);
      for (let r = 1; r <= n; r += 1) {
        const w = n + 1 - r;
        expect(outcome.freshFromMs[r - 1]).toBeLessThanOrEqual(outcome.ackMs[w - 1]!);
      }
    }),
  );
});
