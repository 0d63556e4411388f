import { describe, expect, test } from 'vitest';
import { CoterieError } from '../../src/core/errors.ts';
import { encodeLayout, layoutHash } from '../../src/core/ring/layout.ts';
import { Ring } from '../../src/core/ring/ring.ts';
import { closeClient, createRig, readyClient, watch } from './client-rig.ts';
import { layoutOf, ok, refusal, type ScriptedNode } from './scripted-node.ts';

const KEYS = Array.from({ length: 200 }, (_, index) => `key-${index}`);

function replicasOf(key: string, count: number, replicas: number): readonly string[] {
  const layout = layoutOf(count, replicas);
  const ring = new Ring(layout, layoutHash(encodeLayout(layout)));
  const { partition } = ring.partitionOfKey('default', new TextEncoder().encode(key));
  return ring.replicasOf(partition).map((nodeIndex) => ring.role(nodeIndex)?.address ?? '');
}

function keysAt(node: ScriptedNode): readonly string[] {
  return node.requests.flatMap(({ operation }) => {
    if (operation?.$case === 'get') return [new TextDecoder().decode(operation.get.key)];
    return operation?.$case === 'put' ? [new TextDecoder().decode(operation.put.key)] : [];
  });
}

describe('with a layout', () => {
  test('each request goes straight to a replica, at nodes that were not given too', async () => {
    const { clock, network, client } = createRig();
    const nodes = network.addCluster(6, 3);
    const db = client({ nodes: ['n1:1'] });
    await readyClient(db, clock);
    for (const key of KEYS) watch(db.get(key));
    await clock.settle();
    for (const node of nodes) node.frames.length = 0;
    const results = KEYS.map((key) => watch(db.get(key)));
    const writes = KEYS.map((key) => watch(db.put(key, 'v')));
    await clock.settle();
    expect([...results, ...writes].every((result) => result.value !== undefined)).toBe(true);
    for (const node of nodes) {
      const keys = keysAt(node);
      expect(keys.length).toBeGreaterThan(0);
      expect(keys.every((key) => replicasOf(key, 6, 3).includes(node.address))).toBe(true);
      expect(node.dials).toBe(1);
    }
    await closeClient(db, clock);
  });

  test('no request waits for a dial while a node is ready to pass it on', async () => {
    const { clock, network, client } = createRig();
    const nodes = network.addCluster(6, 3);
    for (const node of nodes.slice(1)) node.state = 'silent';
    const db = client({ nodes: ['n1:1'] });
    await readyClient(db, clock);
    const results = KEYS.map((key) => watch(db.get(key)));
    await clock.settle();
    expect(results.every((result) => result.value?.text() === 'n1:1')).toBe(true);
    await closeClient(db, clock);
  });

  test('reads of one key spread over its replicas, to the less loaded of two', async () => {
    const { clock, network, client } = createRig();
    const nodes = network.addCluster(3);
    for (const node of nodes) node.script = () => undefined;
    const db = client();
    await readyClient(db, clock);
    for (let count = 0; count < 300; count += 1) watch(db.get('hot'));
    await clock.settle();
    for (const node of nodes) {
      expect(node.requests.length).toBeGreaterThan(80);
      expect(node.requests.length).toBeLessThan(120);
    }
    await closeClient(db, clock);
  });

  test('the same request id goes to the same minter, other ids spread', async () => {
    const { clock, network, client } = createRig();
    const nodes = network.addCluster(3);
    const db = client();
    await readyClient(db, clock);
    for (let count = 0; count < 20; count += 1) {
      watch(db.put('k', 'v', { requestId: '00112233445566778899aabbccddeeff' }));
      await clock.settle();
    }
    expect(nodes.map((node) => node.of('put').length).sort()).toEqual([0, 0, 20]);
    for (let count = 0; count < 200; count += 1) watch(db.put('k', 'v'));
    await clock.settle();
    expect(Math.min(...nodes.map((node) => node.of('put').length))).toBeGreaterThan(40);
    await closeClient(db, clock);
  });

  test('a replica that is away is passed over', async () => {
    const { clock, network, client } = createRig();
    const [away] = network.addCluster(3);
    if (away !== undefined) away.state = 'refusing';
    const db = client();
    await readyClient(db, clock);
    const results = KEYS.flatMap((key) => [watch(db.get(key)), watch(db.put(key, 'v'))]);
    await clock.settle();
    expect(results.every((result) => result.value !== undefined)).toBe(true);
    await closeClient(db, clock);
  });
});

