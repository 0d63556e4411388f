import { describe, expect, it } from 'vitest';
import type { Violation } from '../../../src/sim/checkers/checker.ts';
import type { History } from '../../../src/sim/history.ts';
import { tellStory } from '../../../src/sim/report/story.ts';
import type { RunResult } from '../../../src/sim/result.ts';
import { history } from '../checkers/history-dsl.ts';
import { largeScenario } from '../shrinking/fake-run.ts';

function resultOf(told: History, violation: Violation): RunResult {
  return {
    ...{ scenario: largeScenario(7), violations: [violation], traceHash: '', history: told },
    ...{ operations: 0, acknowledged: 0, faults: {}, messages: 0, virtualMs: 0, events: 0 },
    ...{ checksPassed: [], notEnabled: [], sometimes: {} },
  };
}

function story(told: History, violation: Violation): string {
  return tellStory(resultOf(told, violation), violation);
}

const lost: Violation = {
  check: 'no-lost-write',
  message: 'Write 2 of key k is gone',
  key: 'k',
  operations: [2],
};

const crash = { atUs: 2_600_000, kind: 'crash', text: 'n1 crashes and loses what was not synced' };

it('tells who asked for what, what was told, what broke and what is left', () => {
  const told: History = {
    ...history(`
      a put 1 [1000000,1004200] quorum by n0,n1
      b put 2 [2000000,2500000] w=2 given 1 by n1,n2 told 2
      a get [2100000,2200000] one sees 1
      c put 9 [2100000,2200000] key other
      d delete 3 [3000000,3900000] quorum unknown code DEADLINE_EXCEEDED blind
      b get [4000000,-] quorum unknown
      disk n0 1; disk n1 nothing; disk n2 1; state n1 RECOVERING
      loss n1 rollback at 2600000 intact 1500000; healed 5000000
    `),
    faults: [crash, { atUs: 2_700_000, kind: 'pause', text: 'n4 stands still for 3 s' }],
    states: [
      { atUs: 2_900_000, node: 'n1', state: 'RECOVERING', reason: 'its log ends at commit 4' },
    ],
  };
  expect(story(told, lost)).toBe(`no-lost-write: Write 2 of key k is gone
Promised: ${promiseOf('no-lost-write')}
Seed 7, workload register: 5 nodes, 3 replicas of each key, 8 clients, 400 steps, 60 faults
Replicas of k: n0, n1 and n2

What happened to k
  1.000 s  a puts w1 at quorum, knowing nothing, \
and 4.2 ms later is acknowledged as d1 by n0 and n1, 2 needed
> 2.000 s  b puts w2 at r=1, w=2, knowing w1
  2.100 s  a reads at one, and 100.0 ms later sees w1 (d1), from 1 reply, 1 needed
> 2.500 s  b's put of w2 is acknowledged as d2 by n1 and n2, 2 needed, 2 siblings
  2.600 s  n1 crashes and loses what was not synced
  2.600 s  the disk of n1 has lost synced data since 1.500 s (rollback)
  2.700 s  n4 stands still for 3 s
  2.900 s  n1 is RECOVERING: its log ends at commit 4
  3.000 s  d deletes (write 3) at quorum, whatever the node has, \
and 900.0 ms later may or may not be applied (DEADLINE_EXCEEDED)
  4.000 s  b reads at quorum and never ends
  5.000 s  every fault is over

What is left of k at the end
  n0  SERVING     w1 (d1)
  n1  RECOVERING  a record that cannot be read
  n2  SERVING     the same as n0
`);
});

function promiseOf(check: string): string {
  const line = story(history('a put 2 [0,1]'), { ...lost, check }).split('\n')[1] ?? '';
  return line.replace('Promised: ', '');
}

it('says which promise is broken', () => {
  expect(promiseOf('no-lost-write')).toMatch(/G1/);
  expect(promiseOf('replicas-equal')).toMatch(/G5/);
});

