/** `coterie status`: what it prints for people and for programs, once and while watching. */
import picocolors from 'picocolors';
import { beforeEach, describe, expect, test } from 'vitest';
import { statusJson, statusText } from '../../src/cli/status-view.ts';
import { CoterieError } from '../../src/core/errors.ts';
import type { StatusReply } from '../../src/wire/generated/coterie/v1/admin.ts';
import { memberStatus, statusReply } from './fake-node.ts';
import { FakeWorld, type Outcome } from './fake-world.ts';

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});

const SELF = memberStatus({
  link: 'self',
  inLayout: true,
  replicas: 256,
  layoutVersion: 1,
  standing: 'RECOVERING',
});
const OTHER = memberStatus({
  index: 1,
  name: 'n2',
  address: 'h2:1',
  zone: 'z2',
  link: 'refused',
  detail: 'h2:1 refuses connections',
  inLayout: true,
  state: 'DOWN',
  phi: 12.346,
  generation: 1_790_000_654_321,
  incarnation: 3,
  lastEvidenceMs: 4_200.4,
  clockOffsetMs: -12.6,
  inFlight: 7,
  layoutVersion: 1,
  standing: 'SERVING',
});
const SILENT = memberStatus({
  index: 2,
  name: 'n3',
  address: 'h3:1',
  inLayout: true,
  id: '',
  state: 'UNKNOWN',
  generation: 0,
  diskPercent: 0,
});
const FOUND = memberStatus({ name: 'n4', address: 'h4:1', lastEvidenceMs: 250 });

const STATUS = statusReply({
  clusterId: new Uint8Array(16).fill(0xab),
  layoutVersion: 1,
  layoutHash: new Uint8Array(32).fill(0xcd),
  partitions: 256,
  replicas: 3,
  state: 'RECOVERING',
  reason: 'its store is another one than its peers remember',
  members: [SELF, OTHER, SILENT, FOUND],
  tombstones: 3,
  unreadableKeys: 2,
});

describe('status for people', () => {
  test('says how the node is and why', async () => {
    world.admins.set('h1:1', { status: async () => STATUS });
    const { stdout, exitCode } = await world.run('status', '-n', 'h1:1');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('RECOVERING (its store is another one than its peers remember)');
    expect(stdout).toContain('up 1 d 2 h');
    expect(stdout).toContain('12 keys (3 tombstones), run 4');
    expect(stdout).toContain('5.0 of 10.0 GiB free, 2 unreadable keys');
  });

  test('a clock that is as good as equal is ahead by nothing', async () => {
    const members = STATUS.members.map((member) => ({ ...member, clockOffsetMs: -0.3 }));
    world.admins.set('h1:1', { status: async () => ({ ...STATUS, members }) });
    const { stdout } = await world.run('status', '-n', 'h1:1');
    expect(stdout).toContain('\t+0 ms\t');
    expect(stdout).not.toContain('-0 ms');
  });

  test('shows each member in a line, and nodes that are none below', async () => {
    world.admins.set('h1:1', { status: async () => STATUS });
    const { stdout } = await world.run('status', '-n', 'h1:1');
    const [, members, found] = stdout.split('\n\n').map((part) => part.trimEnd().split('\n'));
    expect(members?.map((line) => line.split('\t').slice(0, 4))).toEqual([
      ['node', 'address', 'zone', 'state'],
      ['n1', 'h1:1', 'z1', 'ALIVE'],
      ['n2', 'h2:1', 'z2', 'DOWN'],
      ['n3', 'h3:1', 'z1', 'UNKNOWN'],
    ]);
    expect(members?.map((line) => line.split('\t').slice(4))).toEqual([
      ['phi', 'heard', 'generation', 'clock', 'disk', 'layout', 'in flight', 'standing', 'link'],
      ['-', '-', '..123456', '-', '42 %', '1', '0', 'RECOVERING', 'self'],
      [
        '12.3',
        '4.2 s',
        '..654321',
        '-13 ms',
        '42 %',
        '1',
        '7',
        'SERVING',
        expect.stringMatching(/^refused:/),
      ],
      ['-', '-', '-', '-', '-', '-', '0', '-', 'closed'],
    ]);
    expect(found).toEqual([
      'Found, not in this cluster:',
      expect.stringMatching(/^node\taddress\t/),
      'n4\th4:1\tz1\tALIVE\t0.0\t250 ms\t..123456\t-\t42 %\t-',
    ]);
  });

  test('counts the standings of the members, so that a member that only lives is not taken for whole', () => {
    const colors = picocolors.createColors(true);
    const look = { isTerminal: true, colors };
    const members = [
      { ...SELF, standing: 'SERVING' },
      { ...OTHER, state: 'ALIVE', standing: 'RECOVERING' },
      { ...OTHER, state: 'ALIVE', standing: 'RECOVERING' },
      SILENT,
      FOUND,
    ];
    const [serving, recovering] = [colors.green('1 SERVING'), colors.yellow('2 RECOVERING')];
    expect(statusText({ ...STATUS, members }, look)).toContain(
      `members  4: ${serving}, ${recovering}, ${colors.yellow('1 not known')}\n`,
    );
  });

  test('before init all nodes that were found are there, and what to do', () => {
    const members = [SELF, FOUND].map((of) => ({ ...of, inLayout: false, layoutVersion: 0 }));
    const look = { isTerminal: false, colors: picocolors.createColors(false) };
    const reason = 'this node knows of no cluster';
    const text = statusText(statusReply({ members, reason }), look);
    expect(text).toContain(`UNINITIALISED (${reason})\ncluster  none yet\n`);
    expect(text).toContain('Found, not yet a cluster:\nnode\t');
    expect(text).toMatch(/\nn1\t.*\nn4\t/);
  });

  test('nodes that are a cluster already are not said to be none', () => {
    const members = [
      { ...SELF, inLayout: false },
      { ...FOUND, layoutVersion: 1 },
    ];
    const look = { isTerminal: false, colors: picocolors.createColors(false) };
    const text = statusText(statusReply({ members }), look);
    expect(text).toContain('Found, a cluster where there is a layout:\nnode\t');
    expect(text).not.toContain('not yet a cluster');
  });

  test('colours the states', () => {
    const colors = picocolors.createColors(true);
    const members = [SELF, OTHER, { ...SILENT, state: 'SLOW' }];
    const text = statusText({ ...STATUS, members }, { isTerminal: true, colors });
    for (const shown of [colors.green('ALIVE'), colors.red('DOWN'), colors.yellow('SLOW')]) {
      expect(text).toContain(shown);
    }
  });
});