describe('learning the layout', () => {
  test('a newer layout that a node announces is followed, an older one is not', async () => {
    const { clock, network, client } = createRig();
    const old = layoutOf(1, 1);
    const encoded = encodeLayout(old);
    const node = network.add('n1:1', { node: 'n1', layout: encoded });
    const db = client();
    await readyClient(db, clock);

    const second = network.add('n2:1', { node: 'n2' });
    const base = layoutHash(encoded);
    const next = encodeLayout({ ...layoutOf(2, 2), version: 2, base });
    node.hello = { ...node.hello, layout: next };
    second.hello = { ...second.hello, layout: next };
    node.announce(layoutHash(next));
    node.announce(layoutHash(next));
    await clock.settle();
    expect(node.of('layout').length).toBe(1);

    for (const key of KEYS.slice(0, 20)) watch(db.get(key));
    await clock.settle();
    for (const key of KEYS) watch(db.get(key));
    await clock.settle();
    expect(second.of('get').length).toBeGreaterThan(0);

    node.hello = { ...node.hello, layout: encoded };
    node.announce(layoutHash(encoded));
    await clock.settle();
    second.frames.length = 0;
    for (const key of KEYS) watch(db.get(key));
    await clock.settle();
    expect(second.of('get').length).toBeGreaterThan(0);
    await closeClient(db, clock);
  });

  test('a layout that cannot be read leaves every node a gateway', async () => {
    const { clock, network, client } = createRig();
    network.add('a:1', { layout: Uint8Array.of(0x4c, 99, 0, 0) });
    const db = client();
    const result = watch(db.get('k'));
    await clock.settle();
    expect(result.value?.found).toBe(true);
    await closeClient(db, clock);
  });

  test('a node that was given under another name is not dialed a second time', async () => {
    const { clock, network, client } = createRig();
    const encoded = encodeLayout(layoutOf(1, 1));
    const alias = network.add('localhost:1', { node: 'n1', layout: encoded });
    const listed = network.add('n1:1', { node: 'n1', layout: encoded });
    alias.script = () => ok();
    const db = client({ nodes: ['localhost:1'] });
    await readyClient(db, clock);
    for (const key of KEYS) watch(db.get(key));
    await clock.settle();
    expect(alias.of('get').length).toBe(KEYS.length);
    expect(listed.dials).toBe(0);
    await closeClient(db, clock);
  });
});

