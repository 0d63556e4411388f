import { expect, test } from 'vitest';
import { FakeWorld } from './fake-world.ts';

test('--sloppy asks for stand-ins, and both outputs name them', async () => {
  const world = new FakeWorld();
  const acks = { required: 2, received: 2, nodes: ['a'], standIns: ['d'] };
  world.put = { acks, durable: 1 };
  const { stdout } = await world.run('put', 'k', 'v', '--sloppy');
  expect(stdout).toContain('1 replica acknowledged (a), d stands in, 2 required, all durable');
  expect(world.calls.at(-1)).toMatchObject({ options: { sloppy: true } });
  const json = await world.run('put', 'k', 'v', '--sloppy', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ acks });
});

test('--sloppy is not for reads', async () => {
  const { exitCode, stderr } = await new FakeWorld().run('get', 'k', '--sloppy');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--sloppy is for put and delete');
});
