import { expect, it } from 'vitest';
import { DetectionWorld } from './detection-world.ts';

const MINUTE_MS = 60_000;
const SLOW = 7;
const WORSE: readonly string[] = ['AVOID', 'SUSPECT', 'DOWN'];
/** One hour of 100 nodes takes a minute: `COTERIE_TEST_LONG=1` runs it. */
const isLong = process.env['COTERIE_TEST_LONG'] === '1';
const lossyMinutes = isLong ? 60 : 10;

it(`convicts no live one of 100 nodes in ${lossyMinutes} minutes at 20 % loss`, {
  timeout: isLong ? 600_000 : 60_000,
}, () => {
  const world = new DetectionWorld({ count: 100, seed: 1, loss: 0.2 });
  world.run(lossyMinutes * MINUTE_MS);
  expect(world.events('down')).toEqual([]);
  const accused = world.nodes.reduce((sum, node) => sum + node.accusedCount, 0);
  console.log(`100 nodes, 20 % loss, ${lossyMinutes} min: 0 down, ${accused} accusations`);
  if (!isLong) console.log('the hour at 20 % loss is left out: COTERIE_TEST_LONG=1 runs it');
});

/** It runs in one step of twenty, and gets through two messages then: its mail piles up. */
function worldWithSlowNode(isPauseNoticed: boolean): DetectionWorld {
  const world = new DetectionWorld({ count: 100, seed: 2, isPauseNoticed });
  const slow = world.node(SLOW);
  slow.share = 0.05;
  slow.lettersMax = 2;
  world.run(2 * MINUTE_MS);
  return world;
}

it('lets a node with 5 % of a processor convict nobody, and be no reason to convict others', () => {
  const world = worldWithSlowNode(true);
  expect(world.node(SLOW).pauseCount).toBeGreaterThan(10);
  expect(world.node(SLOW).accusedCount).toBe(0);
  expect(world.events('down').filter(([, about]) => about !== SLOW)).toEqual([]);
});

it('would see that node accuse dozens if nodes did not notice their own pauses', () => {
  const world = worldWithSlowNode(false);
  expect(world.node(SLOW).accusedCount).toBeGreaterThan(20);
  expect(world.events('down').filter(([observer]) => observer !== SLOW)).toEqual([]);
});

it('avoids a killed node within 1.5 s and holds it to be down within 6 s, at all five nodes', () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const world = new DetectionWorld({ count: 5, seed });
    world.run(20_000);
    world.kill(2);
    const isWorse = () => world.statesOf(2).every((state) => WORSE.includes(state ?? 'UNKNOWN'));
    const avoidMs = world.runUntil(isWorse, 10_000);
    const downMs = world.runUntil(() => world.statesOf(2).every((s) => s === 'DOWN'), 10_000);
    expect(avoidMs).toBeLessThanOrEqual(1_500);
    expect(avoidMs + downMs).toBeLessThanOrEqual(6_000);
    expect(world.events('down').filter(([, about]) => about !== 2)).toEqual([]);
  }
});

// Reports of refusals get lost, too: one run in a hundred then takes longer than 6 s.
it('is no slower with a killed node than with a silent one when a fifth of messages is lost', () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const world = new DetectionWorld({ count: 5, seed, loss: 0.2 });
    world.run(20_000);
    world.kill(2);
    const areDown = () => world.statesOf(2).every((state) => state === 'DOWN');
    expect(world.runUntil(areDown, 30_000)).toBeLessThanOrEqual(20_000);
  }
});

it('holds the last other ones to be down when all but one are killed', () => {
  const world = new DetectionWorld({ count: 3, seed: 5 });
  world.run(10_000);
  world.kill(1);
  world.kill(2);
  const areDown = () => world.node(0).stateOf(1) === 'DOWN' && world.node(0).stateOf(2) === 'DOWN';
  expect(world.runUntil(areDown, 20_000)).toBeLessThanOrEqual(6_000);
});

