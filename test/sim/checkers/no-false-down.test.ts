import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noFalseDown } from '../../../src/sim/checkers/no-false-down.ts';
import { history } from './history-dsl.ts';
import { accepts, rejects } from './judged.ts';

/** Three nodes that have run since 1 s, in a run of 300 s. */
const RUN = ['n0', 'n1', 'n2'].map((node) => `state ${node} SERVING at 1s; end 300s`).join('; ');
const down = (at: number) => `change n0 down n1 at ${at}s`;
const up = (at: number) => `change n0 up n1 at ${at}s`;
/** Held to be down from 100 s to 110 s. */
const HELD = `${RUN}; ${down(100)}; ${up(110)}`;
const lasts = (kind: string, from: number, to: number, by = 'n1') =>
  `fault ${from}s ${kind} x by ${by}; fault ${to}s ${kind} ends by ${by}`;

const POINTS = ['crash', 'restart', 'power-loss', 'wipe', 'rollback', 'lost-batch', 'failed-sync'];
const SPANS = ['partition', 'clog', 'loss', 'delay', 'read-errors', 'disk-full', 'disk-stall'];

accepts(noFalseDown, [
  ['nothing at all', ''],
  ['nodes that hear each other', RUN],
  ['members that come up', `${RUN}; change n0 up n1 at 2s; change n1 up n0 at 2s`],
  ['a member that flaps', `${RUN}; change n0 flap n1 at 200s`],
  ...POINTS.map((kind) => [`a ${kind} before it`, `${HELD}; fault 95s ${kind} x by n1`] as const),
  ...SPANS.map((kind) => [`a ${kind} under way`, `${HELD}; ${lasts(kind, 90, 120)}`] as const),
  ['a fault of an unknown kind', `${HELD}; fault 95s earthquake x by n1`],
  ['a node that failed', `${HELD}; fault 95s node-failed x by n1`],
  ['a fault that names nobody', `${HELD}; fault 95s loss x`],
  ['a fault that touched the observer', `${HELD}; fault 95s crash x by n0`],
  ['a fault that touched both and others', `${HELD}; ${lasts('partition', 90, 99, 'n2,n1,n0')}`],
  ['a fault of almost 60 s ago', `${HELD}; fault 51s crash x by n1`],
  ['a long partition', `${RUN}; ${lasts('partition', 20, 250)}; ${down(100)}; ${up(270)}`],
  ['a partition that never ends', `${RUN}; fault 20s partition x by n1; ${down(100)}`],
  ['a pause of 5 s', `${HELD}; ${lasts('pause', 95, 100)}`],
  ['a slow observer', `${HELD}; ${lasts('slow-node', 40, 60, 'n0')}`],
  ['a pause under way', `${HELD}; ${lasts('pause', 80, 105)}`],
  [
    'two faults, the second while the first one counts',
    `${RUN}; ${down(100)}; ${up(190)};
    fault 95s crash x by n1; fault 140s crash x by n0`,
  ],
  ['a node that is gone', `${RUN}; state n1 DOWN at 95s; ${down(100)}`],
  ['a node that is gone for long', `${RUN}; state n1 DOWN at 20s; ${down(200)}`],
  ['a node that has failed for long', `${RUN}; state n1 FAILED at 20s; ${down(200)}`],
  [
    'a node that was gone and came back',
    `${RUN}; state n1 DOWN at 20s; ${down(22)};
    state n1 UNVERIFIED at 200s; state n1 SERVING at 201s; ${up(202)}`,
  ],
  [
    'a node that came back 59 s ago',
    `${RUN}; state n1 DOWN at 20s; ${down(22)};
    state n1 SERVING at 200s; ${up(259)}`,
  ],
  [
    'an observer that has just started',
    `${RUN}; state n0 DOWN at 20s; state n0 SERVING at 90s;
    ${down(100)}; ${up(110)}`,
  ],
  [
    'a conviction that ends with its observer',
    `${RUN}; ${lasts('partition', 20, 30)}; ${down(35)};
    state n0 DOWN at 80s; state n0 SERVING at 200s`,
  ],
  ['a conviction that lasts to the end of a run', `${RUN}; fault 290s crash x by n1; ${down(295)}`],
  ['a partition between the two', `${HELD}; ${lasts('partition', 80, 99, 'n0,n2 against n1')}`],
  [
    'a partition between the two, the other way round',
    `${HELD}; ${lasts('partition', 80, 99, 'n1 against n0')}`,
  ],
  ['a network with a heavy tail', `${HELD}; tailed`],
]);

