import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { MemberWatch } from '../../../src/core/membership/member-watch.ts';

const NEVER = Number.NEGATIVE_INFINITY;
const record = { id: 'b', zone: 'z', status: 'UP', generation: 5, incarnation: 0 } as const;
const five = (): number => 5;

function watchOf(): MemberWatch {
  return new MemberWatch(DEFAULT_DETECTOR_OPTIONS, record, 0);
}

function accusation(by: string, incarnation = 0, state: 'SUSPECT' | 'DOWN' = 'SUSPECT') {
  return { about: 'b', generation: 5, incarnation, state, by };
}

it('reads the state off silence', () => {
  const watch = watchOf();
  expect(watch.settle(0, 0)).toBe('UNKNOWN');
  expect(watch.evidenceMs).toBeUndefined();
  watch.hear(100, 'relayed', NEVER);
  expect(watch.settle(100, 2.9)).toBe('ALIVE');
  expect(watch.settle(100, 3)).toBe('SLOW');
  expect(watch.settle(100, 8)).toBe('SLOW');
  expect(watch.settle(100, 8.1)).toBe('AVOID');
});

it('is avoided after a refusal until the member itself is heard, or starts anew', () => {
  const watch = watchOf();
  watch.refuse();
  watch.hear(100, 'relayed', NEVER);
  expect(watch.settle(100, 0)).toBe('AVOID');
  watch.hear(200, 'direct', NEVER);
  expect(watch.settle(200, 0)).toBe('ALIVE');
  watch.refuse();
  watch.raise({ generation: 5, incarnation: 1 });
  expect(watch.isRefused).toBe(true);
  watch.raise({ generation: 6, incarnation: 0 });
  expect(watch.isRefused).toBe(false);
});

it('adds up who else was refused, until anybody is let in', () => {
  const watch = watchOf();
  watch.refuse();
  for (const by of ['c', 'c', 'd']) watch.report(by, 'refused');
  watch.report('e', 'nack');
  expect(watch.refuserCount).toBe(2);
  watch.hear(100, 'relayed', NEVER);
  expect(watch.refuserCount).toBe(2);
  watch.report('e', 'ack');
  expect(watch.refuserCount).toBe(0);
  for (const by of ['c', 'd', 'e', 'f', 'g']) watch.report(by, 'refused');
  expect(watch.refuserCount).toBe(3);
  watch.hear(200, 'direct', NEVER);
  expect(watch.refuserCount).toBe(0);
});

it('is suspect by accusation only while it is silent here too', () => {
  const watch = watchOf();
  watch.hear(0, 'direct', NEVER);
  expect(watch.accuse(accusation('c'))).toBe(true);
  watch.weigh(100, 0, five);
  expect(watch.settle(100, 0)).toBe('ALIVE');
  watch.weigh(4_000, 4, five);
  expect(watch.settle(4_000, 4)).toBe('SUSPECT');
  watch.weigh(4_100, 0, five);
  expect(watch.settle(4_100, 0)).toBe('ALIVE');
});

it('is judged when time is up and silence is beyond doubt', () => {
  const watch = watchOf();
  watch.hear(0, 'direct', NEVER);
  watch.accuse(accusation('c'));
  watch.weigh(5_000, 9, five);
  expect(watch.isToBeDown(16_999, 100, 0)).toBeUndefined();
  expect(watch.isToBeDown(17_000, 7, 0)).toBeUndefined();
  expect(watch.isToBeDown(17_000, 9, 0)).toBe('judged');
});

it('is told to be down when the shortest time is up, however sick this node is', () => {
  const watch = watchOf();
  watch.hear(0, 'direct', NEVER);
  expect(watch.accuse(accusation('c', 0, 'DOWN'))).toBe(true);
  watch.weigh(5_000, 9, five);
  expect(watch.isToBeDown(8_999, 100, 0)).toBeUndefined();
  expect(watch.isToBeDown(9_000, 7, 7)).toBeUndefined();
  expect(watch.isToBeDown(9_000, 9, 7)).toBe('told');
});

it('is told to be down at once when it refuses here, or was never heard', () => {
  const refusing = watchOf();
  refusing.hear(0, 'direct', NEVER);
  refusing.refuse();
  const stranger = watchOf();
  for (const watch of [refusing, stranger]) {
    watch.accuse(accusation('c', 0, 'DOWN'));
    watch.weigh(100, 0, five);
    expect(watch.isToBeDown(100, 0, 7)).toBe('told');
  }
});

it('drops accusations of an older standpoint and does not take them again', () => {
  const watch = watchOf();
  watch.accuse(accusation('c'));
  expect(watch.accuserCount).toBe(1);
  expect(watch.raise({ generation: 5, incarnation: 1 })).toBe(true);
  expect(watch.accuserCount).toBe(0);
  expect(watch.accuse(accusation('c'))).toBe(false);
  expect(watch.raise({ generation: 4, incarnation: 9 })).toBe(false);
  expect(watch.accuse(accusation('c', 2))).toBe(true);
  expect(watch.standpoint).toEqual({ generation: 5, incarnation: 2 });
});

it('counts an accuser once, and no more of them than shorten the time', () => {
  const watch = watchOf();
  for (const by of ['c', 'c', 'd', 'e', 'f', 'g', 'h']) watch.accuse(accusation(by));
  expect(watch.accuserCount).toBe(4);
  expect(watch.hasAllAccusers).toBe(true);
  expect(watch.isAccusedBy('c')).toBe(true);
  expect(watch.isAccusedBy('h')).toBe(false);
});
