/** Nodes that find, watch and lose each other, from outside. */
import { expect, test } from 'vitest';
import { initCluster } from '../../../src/client/init-cluster.ts';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { Gossip } from '../../../src/node/gossip/gossip.ts';
import { seededRandom } from '../../client/scripted-node.ts';
import { recordOf } from '../../core/membership/gossip-cluster.ts';
import { Notes } from '../notes.ts';
import { Cluster } from '../rig.ts';
import { FakeStream, fakeWire, peerOf } from './fake-wire.ts';
import {
  FIVE,
  generationAt,
  isAllAlive,
  known,
  msUntil,
  runningBut,
  startFound,
  startSeeded,
  stateAt,
  statesOf,
  untilAllAlive,
} from './members-rig.ts';

test('nodes that know one seed find each other', async () => {
  await using cluster = await startSeeded();
  const foundMs = await msUntil(cluster, () => isAllAlive(cluster.nodes));
  expect(foundMs).toBeLessThan(8_000);
  for (const { node } of cluster.nodes) {
    expect(node.members().map(({ name }) => name)).toEqual(FIVE);
    expect(node.members().filter(({ isSelf }) => isSelf)).toMatchObject([{ name: node.name }]);
  }
});

test('nodes that were never told of each other have met as soon as they share a layout', async () => {
  await using cluster = new Cluster({ nodes: ['n1', 'n2', 'n3', 'n4'] });
  await cluster.start();
  await cluster.init();
  const beganMs = cluster.world.monotonicMs();
  await cluster.until(() => isAllAlive(cluster.nodes), 'all have met');
  expect(cluster.world.monotonicMs() - beganMs).toBeLessThan(100);
});

test('a member that comes up is told once, by every other one', async () => {
  await using cluster = await startFound();
  await cluster.advance(20_000);
  for (const { name, memberEvents } of cluster.nodes) {
    const others = FIVE.filter((other) => other !== name).map((other) => `up ${other}`);
    expect([...memberEvents].sort()).toEqual(others);
  }
});

test('a node that stops listening is AVOID at once and DOWN the short way', async () => {
  await using cluster = await startFound();
  await cluster.node('n5').kill();
  const isIn =
    (...states: string[]) =>
    () =>
      statesOf(cluster, 'n5').every((state) => states.includes(state ?? ''));
  expect(await msUntil(cluster, isIn('AVOID', 'SUSPECT', 'DOWN'))).toBeLessThanOrEqual(1_500);
  expect(await msUntil(cluster, isIn('DOWN'))).toBeLessThanOrEqual(4_500);
  await cluster.advance(20_000);
  for (const { memberEvents } of runningBut(cluster, 'n5')) {
    expect(memberEvents.filter((event) => event.startsWith('down'))).toEqual(['down n5']);
  }
});

test('a node that stops in good order is DOWN as fast', async () => {
  await using cluster = await startFound();
  await cluster.node('n2').stop();
  const isDown = () => statesOf(cluster, 'n2').every((state) => state === 'DOWN');
  expect(await msUntil(cluster, isDown)).toBeLessThanOrEqual(6_000);
});

test('a silent node is DOWN within 20 s, and nobody avoids it before phi is above 8', async () => {
  await using cluster = await startFound();
  cluster.node('n3').freeze();
  const isDown = () => statesOf(cluster, 'n3').every((state) => state === 'DOWN');
  const beganMs = cluster.world.monotonicMs();
  while (!isDown()) {
    for (const at of runningBut(cluster, 'n3')) {
      const { state, phi = 0 } = known(at, 'n3') ?? {};
      if (state === 'AVOID') expect(phi).toBeGreaterThan(8);
      // What others say adds to silence; it does not take its place.
      if (state === 'SUSPECT' || state === 'DOWN') expect(phi).toBeGreaterThan(3);
    }
    await cluster.advance(50);
    expect(cluster.world.monotonicMs() - beganMs).toBeLessThan(20_000);
  }
});