describe('what does not concern the violation is not told', () => {
  it('operations of other keys', () => {
    const text = story(history('a put 2 [0,9]; b put 3 [1,4] key other'), lost);
    expect(text).toContain('w2');
    expect(text).not.toContain('w3');
  });

  it('crashes of nodes that acknowledged nothing, unless they fall close by', () => {
    const far = { ...crash, atUs: 60_000_000, text: 'n4 crashes' };
    const near = { ...crash, atUs: 1_000_000, text: 'n3 crashes' };
    const late = { ...crash, atUs: 70_000_000, text: 'n1 crashes at last' };
    const told = { ...history('a put 2 [10,900] by n0,n1'), faults: [near, far, late] };
    const text = story(told, lost);
    expect(text).toContain('n3 crashes');
    expect(text).toContain('n1 crashes at last');
    expect(text).not.toContain('n4 crashes');
  });

  it('a crash of the acknowledging node before it had anything', () => {
    const before = { ...crash, atUs: 1_000_000, text: 'n1 crashes early' };
    const told = { ...history('a put 2 [10000000,10000900] by n0,n1'), faults: [before] };
    expect(story(told, lost)).not.toContain('early');
  });

  it('states of nodes that have no part in it', () => {
    const states = [
      { atUs: 50, node: 'n4', state: 'RECOVERING', reason: 'far away' },
      { atUs: 60, node: 'n0', state: 'UNVERIFIED', reason: '' },
    ];
    const text = story({ ...history('a put 2 [10,900] by n0,n1'), states }, lost);
    expect(text).not.toContain('far away');
    expect(text).toContain('n0 is UNVERIFIED\n');
  });
});

it('a power loss strikes every node, whatever its text says', () => {
  const dark = { atUs: 90_000_000, kind: 'power-loss', text: 'the power goes' };
  const told = { ...history('a put 2 [10,900] by n0,n1'), faults: [dark] };
  expect(story(told, lost)).toContain('90.000 s  the power goes');
});

it('nodes that a fault names beside its text are believed', () => {
  const told = {
    ...history('a put 2 [10,900] by n0,n1'),
    faults: [{ ...crash, atUs: 90_000_000, text: 'one of them crashes', nodes: ['n1'] }],
  };
  expect(story(told, lost)).toContain('one of them crashes');
});

describe('a story has at most 60 lines', () => {
  const many = Array.from({ length: 300 }, (_, index) => {
    const startUs = 1_000_000 + index * 10_000;
    return index % 3 === 0
      ? `a put ${100 + index} [${startUs},${startUs + 500}]`
      : `b get [${startUs},${startUs + 500}] sees nothing`;
  });
  const told = {
    ...history([...many, 'c put 2 [2500100,2500200] by n0,n1', 'disks 1'].join('\n')),
    faults: Array.from({ length: 100 }, (_, index) => ({
      ...{ atUs: 2_000_000 + index * 1_000, kind: 'reset', text: `stream ${index} breaks` },
    })),
  };
  const text = story(told, lost);

  it('and says how much was left out', () => {
    const lines = text.split('\n');
    expect(lines.length - 1).toBeLessThanOrEqual(60);
    expect(text).toMatch(/\(\d+ moments that matter less are left out\)/);
  });

  it('and keeps what the violation names, the end, and what is left', () => {
    expect(text).toContain('> 2.500 s  c puts w2');
    expect(text).toContain('every fault is over');
    expect(text).toContain('What is left of k at the end');
  });

  it('and of the rest what is closest, writes before faults and reads', () => {
    expect(text).toContain('2.500 s  a puts w250');
    expect(text).not.toContain('b reads');
    expect(text).not.toContain('stream');
  });
});

