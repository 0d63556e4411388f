/** One wait at a time. */
import { expect, test } from 'vitest';
import { Alarm } from '../../src/core/alarm.ts';
import { Deadlines } from '../../src/core/deadlines.ts';
import { ManualClock } from '../client/manual-clock.ts';

function rig() {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const rungMs: number[] = [];
  const alarm = new Alarm(deadlines, () => rungMs.push(clock.monotonicMs() - 1_000));
  return { clock, deadlines, alarm, rungMs };
}

test('an alarm rings once, when it is due', async () => {
  const { clock, alarm, rungMs } = rig();
  alarm.set(50);
  await clock.advance(200);
  expect(rungMs).toEqual([50]);
});

test('an alarm that is set already keeps its time', async () => {
  const { clock, deadlines, alarm, rungMs } = rig();
  alarm.set(50);
  alarm.set(10);
  alarm.set(90);
  expect(deadlines.size).toBe(1);
  await clock.advance(200);
  expect(rungMs).toEqual([50]);
});

test('it can be set again from its own call, and after it', async () => {
  const clock = new ManualClock();
  let count = 0;
  const alarm: Alarm = new Alarm(new Deadlines(clock), () => {
    count += 1;
    if (count < 3) alarm.set(10);
  });
  alarm.set(10);
  await clock.advance(100);
  expect(count).toBe(3);
  alarm.set(10);
  await clock.advance(100);
  expect(count).toBe(4);
});

test('one that was stopped never rings, and cannot be set any more', async () => {
  const { clock, deadlines, alarm, rungMs } = rig();
  alarm.set(50);
  alarm.stop();
  alarm.set(10);
  alarm.stop();
  expect(deadlines.size).toBe(0);
  await clock.advance(200);
  expect(rungMs).toEqual([]);
});