rejects(noFalseDown, [
  ['a conviction out of nothing', HELD],
  ['one that never ends', `${RUN}; ${down(100)}`],
  ['one of which nobody knows who ran', `${down(100)}; end 300s`],
  ['one of a recovering node', `${HELD}; state n1 RECOVERING at 90s`],
  ['one by a recovering node', `${HELD}; state n0 RECOVERING at 90s`],
  ['a fault of 61 s ago', `${HELD}; fault 39s crash x by n1`],
  ['a fault that touched a third one', `${HELD}; fault 95s crash x by n2`],
  ['nodes that have only begun', `${RUN}; ${down(30)}; ${up(50)}`],
  [
    'a partition with both on one side',
    `${HELD}; ${lasts('partition', 80, 99, 'n2 against n0,n1')}`,
  ],
  ['a partition of others', `${HELD}; ${lasts('partition', 80, 120, 'n2,n3')}`],
  ['a fault that came after it', `${HELD}; fault 101s crash x by n1`],
  ['a partition that was over 61 s before', `${HELD}; ${lasts('partition', 20, 39)}`],
  ['a clock that jumped', `${HELD}; fault 95s clock-jump x by n1`],
  ['a row that rotted', `${HELD}; fault 95s bit-rot x by n1`],
  ['a connection that was replayed', `${HELD}; fault 95s replay x by n1`],
  ['connections that broke', `${HELD}; fault 95s reset x by n0,n1`],
  ['a short pause', `${HELD}; ${lasts('pause', 96, 99)}`],
  ['a short pause of the observer', `${HELD}; ${lasts('pause', 96, 99, 'n0')}`],
  ['a conviction that outlives its reason', `${RUN}; ${lasts('partition', 20, 40)}; ${down(35)}`],
  ['one that outlives it until late', `${RUN}; ${lasts('loss', 20, 40)}; ${down(35)}; ${up(101)}`],
  [
    'a node that came back long ago',
    `${RUN}; state n1 DOWN at 20s; ${down(22)};
    state n1 SERVING at 100s; ${up(170)}`,
  ],
  [
    'a hole between two reasons',
    `${RUN}; ${down(100)}; ${up(299)}; fault 95s crash x by n1;
    fault 170s crash x by n1`,
  ],
  [
    'the second of two convictions',
    `${RUN}; fault 60s crash x by n1; ${down(65)}; ${up(70)};
    ${down(200)}; ${up(201)}`,
  ],
  [
    'the first of two convictions',
    `${RUN}; ${down(100)}; ${up(110)}; fault 200s crash x by n1;
    ${down(205)}; ${up(210)}`,
  ],
  [
    'one observer of two',
    `${RUN}; fault 95s crash x by n0; ${down(100)}; ${up(110)};
    change n2 down n1 at 100s; change n2 up n1 at 110s`,
  ],
  [
    'a member that only another observer sees again',
    `${RUN}; fault 95s crash x by n1; ${down(98)};
    change n2 up n1 at 105s`,
  ],
  [
    'of two partitions the one that is over',
    `${RUN}; ${lasts('partition', 20, 30)};
    ${lasts('partition', 25, 35, 'n0,n1')}; ${down(100)}`,
  ],
]);

describe('what is said', () => {
  it('of a conviction without a reason', () => {
    const [violation] = noFalseDown.check(history(HELD));
    expect(violation).toEqual({
      check: 'no-false-down',
      message:
        'n0 holds n1 to be DOWN at 100.000 s: it runs, and nothing has touched the two for 60 s',
      operations: [],
    });
  });

  it('of one that outlived its reason', () => {
    const text = `${RUN}; ${lasts('partition', 20, 40)}; ${down(35)}`;
    expect(noFalseDown.check(history(text))[0]?.message).toMatch(
      /^n0 holds n1 to be DOWN at 100.000 s, since 35.000 s: /,
    );
  });
});

it('a conviction is accepted just as long as its reason counts', () => {
  const time = fc.integer({ min: 62, max: 200 });
  const length = fc.integer({ min: 1, max: 90 });
  fc.assert(
    fc.property(time, length, fc.constantFrom('n0', 'n1'), (at, lasting, struck) => {
      const fault = `fault ${at}s crash x by ${struck}`;
      const held = `${RUN}; ${down(at)}; ${up(at + lasting)}`;
      const found = noFalseDown.check(history(`${held}; ${fault}`));
      expect(found.length).toBe(lasting > 60 ? 1 : 0);
      expect(noFalseDown.check(history(held))).toHaveLength(1);
    }),
    { numRuns: 100 },
  );
});

it('a reason taken out of a good history is missed', () => {
  const observers = fc.array(fc.integer({ min: 62, max: 290 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(observers, fc.nat(), (times, chosen) => {
      const pairs = times.map((at, index) => ({
        at,
        node: `m${2 * index}`,
        about: `m${2 * index + 1}`,
      }));
      const faults = pairs.map(({ at, about }) => `fault ${at - 1}s crash x by ${about}`);
      const held = pairs.map(
        ({ at, node, about }) =>
          `change ${node} down ${about} at ${at}s; change ${node} up ${about} at ${at + 5}s`,
      );
      const good = [...faults, ...held, 'end 300s'].join('; ');
      expect(noFalseDown.check(history(good))).toEqual([]);
      const at = chosen % pairs.length;
      const bad = [...faults.toSpliced(at, 1), ...held, 'end 300s'].join('; ');
      const found = noFalseDown.check(history(bad));
      expect(found.map(({ message }) => message.split(' ')[0])).toEqual([pairs[at]?.node]);
    }),
    { numRuns: 100 },
  );
});
