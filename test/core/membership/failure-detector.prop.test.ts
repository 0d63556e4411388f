import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import {
  type DetectorAction,
  FailureDetector,
} from '../../../src/core/membership/failure-detector.ts';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';

const IDS = ['b', 'c', 'd', 'e'];
const id = fc.constantFrom(...IDS);
const step = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(100, 500, 900, 5_000) }),
  fc.record({
    kind: fc.constant('heard' as const),
    id,
    by: fc.constantFrom('direct' as const, 'relayed' as const),
  }),
  fc.record({ kind: fc.constant('refused' as const), id }),
  fc.record({ kind: fc.constant('learn' as const), id, incarnation: fc.nat(4) }),
  fc.record({
    kind: fc.constant('accused' as const),
    state: fc.constantFrom('SUSPECT' as const, 'DOWN' as const),
    id: fc.constantFrom('a', ...IDS),
    by: id,
    incarnation: fc.nat(4),
  }),
  fc.record({
    kind: fc.constant('answer' as const),
    answer: fc.constantFrom('ack', 'nack', 'refused'),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Run {
  readonly events: readonly string[];
  readonly actions: readonly DetectorAction[];
  readonly text: string;
}

/** Checks on the way what must hold after every step. */
function play(steps: readonly Step[]): Run {
  const self = { id: 'a', zone: 'z', generation: 1, incarnation: 0 };
  const random = new RandomStream(1, 'detector');
  const detector = new FailureDetector(DEFAULT_DETECTOR_OPTIONS, self, random, 0);
  const actions: DetectorAction[] = [];
  const events: string[] = [];
  let nowMs = 0;
  let asked: (DetectorAction & { kind: 'ask' }) | undefined;
  const tick = (): void => {
    const wasIgnoring = detector.isIgnoring(nowMs);
    const output = detector.tick(nowMs);
    if (wasIgnoring) {
      expect(output.actions.every(({ kind }) => kind === 'refute')).toBe(true);
      expect(output.events.every(({ kind }) => kind !== 'down')).toBe(true);
    }
    actions.push(...output.actions);
    events.push(...output.events.map((event) => `${event.kind} ${event.id}`));
    asked = output.actions.find((one) => one.kind === 'ask') ?? asked;
  };
  const learn = (about: string, incarnation: number): void => {
    const record = { id: about, zone: about, status: 'UP', generation: 1, incarnation } as const;
    detector.learn(record, nowMs);
  };
  for (const about of IDS) learn(about, 0);
  for (const one of steps) {
    if (one.kind === 'wait') nowMs += one.ms;
    else if (one.kind === 'heard') detector.evidence(one.id, nowMs, one.by);
    else if (one.kind === 'refused') detector.refused(one.id, nowMs);
    else if (one.kind === 'learn') learn(one.id, one.incarnation);
    else if (one.kind === 'answer') {
      for (const by of asked?.asked ?? []) {
        const answer = one.answer as 'ack';
        detector.askedAnswered(asked?.id ?? '', asked?.round ?? 0, by, answer, nowMs);
      }
    } else {
      const { id: about, by, state, incarnation } = one;
      detector.accused({ about, by, state, generation: 1, incarnation }, nowMs);
    }
    if (one.kind === 'wait') tick();
    for (const { phi } of detector.opinions(nowMs)) expect(Number.isFinite(phi)).toBe(true);
    expect(detector.localHealth).toBeLessThanOrEqual(7);
  }
  tick();
  return { events, actions, text: JSON.stringify([detector.opinions(nowMs), actions, events]) };
}

const history = fc.array(step, { maxLength: 80 });

it('says up and down of a member in turn', () => {
  fc.assert(
    fc.property(history, (steps) => {
      const { events } = play(steps);
      for (const about of IDS) {
        const own = events.filter((event) => event === `up ${about}` || event === `down ${about}`);
        for (let at = 1; at < own.length; at += 1) expect(own[at]).not.toBe(own[at - 1]);
      }
    }),
  );
});

it('makes each accusation once, and answers each of itself at a higher standpoint', () => {
  fc.assert(
    fc.property(history, (steps) => {
      const { actions } = play(steps);
      const said = actions.flatMap((one) =>
        one.kind === 'accuse' ? [JSON.stringify(one.accusation)] : [],
      );
      expect(new Set(said).size).toBe(said.length);
      let incarnation = 0;
      for (const one of actions) {
        if (one.kind !== 'refute') continue;
        expect(one.standpoint.incarnation).toBeGreaterThan(incarnation);
        incarnation = one.standpoint.incarnation;
      }
    }),
  );
});

it('comes to the same by the same inputs', () => {
  fc.assert(
    fc.property(history, (steps) => {
      expect(play(steps).text).toBe(play(steps).text);
    }),
    { numRuns: 30 },
  );
});