it('holds a silent node to be down within 20 s, at all of 3, 5 and 100 nodes', () => {
  const longestMs = new Map<number, number>();
  for (const [count, seeds] of [
    [3, 20],
    [5, 20],
    [100, 1],
  ] as const) {
    for (let seed = 1; seed <= seeds; seed += 1) {
      const world = new DetectionWorld({ count, seed });
      world.run(20_000);
      world.node(1).condition = 'silent';
      const tookMs = world.runUntil(() => world.statesOf(1).every((s) => s === 'DOWN'), 40_000);
      longestMs.set(count, Math.max(tookMs, longestMs.get(count) ?? 0));
      expect(world.events('down').filter(([, about]) => about !== 1)).toEqual([]);
    }
  }
  console.log(`silent node down, longest: ${JSON.stringify([...longestMs])}`);
  for (const tookMs of longestMs.values()) expect(tookMs).toBeLessThanOrEqual(20_000);
});

it('holds a third of 99 nodes that go silent at once to be down within 20 s, and nobody else', () => {
  const world = new DetectionWorld({ count: 99, seed: 2 });
  world.run(20_000);
  const isLost = (index: number) => index % world.zoneCount === 1;
  const lost = world.nodes.filter(({ index }) => isLost(index));
  for (const node of lost) node.condition = 'silent';
  const areDown = () => lost.every(({ index }) => world.statesOf(index).every((s) => s === 'DOWN'));
  expect(world.runUntil(areDown, 30_000)).toBeLessThanOrEqual(20_000);
  expect(world.events('down').filter(([, about]) => !isLost(about))).toEqual([]);
});

/** Node 3 of five stands still for 10 s, and what was sent to it is lost. Returns how often it held
 *  one of the others for worse than slow in the 5 s after. */
function countWorse(world: DetectionWorld): number {
  world.run(20_000);
  world.node(3).condition = 'stopped';
  world.run(10_000);
  world.node(3).inbox.length = 0;
  world.node(3).condition = 'running';
  let count = 0;
  for (let step = 0; step < 100; step += 1) {
    world.run(50);
    for (const { index } of world.nodes) {
      if (WORSE.includes(world.node(3).stateOf(index) ?? 'UNKNOWN')) count += 1;
    }
  }
  return count;
}

it('lets a node that was stopped for 10 s hold nothing against the others', () => {
  let unguarded = 0;
  for (let seed = 1; seed <= 20; seed += 1) {
    const world = new DetectionWorld({ count: 5, seed });
    expect(countWorse(world)).toBe(0);
    world.run(MINUTE_MS);
    expect(world.node(3).accusedCount).toBe(0);
    expect(world.events('down').filter(([, about]) => about !== 3)).toEqual([]);
    unguarded += countWorse(new DetectionWorld({ count: 5, seed, isPauseNoticed: false }));
  }
  // The other half of the proof: without its guard it does.
  expect(unguarded).toBeGreaterThan(0);
});

it('has a node that was stopped for 10 s back as alive within 3 s', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const world = new DetectionWorld({ count: 5, seed });
    world.run(20_000);
    world.node(3).condition = 'stopped';
    world.run(10_000);
    world.node(3).condition = 'running';
    expect(world.runUntil(() => world.isWhole(), 10_000)).toBeLessThanOrEqual(3_000);
    world.run(MINUTE_MS);
    expect(world.isWhole()).toBe(true);
  }
});

it('brings all back to alive after a partition in two, and after one that is one-way', () => {
  const cuts: readonly ((from: number, to: number) => boolean)[] = [
    (from, to) => from < 4 === to < 4,
    (from, to) => !(from < 4 && to >= 4),
    (from, to) => from !== 0 && to !== 0,
  ];
  for (const canReach of cuts) {
    const world = new DetectionWorld({ count: 10, seed: 9, loss: 0.05 });
    world.run(20_000);
    world.canReach = canReach;
    world.run(5 * MINUTE_MS);
    expect(world.events('down').length).toBeGreaterThan(0);
    world.canReach = () => true;
    expect(world.runUntil(() => world.isWhole(), MINUTE_MS)).toBeLessThanOrEqual(MINUTE_MS);
  }
});

it('brings all back to alive after a restart of every node at once', () => {
  const world = new DetectionWorld({ count: 20, seed: 4 });
  world.run(20_000);
  for (const node of world.nodes) node.restart();
  expect(world.runUntil(() => world.isWhole(), 30_000)).toBeLessThanOrEqual(10_000);
  expect(world.events('down')).toEqual([]);
});