describe('status for programs', () => {
  test('is cluster, layout, the node that was asked, and all nodes as it sees them', async () => {
    world.admins.set('h1:1', { status: async () => STATUS });
    const { stdout } = await world.run('status', '-n', 'h1:1', '--json');
    const status = JSON.parse(stdout);
    expect(Object.keys(status)).toEqual(['cluster', 'layout', 'node', 'nodes']);
    expect(status).toMatchObject({
      cluster: 'ab'.repeat(16),
      layout: { version: 1, hash: 'cd'.repeat(32), partitions: 256, replicas: 3 },
      node: {
        name: 'n1',
        address: 'h1:1',
        state: 'RECOVERING',
        reason: 'its store is another one than its peers remember',
        run: 4,
        keys: 12,
        tombstones: 3,
        unreadableKeys: 2,
        engine: 'rocksdb',
        disk: { freeBytes: 5 * 1_024 ** 3, totalBytes: 10 * 1_024 ** 3 },
      },
    });
    expect(status.nodes[1]).toEqual({
      id: 'n2',
      memberId: 'ab'.repeat(16),
      index: 1,
      inLayout: true,
      address: 'h2:1',
      zone: 'z2',
      datacentre: 'dc-1',
      weight: 1,
      state: 'DOWN',
      phi: 12.35,
      generation: 1_790_000_654_321,
      incarnation: 3,
      lastEvidenceMs: 4_200,
      clockOffsetMs: -13,
      diskPercent: 42,
      layoutVersion: 1,
      replicas: 0,
      inFlight: 7,
      standing: 'SERVING',
      link: 'refused',
      detail: 'h2:1 refuses connections',
    });
  });

  test('has its uptime in whole seconds', () => {
    expect(statusJson({ ...STATUS, uptimeSeconds: 12.345 }).node.uptimeSeconds).toBe(12);
  });

  test('leaves out what is not known', () => {
    const { nodes } = statusJson(STATUS);
    expect(nodes[2]).not.toHaveProperty('memberId');
    expect(nodes[2]).not.toHaveProperty('lastEvidenceMs');
    expect(nodes[2]).not.toHaveProperty('standing');
    expect(nodes[0]).not.toHaveProperty('clockOffsetMs');
    expect(nodes[3]).not.toHaveProperty('index');
    expect(nodes[3]).toMatchObject({ id: 'n4', inLayout: false, lastEvidenceMs: 250 });
  });
});

test('the next node is asked when one refuses, and all are named when none answers', async () => {
  world.admins.set('h2:1', { status: async () => STATUS });
  expect((await world.run('status', '-n', 'h1:1', '-n', 'h2:1')).exitCode).toBe(0);
  const none = await world.run('status', '-n', 'h1:1', '-n', 'h3:1');
  expect(none.exitCode).toBe(3);
  expect(none.stderr).toMatch(/UNREACHABLE: None of h1:1, h3:1 answered/);
  expect(world.closed).toBe(world.opened);
});