it('a violation without a key is told by its nodes', () => {
  const told = {
    ...history('a put 2 [10,900]; state n1 SERVING; state n2 SERVING; loss n1 wipe at 40'),
    states: [{ atUs: 60, node: 'n1', state: 'SERVING', reason: '' }],
  };
  const text = story(told, {
    ...{ check: 'refusal-to-serve', message: 'n1 lost data (wipe) and is SERVING at the end' },
    operations: [],
  });
  expect(text).toContain('the disk of n1 has lost synced data');
  expect(text).toContain('n1 is SERVING');
  expect(text).toContain('The nodes at the end\n  n1  SERVING\n  n2  SERVING\n');
  expect(text).not.toContain('w2');
});

it('mints are told when a dot was used twice', () => {
  const told = history(
    'mint n0 d7 hash 10 at 5; mint n1 d7 hash 11 at 8 tombstone; a get [9,12] sees 2@d7',
  );
  const twice = { ...lost, check: 'dot-used-once', operations: [1001] };
  expect(story(told, twice)).toContain('n0 gives dot d7 to content a');
  expect(story(told, twice)).toContain('n1 gives dot d7 to a tombstone');
  expect(story(told, lost)).not.toContain('gives dot');
});

describe('every answer has its words', () => {
  const words = (line: string) => story(history(line), lost);

  it.each([
    ['a put 2 [0,1000] refused code NO_REPLICA', 'is refused (NO_REPLICA)'],
    ['a put 2 [0,1000] overwrite', 'puts w2 at quorum, replacing what the node has'],
    ['a put 2 [0,1000] durable 1', '2 needed, 1 durable'],
    ['a put 2 [0,1000]; a put 2 [2000,3000] step 5', 'a, once more, puts w2'],
    ['a get [0,1000] sees nothing', 'sees nothing, from 2 replies'],
    ['a get [0,1000] sees 1 ?junk', "sees w1 (d1) and 'junk' (d?junk)"],
    ['a delete 2 [0,1000] given 1', 'deletes (write 2) at quorum, knowing w1'],
    ['a delete 2 [0,1000] unknown code X', 'may or may not be applied (X)'],
    ['a put 2 [0,1000] given 1,3,4,5,6,7,8,9,10', 'w8 and 2 more'],
    ['disk n0 !2 ?junk 3', 'a tombstone (d2), bytes of no write (d?junk) and w3 (d3)'],
  ])('%s', (line, expected) => {
    expect(words(line)).toContain(expected);
  });

  it('a delete that found nothing, and who answered a read', () => {
    const told = history('a delete 2 [0,1000] by n0; b get [2000,3000] sees 1');
    const [deletion, read] = told.operations;
    const operations = [
      { ...deletion!, found: false },
      { ...read!, answeredBy: ['n0', 'n2'] },
    ];
    const text = story({ ...told, operations: operations as History['operations'] }, lost);
    expect(text).toContain('is told by n0 that there is nothing to delete');
    expect(text).toContain('sees w1 (d1), from n0 and n2, 2 needed');
  });

  it('long messages are clipped to one line', () => {
    const told = history('a put 2 [0,1000] refused code OVERLOADED');
    const operations = told.operations.map((operation) => ({
      ...{ ...operation, message: `too\nmuch ${'x'.repeat(400)}` },
    }));
    const text = story({ ...told, operations }, lost);
    expect(text).toContain('(OVERLOADED: too much xxx');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(260);
  });
});

it('tells what nodes thought of each other when that is what is wrong', () => {
  const told = history(`
    state n0 SERVING at 1s; change n0 down n1 at 5s; change n0 flap n1 at 6s
    change n2 down n1 at 6s; change n0 up n1 at 7s; healed 9s; end 10s
  `);
  const message = 'After healing n0 holds n1 to be DOWN, and it runs';
  const said = story(told, { check: 'members-agree', message, operations: [] });
  expect(said).toContain('5.000 s  n0 holds n1 to be DOWN\n');
  expect(said).toContain('6.000 s  n0 holds n1 to come and go\n');
  expect(said).toContain('7.000 s  n0 holds n1 to be there\n');
  expect(said).not.toContain('n2 holds');
  expect(story(told, { ...lost, message })).not.toContain('n0 holds n1 to come');
});
