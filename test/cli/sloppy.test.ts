import { expect, test } from 'vitest';
import { CoterieError } from '../../src/core/errors.ts';
import { FakeWorld } from './fake-world.ts';

test('--sloppy asks for stand-ins, and both outputs name them', async () => {
  const world = new FakeWorld();
  const acks = { required: 2, received: 2, nodes: ['a'], standIns: ['d'] };
  world.put = { acks, durable: 1 };
  const { stdout } = await world.run('put', 'k', 'v', '--sloppy');
  expect(stdout).toContain('1 replica acknowledged (a), d stands in, 2 required, durable on 1 ');
  expect(stdout).toContain('d keeps it on disk for replicas that are away: a read need not');
  expect(world.calls.at(-1)).toMatchObject({ options: { sloppy: true } });
  const json = await world.run('put', 'k', 'v', '--sloppy', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ acks });
});

test('--sloppy is not for reads', async () => {
  const { exitCode, stderr } = await new FakeWorld().run('get', 'k', '--sloppy');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--sloppy is for put and delete');
});

test('a write that no replica has is not called durable, and whose value it overwrote is said', async () => {
  const world = new FakeWorld();
  const acks = { required: 1, received: 1, nodes: [], standIns: ['n4'] };
  world.put = { acks, durable: 0, level: 'any' };
  const { stdout } = await world.run('put', 'k', 'v', '--consistency', 'any', '--overwrite');
  expect(stdout).toContain('overwrote what the stand-in kept; any: no replica acknowledged, n4 ');
  expect(stdout).toContain('stands in, 1 required, durable on no replica, ');
  expect(stdout).toContain('no read shows it until n4 has handed it to a replica.');
  expect(stdout).not.toContain('all durable');
  const json = await world.run('put', 'k', 'v', '--consistency', 'any', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ durable: 0, acks });
});

test.each([
  ['no replica', { level: 'quorum', required: 2, reachable: 0, others: 2 }, '--consistency any'],
  ['others are up', { level: 'quorum', required: 2, reachable: 1, others: 1 }, 'or --sloppy'],
])('NO_REPLICA of a write with %s says what would be taken', async (_, details, advice) => {
  const world = new FakeWorld();
  world.put = new CoterieError('NO_REPLICA', 'too few', { details });
  expect((await world.run('put', 'k', 'v')).stderr).toContain(advice);
  world.get = world.put;
  expect((await world.run('get', 'k')).stderr).not.toContain(advice);
});

test.each([
  ['nobody else is up', { level: 'quorum', required: 2, reachable: 1, others: 0 }],
  ['it was sloppy', { level: 'w=2', required: 2, reachable: 1, others: 1, sloppy: true }],
  ['the level knows no stand-ins', { level: 'all', required: 3, reachable: 2, others: 1 }],
])('--sloppy is not advised when %s', async (_, details) => {
  const world = new FakeWorld();
  world.put = new CoterieError('NO_REPLICA', 'too few', { details });
  const { stderr } = await world.run('put', 'k', 'v');
  expect(stderr).toContain('or take a weaker --consistency');
  expect(stderr).not.toContain('--sloppy');
});
