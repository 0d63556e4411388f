import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NetworkWorld } from './network-world.ts';

/** What happens to one stream, in order. */
type Step =
  | { readonly kind: 'send'; readonly isOut: boolean; readonly count: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'partition'; readonly isOneWay: boolean; readonly isOut: boolean }
  | { readonly kind: 'clog'; readonly isOut: boolean }
  | { readonly kind: 'lose'; readonly share: number }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'heal' }
  | { readonly kind: 'hold'; readonly isOut: boolean }
  | { readonly kind: 'stop-process'; readonly forMs: number };

const isOut = fc.boolean();
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send'), isOut, count: fc.nat(20) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.nat(3_000) }) },
  fc.record({ kind: fc.constant('partition'), isOneWay: fc.boolean(), isOut }),
  fc.record({ kind: fc.constant('clog'), isOut }),
  fc.record({ kind: fc.constant('lose'), share: fc.constantFrom(0.1, 0.5) }),
  fc.record({ kind: fc.constant('delay'), ms: fc.nat(500) }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('heal') }) },
  fc.record({ kind: fc.constant('hold'), isOut }),
  fc.record({ kind: fc.constant('stop-process'), forMs: fc.nat(5_000) }),
) as fc.Arbitrary<Step>;
const steps = fc.array(step, { maxLength: 40 });

test('while a stream is open frames arrive once, in order; healed, all or a break', () => {
  fc.assert(
    fc.property(fc.nat(1_000), steps, (seed, plan) => {
      const { end, other, sent } = carryOut(seed, plan);
      for (const [numbers, sentCount] of [
        [other.numbers, sent.out],
        [end.numbers, sent.back],
      ] as const) {
        expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index));
        const isWhole = numbers.length === sentCount;
        if (!isWhole) expect(end.kinds).toEqual(['broken']);
      }
      // A break is never one side's secret.
      expect(end.kinds).toEqual(other.kinds);
      if (end.ends.length > 0) return;
      expect([end.stream.bufferedBytes, other.stream.bufferedBytes]).toEqual([0, 0]);
    }),
    { numRuns: 150 },
  );
});

test('closed at any time both sides end once, and who says ended was given everything', () => {
  fc.assert(
    fc.property(fc.nat(1_000), steps, steps, fc.boolean(), (seed, before, after, isNear) => {
      const { end, other, sent } = carryOut(seed, before, { closes: isNear, after });
      expect([end.ends.length, other.ends.length]).toEqual([1, 1]);
      const [closer, closed] = isNear ? [end, other] : [other, end];
      const sentCount = isNear ? sent.out : sent.back;
      if (closer.kinds[0] === 'ended') expect(closed.kinds).toEqual(['ended']);
      if (closed.kinds[0] === 'ended') expect(closed.numbers.length).toBe(sentCount);
    }),
    { numRuns: 100 },
  );
});

test('the same seed and steps give the same trace', () => {
  fc.assert(
    fc.property(fc.nat(1_000), steps, (seed, plan) => {
      expect(carryOut(seed, plan).trace).toBe(carryOut(seed, plan).trace);
    }),
    { numRuns: 40 },
  );
});

/** `closes`: the end that dialled closes after the plan, or the other does. What is sent `after`
 *  that comes from the other side. */
function carryOut(
  seed: number,
  plan: readonly Step[],
  closing?: { readonly closes: boolean; readonly after: readonly Step[] },
) {
  const model = { delayMinMs: 0.1, delayMeanMs: 30, tailShare: 0.05, tailFactor: 20 };
  const world = new NetworkWorld({ model, windowBytes: 64 }, seed);
  const { far, end, other } = world.joined();
  const faults: (() => void)[] = [];
  const sent = { out: 0, back: 0 };
  const heal = (): void => {
    for (const cease of faults.splice(0)) cease();
    end.stream.resume();
    other.stream.resume();
  };
  const { network } = world;
  const carry = (step: Step): void => {
    const [from, to] = 'isOut' in step && !step.isOut ? ['b', 'a'] : ['a', 'b'];
    if (step.kind === 'pass') world.pass(step.ms);
    if (step.kind === 'partition') faults.push(network.partition([from], [to], step.isOneWay));
    if (step.kind === 'clog') faults.push(network.clog([{ from, to }]));
    if (step.kind === 'lose') faults.push(network.lose(step.share));
    if (step.kind === 'delay') faults.push(network.delay('b', step.ms));
    if (step.kind === 'hold') (step.isOut ? end : other).stream.pause();
    if (step.kind === 'heal') heal();
    if (step.kind === 'stop-process') {
      far.clock.pause();
      world.pass(step.forMs);
      far.clock.resume();
    }
    if (step.kind !== 'send') return;
    const sender = step.isOut ? end : other;
    for (let index = 0; index < step.count; index += 1) {
      sender.send(step.isOut ? sent.out : sent.back);
      if (step.isOut) sent.out += 1;
      else sent.back += 1;
    }
  };
  for (const step of plan) carry(step);
  if (closing !== undefined) {
    const [closer, closed] = closing.closes ? [end, other] : [other, end];
    closer.stream.close();
    for (const step of closing.after) {
      if (step.kind !== 'send') carry(step);
      else closed.send(0);
    }
  }
  heal();
  world.pass(200_000);
  return { end, other, sent, trace: world.kernel.trace.digest() };
}