describe('what nodes say of each other', () => {
  test('a node that others have in doubt gets nothing while another is left, and everything afterwards', async () => {
    const { clock, network, client } = createRig();
    const [one, two, bad] = network.addCluster(3);
    const db = client();
    await readyClient(db, clock);
    one?.tell({ n3: 'AVOID' });
    await clock.settle();
    const results = KEYS.flatMap((key) => [watch(db.get(key)), watch(db.put(key, 'v'))]);
    await clock.settle();
    expect(results.every((result) => result.value !== undefined)).toBe(true);
    expect(bad?.requests).toEqual([]);
    for (const node of [one, two]) {
      if (node !== undefined) node.script = () => refusal(new CoterieError('NOT_RUNNING', 'stops'));
    }
    const last = watch(db.get('k'));
    await clock.settle();
    expect(last.value?.found).toBe(true);
    expect(bad?.requests).toHaveLength(1);
    await closeClient(db, clock);
  });

  test('one node that hears it outweighs the others, and what it said ends with its session', async () => {
    const { clock, network, client } = createRig();
    const [one, two, three] = network.addCluster(3);
    const db = client();
    await readyClient(db, clock);
    for (const key of KEYS) watch(db.get(key));
    await clock.settle();
    one?.tell({ n3: 'DOWN' });
    two?.tell({ n3: 'ALIVE' });
    await clock.settle();
    three?.frames.splice(0);
    for (const key of KEYS) watch(db.get(key));
    await clock.settle();
    expect(three?.requests.length).toBeGreaterThan(0);
    if (two !== undefined) two.state = 'refusing';
    two?.cut();
    await clock.settle();
    three?.frames.splice(0);
    for (const key of KEYS) watch(db.get(key));
    await clock.settle();
    expect(three?.requests).toEqual([]);
    await closeClient(db, clock);
  });

  test('a node that is held to be down is not dialed in passing', async () => {
    const { clock, network, client } = createRig();
    const [one, , away] = network.addCluster(3);
    const db = client({ nodes: ['n1:1'] });
    await readyClient(db, clock);
    one?.tell({ n3: 'DOWN' });
    await clock.settle();
    for (const key of KEYS) watch(db.get(key));
    await clock.settle();
    expect(away?.dials).toBe(0);
    one?.tell({ n3: 'ALIVE' });
    await clock.settle();
    for (const key of KEYS) watch(db.get(key));
    await clock.settle();
    expect(away?.dials).toBe(1);
    await closeClient(db, clock);
  });

  test('a client that was given one node learns where all are, also one that works at another address', async () => {
    const { clock, network, client } = createRig();
    const [seed, , home] = network.addCluster(3);
    const moved = network.add('moved:9', { ...home?.hello });
    const db = client({ nodes: ['n1:1'] });
    await readyClient(db, clock);
    seed?.tell({ n3: ['ALIVE', 'moved:9'] });
    await clock.settle();
    for (const round of [1, 2]) {
      for (const key of KEYS) watch(db.get(`${key}-${round}`));
      await clock.settle();
    }
    expect(moved.requests.length).toBeGreaterThan(0);
    expect(home?.dials).toBe(0);
    if (seed !== undefined) seed.state = 'refusing';
    seed?.cut();
    await clock.settle();
    const results = KEYS.map((key) => watch(db.get(key)));
    await clock.settle();
    expect(results.every((result) => result.value !== undefined)).toBe(true);
    await closeClient(db, clock);
  });

  test('a node that restarts at another address is followed, and its old address is given up', async () => {
    const { clock, network, client } = createRig();
    const [seed, , home] = network.addCluster(3);
    const db = client({ nodes: ['n1:1'] });
    await readyClient(db, clock);
    const readAll = async (): Promise<void> => {
      for (const key of KEYS) watch(db.get(key));
      await clock.settle();
    };
    await readAll();
    await readAll();
    expect(home?.requests.length).toBeGreaterThan(0);
    const moved = network.add('moved:9', { ...home?.hello });
    if (home !== undefined) home.state = 'refusing';
    home?.cut();
    seed?.tell({ n3: ['ALIVE', 'moved:9'] });
    await clock.settle();
    const dials = home?.dials;
    await readAll();
    await readAll();
    expect(moved.requests.length).toBeGreaterThan(0);
    moved.state = 'refusing';
    moved.cut();
    const back = network.add('n3:1', { ...home?.hello });
    seed?.tell({ n3: ['ALIVE', 'n3:1'] });
    await clock.settle();
    expect(home?.dials).toBe(dials);
    await readAll();
    await readAll();
    expect(back.requests.length).toBeGreaterThan(0);
    await closeClient(db, clock);
  });

  test('a node that was given under another name stays there while it is said to be where the layout has it', async () => {
    const { clock, network, client } = createRig();
    const encoded = encodeLayout(layoutOf(1, 1));
    const alias = network.add('localhost:1', { node: 'n1', layout: encoded });
    const listed = network.add('n1:1', { node: 'n1', layout: encoded });
    const db = client({ nodes: ['localhost:1'] });
    await readyClient(db, clock);
    alias.tell({ n1: 'ALIVE' });
    await clock.settle();
    alias.cut();
    await clock.advance(100);
    const results = KEYS.map((key) => watch(db.get(key)));
    await clock.settle();
    expect(results.every((result) => result.value !== undefined)).toBe(true);
    expect(listed.dials).toBe(0);
    await closeClient(db, clock);
  });
});
