import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import {
  type AskedAnswer,
  chooseAsked,
  ProbeRound,
} from '../../../src/core/membership/probe-plan.ts';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';

const zones = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 });

it('asks distinct members, as many as can be, and one of the own zone only after all others', () => {
  fc.assert(
    fc.property(zones, fc.integer({ min: 1, max: 6 }), fc.nat(1_000), (all, count, seed) => {
      const candidates = all.map((zone, index) => ({ id: `${index}`, zone }));
      const random = new RandomStream(seed, 'probe');
      const asked = chooseAsked({ candidates, ownZone: 'a', count, random });
      expect(new Set(asked).size).toBe(asked.length);
      expect(asked.length).toBe(Math.min(count, all.length));
      const far = all.filter((zone) => zone !== 'a').length;
      const askedFar = asked.filter((id) => all[Number(id)] !== 'a').length;
      expect(askedFar).toBe(Math.min(count, far));
    }),
  );
});

it('asks everyone of a zone in the long run', () => {
  const candidates = Array.from({ length: 20 }, (_, index) => ({ id: `${index}`, zone: 'b' }));
  const random = new RandomStream(1, 'probe');
  const seen = new Set<string>();
  for (let round = 0; round < 100; round += 1) {
    for (const id of chooseAsked({ candidates, ownZone: 'a', count: 3, random })) seen.add(id);
  }
  expect(seen.size).toBe(20);
});

it('counts everyone who was asked once, and always ends', () => {
  const answers = fc.array(
    fc.tuple(fc.nat(7), fc.constantFrom<AskedAnswer>('ack', 'nack', 'refused')),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(fc.nat(6), answers, (count, given) => {
      const round = new ProbeRound(DEFAULT_DETECTOR_OPTIONS.probe, {
        number: 1,
        startMs: 0,
        localHealth: 0,
      });
      round.ask(
        Array.from({ length: count }, (_, index) => `${index}`),
        0,
      );
      const first = new Map<number, AskedAnswer>();
      for (const [by, answer] of given) {
        expect(round.answer(`${by}`, answer)).toBe(by < count && !first.has(by));
        if (by < count && !first.has(by)) first.set(by, answer);
      }
      const tally = [...first.values()];
      expect(round.result(1_000, false)).toEqual({
        askedCount: count,
        ackCount: tally.filter((answer) => answer === 'ack').length,
        nackCount: tally.filter((answer) => answer === 'nack').length,
        refusedCount: tally.filter((answer) => answer === 'refused').length,
        silentCount: count - tally.length,
      });
    }),
  );
});