test('a node that was stopped for 10 s convicts nobody and is ALIVE again within 3 s', async () => {
  await using cluster = await startFound();
  const paused = cluster.node('n3');
  paused.suspend();
  await cluster.advance(10_000);
  paused.resume();
  const others = runningBut(cluster, 'n3').map(({ name }) => name);
  const seen = new Set<string | undefined>();
  const isBack = () => {
    for (const name of others) seen.add(stateAt(paused, name));
    return statesOf(cluster, 'n3').every((state) => state === 'ALIVE');
  };
  expect(await msUntil(cluster, isBack)).toBeLessThanOrEqual(3_000);
  await cluster.advance(30_000);
  isBack();
  expect([...seen]).toEqual(['ALIVE']);
  expect(paused.memberEvents.filter((event) => !event.startsWith('up'))).toEqual([]);
  expect(paused.notes.events('node-paused')).toHaveLength(1);
});

test('a restarted node is up again at once, with a higher generation and without a word', async () => {
  await using cluster = await startFound();
  const [n1, n5] = [cluster.node('n1'), cluster.node('n5')];
  const before = generationAt(n1, 'n5');
  await n5.kill();
  await cluster.advance(200);
  await n5.start();
  const isBack = () =>
    runningBut(cluster, 'n5').every(
      (at) => generationAt(at, 'n5') > before && stateAt(at, 'n5') === 'ALIVE',
    );
  expect(await msUntil(cluster, isBack)).toBeLessThanOrEqual(3_000);
  expect(n1.memberEvents.filter((event) => event.endsWith('n5'))).toEqual(['up n5']);
});

test('a node that was DOWN and starts again is told as down and up, once each', async () => {
  await using cluster = await startFound();
  const n5 = cluster.node('n5');
  await n5.kill();
  await cluster.until(() => statesOf(cluster, 'n5').every((state) => state === 'DOWN'), 'down');
  await n5.start();
  await untilAllAlive(cluster);
  await cluster.advance(20_000);
  for (const { memberEvents } of runningBut(cluster, 'n5')) {
    const told = memberEvents.filter((event) => event.endsWith('n5'));
    expect(told).toEqual(['up n5', 'down n5', 'up n5']);
  }
});

test('a node that goes and comes too often is told to flap once, and is avoided for two minutes', async () => {
  await using cluster = await startFound(['n1', 'n2', 'n3']);
  const [n1, n3] = [cluster.node('n1'), cluster.node('n3')];
  for (let cycle = 0; cycle < 4; cycle += 1) {
    await n3.kill();
    await cluster.until(() => stateAt(n1, 'n3') === 'DOWN', 'down');
    await n3.start();
    await cluster.until(() => stateAt(n1, 'n3') !== 'DOWN', 'back');
    await cluster.advance(2_000);
  }
  expect(n1.memberEvents.filter((event) => event.startsWith('flap'))).toEqual(['flap n3']);
  expect(stateAt(n1, 'n3')).toBe('AVOID');
  await cluster.advance(120_000);
  expect(stateAt(n1, 'n3')).toBe('ALIVE');
  expect(n1.notes.number('coterie_member_events_total', { kind: 'flap' })).toBe(1);
});

test('a node that comes back at another address under its name is found by all', async () => {
  await using cluster = await startFound();
  const n4 = cluster.node('n4');
  await n4.kill();
  n4.address = 'n4:7999';
  await n4.start();
  const isFound = () =>
    runningBut(cluster, 'n4').every(
      (at) => known(at, 'n4')?.address === 'n4:7999' && stateAt(at, 'n4') === 'ALIVE',
    );
  expect(await msUntil(cluster, isFound)).toBeLessThanOrEqual(5_000);
  await cluster.untilServing(['n4']);
  await cluster.untilLinked();
});

test('the seed that all were told may go: the others keep each other', async () => {
  await using cluster = await startFound();
  await cluster.node('n1').kill();
  await cluster.until(() => statesOf(cluster, 'n1').every((state) => state === 'DOWN'), 'down');
  await cluster.node('n5').kill();
  await cluster.node('n5').start();
  const running = runningBut(cluster, 'n1');
  await cluster.until(() => isAllAlive(running), 'the others are whole');
});

test('after all nodes died and started at once everybody is alive to everybody', async () => {
  await using cluster = await startFound();
  for (const node of cluster.nodes) await node.kill();
  await cluster.advance(60_000);
  for (const node of cluster.nodes) await node.start();
  await untilAllAlive(cluster, 10_000);
  await cluster.untilServing();
});

