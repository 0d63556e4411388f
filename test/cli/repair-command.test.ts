/** `coterie status --repair` and `coterie repair`, for people and for programs. */
import { beforeEach, expect, test } from 'vitest';
import { bytesText } from '../../src/cli/repair-view.ts';
import { FakeWorld } from './fake-world.ts';
import { addressOf, pairState, RepairedNode, repairReply } from './repaired-node.ts';

const NAMES = ['n1', 'n2', 'n3'];
let world: FakeWorld;
let nodes: RepairedNode[];

beforeEach(() => {
  world = new FakeWorld();
  nodes = NAMES.map((name) => new RepairedNode(name, NAMES));
  for (const node of nodes) world.admins.set(addressOf(node.name), node.admin);
});

function giveWork(): void {
  const [first, second] = nodes as [RepairedNode, RepairedNode];
  first.reply = repairReply({
    node: 'n1',
    debt: 12,
    hints: [
      {
        target: 'n3',
        count: 9,
        bytes: 2_048,
        oldestMs: 4_200,
        state: 'waiting',
        detail: 'n3 is DOWN',
        dirtyPartitions: 1,
      },
    ],
    pairs: [
      pairState({ partition: 7, peer: 'n2', lastEqualMs: 61_000.4, found: 2, sentBytes: 3_000 }),
      pairState({ partition: 7, peer: 'n3', differing: 3, failure: 'n3 is DOWN' }),
    ],
  });
  second.reply = repairReply({
    node: 'n2',
    debt: 5,
    rebuild: {
      partitions: 256,
      done: 64,
      keys: 1_000,
      bytes: 1_048_576,
      estimateMs: 90_000,
      waitingFor: '',
    },
    unreadableKeys: 5,
    scrub: { records: 100, corrupt: 1, correctedLeaves: 0, oldestMs: undefined },
  });
}

test('status --repair sums the debt of all members and shows who lacks what', async () => {
  giveWork();
  const { stdout, exitCode } = await world.run('status', '--repair', '-n', 'n3:1');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('repair debt  17 copies of keys\n');
  expect(stdout).toContain('n1\tn3\t9\t2.0 KiB\t4.2 s\twaiting: n3 is DOWN\t1\n');
  expect(stdout).toContain('n1\tn2\t1\t1 min 1 s\t0\t2\t2.9 KiB\t0 B\t0 B\t0\n');
  expect(stdout).toContain('7\tn1\tn3\t3\tn3 is DOWN\n');
  expect(stdout).toContain(
    'n2  rebuilt 64 of 256 partitions, 1,000 keys, 1.0 MiB, about 1 min 30 s left',
  );
  expect(stdout).toContain('n2  5 unreadable keys');
  expect(stdout).toContain('n2  1 of 100 records re-read were damaged');
});

test('status --repair --json has the debt, the hints and every pair', async () => {
  giveWork();
  const { stdout } = await world.run('status', '--repair', '--json', '-n', 'n1:1');
  const shown = JSON.parse(stdout);
  expect(shown.debt).toBe(17);
  expect(shown.hints).toEqual([
    expect.objectContaining({
      holder: 'n1',
      target: 'n3',
      count: 9,
      bytes: 2_048,
      oldestMs: 4_200,
    }),
  ]);
  expect(shown.pairs[0]).toMatchObject({
    node: 'n1',
    partition: 7,
    peer: 'n2',
    lastEqualMs: 61_000,
  });
  expect(shown.pairs[1]).not.toHaveProperty('lastEqualMs');
  expect(shown.nodes.map(({ name }: { name: string }) => name)).toEqual(NAMES);
  expect(shown.nodes[1]).toMatchObject({ rebuild: { done: 64, estimateMs: 90_000 } });
});

test('a member that does not answer is shown, and the debt is said to be of the others', async () => {
  giveWork();
  world.admins.delete('n2:1');
  const { stdout, exitCode } = await world.run('status', '--repair', '-n', 'n1:1');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('12 copies of keys, at the members that answer');
  expect(stdout).toContain('n2  does not answer: n2:1 refused the connection');
});

test('status --repair --watch says that all members are asked, and goes on until it is stopped', async () => {
  let stop = (): void => undefined;
  world.signal = new Promise((resolve) => {
    stop = () => resolve('SIGINT');
  });
  const running = world.run('status', '--repair', '--watch', '-n', 'n1:1');
  await world.clock.settle();
  await world.clock.advance(2_000);
  expect(world.writes).toHaveLength(3);
  expect(world.writes[2]).toContain(
    'Z as told by all members of the cluster of n1:1, every 1000 ms',
  );
  expect(world.writes[2]).toContain('repair debt  0 copies of keys');
  stop();
  expect((await running).exitCode).toBe(0);
});

test('repair asks every member, and says where to look', async () => {
  giveWork();
  const { stdout, exitCode } = await world.run('repair', '-n', 'n1:1', '--partition', '7');
  expect(exitCode).toBe(0);
  expect(nodes.map(({ asked }) => asked)).toEqual(
    NAMES.map(() => [{ partition: 7, acceptLoss: false }]),
  );
  expect(stdout).toContain('2 pairs of replicas are compared first now');
  expect(world.opened).toBe(world.closed);
});

test('repair --wait ends when all are proved equal', async () => {
  const [first] = nodes as [RepairedNode];
  first.reply.pairs = [pairState({ lastEqualMs: 0, found: 0, differingBytes: 0 })];
  const { stdout, exitCode } = await world.run('repair', '--wait', '--json', '-n', 'n1:1');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ pairs: 1, equal: 1, found: 0, silent: [] });
});

test('repair with a silent member ends with 3 and names it', async () => {
  world.admins.delete('n3:1');
  const { stdout, exitCode } = await world.run('repair', '--wait', '-n', 'n1:1');
  expect(exitCode).toBe(3);
  expect(stdout).toContain('not asked: n3: n3:1 refused the connection');
});

test('a loss is accepted for the member that is named, and for no other', async () => {
  const { stdout } = await world.run('repair', '--accept-loss', 'n2', '-n', 'n1:1');
  expect(nodes.map(({ asked }) => asked.length)).toEqual([0, 1, 0]);
  expect(nodes[1]?.asked[0]).toEqual({ partition: undefined, acceptLoss: true });
  expect(stdout).toContain('the loss is accepted: n2');
  const wrong = await world.run('repair', '--accept-loss', 'n9', '-n', 'n1:1');
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain('they are n1, n2, n3');
});

test('bytes are shown in the largest unit that fits', () => {
  expect([0, 1_023, 1_024, 1_536, 5 * 1_024 ** 3].map(bytesText)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '5.0 GiB',
  ]);
});
