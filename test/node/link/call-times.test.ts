/** What a call is told of the time that its answer took. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { errorToWire } from '../../../src/wire/error-codec.ts';
import { ACK, Rig } from './outbound-rig.ts';

test('a call is told when its answer came, and for how long the member had it if it tells', async () => {
  const rig = await new Rig().connect();
  const times: [number, number | undefined][] = [];
  const timed = (nowMs: number, farMs?: number): void => void times.push([nowMs, farMs]);
  const calls = [1, 2, 3].map(() => rig.call(1_000, 10, timed));
  await rig.clock.advance(40);
  const [one = 0, two = 0, three = 0] = rig.far.ids;
  const error = errorToWire(new CoterieError('OVERLOADED', 'full'));
  rig.far.send([
    { id: one, result: ACK, tookUs: 15_250 },
    { id: two, result: { $case: 'error', error }, tookUs: 15_250 },
    { id: three, result: ACK },
  ]);
  await rig.clock.settle();
  expect(calls.map(({ count }) => count)).toEqual([1, 1, 1]);
  const nowMs = rig.clock.monotonicMs();
  expect(times).toEqual([
    [nowMs, 15.25],
    [nowMs, undefined],
  ]);
});