describe('status --watch', () => {
  let stop: () => void;
  let running: Promise<Outcome>;

  async function watch(...argv: string[]): Promise<void> {
    world.signal = new Promise((resolve) => {
      stop = () => resolve('SIGINT');
    });
    running = world.run('status', '--watch', ...argv);
    await world.clock.settle();
  }

  function answer(address: string, status: () => StatusReply | CoterieError): void {
    world.admins.set(address, {
      status: async () => {
        const reply = status();
        if (reply instanceof CoterieError) throw reply;
        return reply;
      },
    });
  }

  async function end(): Promise<Outcome> {
    stop();
    const outcome = await running;
    expect(outcome.exitCode).toBe(0);
    expect(world.clock.timerCount).toBe(0);
    expect(world.closed).toBe(world.opened);
    return outcome;
  }

  const gone = new CoterieError('UNREACHABLE', 'h1:1 refused the connection');

  test('prints a block after each interval, over one connection, until it is stopped', async () => {
    let keys = 0;
    answer('h1:1', () => {
      keys += 1;
      return { ...STATUS, keys };
    });
    await watch('2s', '-n', 'h1:1');
    await world.clock.advance(4_000);
    expect(world.writes).toHaveLength(3);
    expect(world.writes[2]).toMatch(/^\S+Z as seen by h1:1, every 2000 ms\nnode .*3 keys/s);
    expect(world.writes.join('')).not.toContain('\u001b');
    await end();
    expect(world.opened).toBe(1);
  });

  test('draws over the last picture on a terminal, and erases only what is left of it', async () => {
    world.isTerminal = true;
    answer('h1:1', () => STATUS);
    await watch('-n', 'h1:1');
    await world.clock.advance(1_000);
    expect(world.writes).toHaveLength(2);
    for (const picture of world.writes) {
      expect(picture.startsWith('\u001b[H')).toBe(true);
      expect(picture.endsWith('\u001b[K\n\u001b[J')).toBe(true);
      expect(picture).not.toContain('\u001b[2J');
      const lines = picture.split('\n').slice(0, -1);
      expect(lines.every((line) => line.endsWith('\u001b[K'))).toBe(true);
    }
    await end();
  });

  test('says that a node went away, keeps what was seen, and goes on when it is back', async () => {
    world.isTerminal = true;
    let reply: StatusReply | CoterieError = STATUS;
    answer('h1:1', () => reply);
    await watch('500ms', '-n', 'h1:1');
    reply = gone;
    await world.clock.advance(2_000);
    const picture = world.writes.at(-1);
    expect(picture).toContain('h1:1 does not answer: h1:1 refused the connection');
    expect(picture).toContain('What was seen 2 s ago:');
    expect(picture).toContain('RECOVERING');
    reply = { ...STATUS, state: 'SERVING' };
    await world.clock.advance(500);
    expect(world.writes.at(-1)).toContain('SERVING');
    expect(world.writes.at(-1)).not.toContain('does not answer');
    await end();
    expect(world.opened).toBe(1);
  });

  test('with --json prints one line per interval, and failures to standard error', async () => {
    let reply: StatusReply | CoterieError = gone;
    answer('h1:1', () => reply);
    await watch('--json', '-n', 'h1:1');
    reply = STATUS;
    await world.clock.advance(2_000);
    const { stdout, stderr } = await end();
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).node.name)).toEqual(['n1', 'n1']);
    expect(JSON.parse(stderr).error.code).toBe('UNREACHABLE');
  });

  test('asks the next of several nodes when one does not answer', async () => {
    answer('h2:1', () => STATUS);
    await watch('-n', 'h1:1', '-n', 'h2:1');
    await world.clock.advance(2_000);
    const { stdout, stderr } = await end();
    expect(stderr).toContain('UNREACHABLE: h1:1 refused the connection');
    expect(stdout.match(/as seen by h2:1/g)).toHaveLength(2);
  });

  test('stops at once while a node has not answered', async () => {
    world.admins.set('h1:1', { status: () => new Promise(() => undefined) });
    await watch('-n', 'h1:1');
    expect((await end()).stdout).toBe('');
  });

  test('ends with the error when asking again would not mend it', async () => {
    answer('h1:1', () => new CoterieError('VERSION_UNSUPPORTED', 'It is of another time'));
    await watch('-n', 'h1:1');
    expect((await running).exitCode).toBe(6);
    expect(world.closed).toBe(world.opened);
  });

  test.each(['0', '0s', '10ms'])('an interval of %s is a usage error', async (interval) => {
    const { exitCode, stderr } = await world.run('status', '--watch', interval);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('at least 100 ms');
  });
});
