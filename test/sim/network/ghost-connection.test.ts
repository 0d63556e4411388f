import { expect, test } from 'vitest';
import { NetworkWorld } from './network-world.ts';

test('a recorded link arrives once more: greeting first, the rest when it is answered', () => {
  const world = new NetworkWorld();
  const far = world.process('b');
  far.listen((end, number) => {
    if (number === 1) world.kernel.schedule(50_000, 'test', () => end.send(99));
  });
  const end = world.process('a').dial('b');
  end.send(1);
  world.pass(200);
  end.send(2, 3);
  world.pass(60_000);

  expect(world.network.replay('b', 0)).toBe(true);
  world.pass(20);
  const ghost = far.taken[1];
  expect(ghost?.stream.remote).toBe('a');
  expect(ghost?.numbers).toEqual([1]);
  world.pass(100);
  expect(ghost?.numbers).toEqual([1, 2, 3]);
  world.pass(10_000);
  expect(ghost?.kinds).toEqual(['ended']);
  expect([end.numbers, end.ends]).toEqual([[99], []]);
  expect(world.network.counters.replays).toBe(1);
});

test('what a dead process sent may arrive after it was started again', () => {
  const world = new NetworkWorld();
  const { near, far, end } = world.joined();
  end.send(1);
  world.pass(10);
  near.kill();
  world.pass(60_000);
  expect(world.network.replay('b', 7)).toBe(true);
  world.pass(100);
  expect(far.taken[1]?.numbers).toEqual([1]);
});

test('connections count from the newest, sessions and unused dials are not recorded', () => {
  const world = new NetworkWorld();
  const { near, far } = world.joined();
  for (const number of [1, 2]) {
    near.dial('b', 'link').send(number);
    near.dial('b', 'session').send(number + 10);
    world.pass(100);
  }
  far.taken.splice(0);
  for (const connection of [0, 1, 2]) world.network.replay('b', connection);
  world.pass(100);
  expect(far.taken.map(({ numbers }) => numbers[0]).sort()).toEqual([1, 2, 2]);
});

test('a recording keeps the greeting and the newest frames, and no more than its bounds', () => {
  const world = new NetworkWorld();
  const far = world.process('b');
  far.listen((end, number) => {
    if (number === 0) end.send(99);
  });
  const end = world.process('a').dial('b');
  end.send(...Array.from({ length: 1_000 }, (_, number) => number));
  world.pass(1_000);
  world.network.replay('b', 0);
  world.pass(1_000);
  const numbers = far.taken[1]?.numbers ?? [];
  expect(numbers[0]).toBe(0);
  expect(numbers.slice(1)).toEqual(Array.from({ length: 64 }, (_, index) => 936 + index));
});

test('nothing to replay, or nobody there, is said', () => {
  const world = new NetworkWorld();
  expect(world.network.replay('b', 0)).toBe(false);
  const { far, end } = world.joined();
  end.send(1);
  world.pass(10);
  far.kill();
  expect(world.network.replay('b', 0)).toBe(false);
});
