/** What a call is told of the time that its answer took. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { errorToWire } from '../../../src/wire/error-codec.ts';
import { ACK, Rig } from './outbound-rig.ts';

test('a call is told how long its answer took, and for how much of that the member had it', async () => {
  const rig = await new Rig().connect();
  const times: [number, number][] = [];
  const timed = (tookMs: number, farMs: number): void => void times.push([tookMs, farMs]);
  const [answered, refused] = [rig.call(1_000, 10, timed), rig.call(1_000, 10, timed)];
  await rig.clock.advance(40);
  const [one = 0, two = 0] = rig.far.ids;
  const error = errorToWire(new CoterieError('OVERLOADED', 'full'));
  rig.far.send([
    { id: one, result: ACK, tookUs: 15_250 },
    { id: two, result: { $case: 'error', error }, tookUs: 15_250 },
  ]);
  await rig.clock.settle();
  expect([answered.count, refused.count]).toEqual([1, 1]);
  expect(times).toEqual([[40, 15.25]]);
});