test('a node of another cluster is refused, and that is logged once at each side', async () => {
  await using cluster = new Cluster({ nodes: ['n1'], options: { seeds: ['m1:7400'] } });
  const [n1, m1] = [cluster.node('n1'), cluster.add({ name: 'm1' })];
  await n1.start();
  const first = { nodes: [n1.address], replicas: 1, partitions: 8 };
  await cluster.run(initCluster(first, [{ target: n1.address, admin: n1.admin }]));
  await m1.start();
  const alone = { nodes: [m1.address], replicas: 1, partitions: 8 };
  await cluster.run(initCluster(alone, [{ target: m1.address, admin: m1.admin }]));
  await cluster.advance(120_000);
  for (const node of [n1, m1]) {
    expect(node.node.members().map(({ name }) => name)).toEqual([node.name]);
    expect(node.notes.events('member-of-another-cluster')).toHaveLength(1);
    expect(node.notes.events('gossip-refused').length).toBeLessThanOrEqual(1);
  }
});

test('a node that is its own seed, under whatever name, does not speak with itself', async () => {
  await using cluster = new Cluster({
    nodes: [{ name: 'n1', options: { seeds: ['n1:7400', 'alias:7400'] } }],
  });
  const n1 = cluster.node('n1');
  cluster.network.memory.listen('alias:7400', (service, stream) => n1.node.accept(service, stream));
  await n1.start();
  await cluster.advance(60_000);
  const dials = cluster.network.transportOf(n1.address).dials;
  expect(dials).toEqual(['alias:7400']);
  expect(cluster.network.transportOf(n1.address).openCount).toBe(0);
  expect(n1.node.members()).toMatchObject([{ name: 'n1', isSelf: true, state: 'ALIVE' }]);
  expect(n1.failures).toEqual([]);
});

test('a program that fails to bear an event hurts neither the node nor other programs', async () => {
  await using cluster = await startSeeded(['n1', 'n2']);
  const n1 = cluster.node('n1');
  const told: string[] = [];
  n1.node.onMemberEvent(() => {
    throw new Error('not now');
  });
  const unsubscribe = n1.node.onMemberEvent(({ kind, name }) => told.push(`${kind} ${name}`));
  await cluster.until(() => told.length > 0, 'it is told');
  expect(told).toEqual(['up n2']);
  expect(n1.notes.events('member-listener-failed')).toHaveLength(1);
  unsubscribe();
  await cluster.node('n2').kill();
  await cluster.until(() => stateAt(n1, 'n2') === 'DOWN', 'the beat goes on');
  expect(told).toEqual(['up n2']);
});

test('how full its disk is, is part of what a member says of itself', async () => {
  await using cluster = await startSeeded(['n1', 'n2']);
  const [n1, n2] = [cluster.node('n1'), cluster.node('n2')];
  await untilAllAlive(cluster);
  expect(known(n1, 'n2')?.diskPercent).toBe(0);
  n2.engine.pretendFree(512 * 1_024 * 1_024);
  await cluster.until(() => known(n1, 'n2')?.diskPercent === 50, 'it is told', 40_000);
});

test('a node that stops leaves no stream and no wait behind, and hears nothing any more', async () => {
  const wire = fakeWire();
  const notes = new Notes();
  const stops: unknown[] = [];
  const gossip = new Gossip(
    { ...wire, random: seededRandom(), log: notes, metrics: notes },
    {
      own: recordOf(1, { clusterId: '' }),
      saveGeneration: async () => {},
      told: () => {},
      clockConfirmed: () => {},
      mustStop: (reason) => stops.push(reason),
    },
    { seeds: ['b:1', 'c:1'], detector: DEFAULT_DETECTOR_OPTIONS },
  );
  gossip.start();
  await wire.clock.advance(3_000);
  const taken = new FakeStream('from d');
  taken.handlers = gossip.accept(taken);
  taken.say({ sender: peerOf(4) });
  expect(wire.transport.open.length).toBeGreaterThan(0);
  gossip.stop();
  taken.say({ sender: peerOf(1, { address: 'twin:1' }) });
  const late = new FakeStream('from e');
  late.handlers = gossip.accept(late);
  gossip.updateOwn({ diskPercent: 77 });
  gossip.refused(2);
  gossip.heard(2);
  expect([...wire.transport.open, ...[taken, late].filter((stream) => !stream.isClosed)]).toEqual(
    [],
  );
  expect(wire.deadlines.size).toBe(0);
  const dialCount = wire.transport.dials.length;
  await wire.clock.advance(60_000);
  expect(wire.transport.dials).toHaveLength(dialCount);
  expect(stops).toEqual([]);
});
