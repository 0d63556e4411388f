import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findDisagreement, membersAgree } from '../../../src/sim/checkers/members-agree.ts';
import type { MemberView } from '../../../src/sim/history.ts';
import { history } from './history-dsl.ts';
import { accepts, rejects } from './judged.ts';

const GENERATIONS: Readonly<Record<string, number>> = { n0: 7, n1: 12, n2: 3 };
const NODES = Object.keys(GENERATIONS);
const SERVING = NODES.map((node) => `state ${node} SERVING`).join('; ');
/** Everybody sees everybody. */
const ALL = NODES.flatMap((node) => NODES.map((about) => view(node, about))).join('; ');

function view(node: string, about: string, state = 'ALIVE', of = GENERATIONS[about]): string {
  return `view ${node} ${about} ${state} of ${of}`;
}

/** All agree, but what `node` says of `about`. */
function but(node: string, about: string, instead: string): string {
  return `${SERVING}; ${ALL.replace(view(node, about), instead)}`;
}

accepts(
  membersAgree,
  [
    ['nothing at all', ''],
    ['nodes that nobody asked', SERVING],
    ['nodes that see each other', `${SERVING}; ${ALL}`],
    ['a single node', 'state n0 SERVING; view n0 n0 ALIVE of 1'],
    ['two nodes', `state n0 SERVING; state n1 SERVING; ${ALL}`],
    ['a node that recovers and is seen', `${SERVING}; state n1 RECOVERING; ${ALL}`],
    ['a node that is not verified and is seen', `${SERVING}; state n1 UNVERIFIED; ${ALL}`],
    ['a node without a cluster that is seen', `${SERVING}; state n1 UNINITIALISED; ${ALL}`],
    [
      'a node that is gone and held to be',
      `${but('n0', 'n1', 'view n0 n1 DOWN of 12')}; ${gone()}`,
    ],
    ['a node that is gone and still thought there', `${SERVING}; ${ALL}; state n1 DOWN`],
    [
      'a node that failed and is suspected',
      `${but('n0', 'n1', view('n0', 'n1', 'SUSPECT'))}; fail`,
    ],
    ['what a node says that has failed', `${but('n1', 'n0', view('n1', 'n0', 'DOWN'))}; fail`],
    ['what a node says that is stopping', `${but('n1', 'n0', view('n1', 'n0', 'DOWN'))}; stop`],
    ['a node that is gone and never heard of', `${but('n0', 'n1', gone())}; ${gone()}`],
    ['generation 0', 'state n0 SERVING; view n0 n0 ALIVE of 0'],
    ['a start of the year 9999', 'state n0 SERVING; view n0 n0 ALIVE of 253402300799999'],
    ['a member that is no node of the run', `${SERVING}; ${ALL}; view n0 stranger DOWN of 1`],
    ['convictions on the way there', `${SERVING}; ${ALL}; change n0 down n1 at 5; healed 9`],
  ].map(([title = '', text = '']) => [title, spelled(text)] as const),
);

rejects(
  membersAgree,
  [
    ['a node that is held to be down', but('n0', 'n1', view('n0', 'n1', 'DOWN'))],
    ['a node that is suspected', but('n0', 'n1', view('n0', 'n1', 'SUSPECT'))],
    ['a node that is avoided', but('n2', 'n1', view('n2', 'n1', 'AVOID'))],
    ['a node that is slow', but('n2', 'n0', view('n2', 'n0', 'SLOW'))],
    ['a node that is unknown', but('n2', 'n0', view('n2', 'n0', 'UNKNOWN'))],
    ['a node that is said to have left', but('n2', 'n0', view('n2', 'n0', 'LEFT'))],
    ['a node that has never been heard of', but('n0', 'n2', 'end 1')],
    ['an older start', but('n0', 'n1', view('n0', 'n1', 'ALIVE', 11))],
    ['a later start than its own', but('n0', 'n1', view('n0', 'n1', 'ALIVE', 13))],
    ['no start at all', but('n0', 'n1', 'view n0 n1 ALIVE')],
    ['a node that does not know its own start', but('n1', 'n1', view('n1', 'n1', 'ALIVE', 11))],
    ['a node that thinks itself down', but('n1', 'n1', view('n1', 'n1', 'DOWN'))],
    ['a node that does not know itself', but('n1', 'n1', 'end 1')],
    ['two members of one name', `${SERVING}; ${ALL}; view n0 n1 ALIVE of 12`],
    ['an old member beside the new', `${SERVING}; ${ALL}; view n0 n1 DOWN of 5`],
    ['a node that says nothing', `${SERVING}; ${ALL}; state n3 SERVING`],
    ['a recovering node that is held to be down', `${but('n0', 'n1', dead())}; recover`],
    [
      'what a recovering node thinks of others',
      `${but('n1', 'n0', view('n1', 'n0', 'DOWN'))}; recover`,
    ],
    [
      'two that hold each other to be down',
      but('n0', 'n1', `${dead()}; ${view('n1', 'n0', 'DOWN')}`),
    ],
    ['a disagreement beside a node that is gone', `${but('n0', 'n1', dead())}; state n2 DOWN`],
    ['a single node that thinks it is down', 'state n0 SERVING; view n0 n0 DOWN of 1'],
  ].map(([title = '', text = '']) => [title, spelled(text)] as const),
);

function gone(): string {
  return 'state n1 DOWN';
}

function dead(): string {
  return view('n0', 'n1', 'DOWN');
}

/** What becomes of n1 in the end, in a word. */
function spelled(text: string): string {
  return text
    .replace(/; fail$/, '; state n1 FAILED')
    .replace(/; stop$/, '; state n1 STOPPING')
    .replace(/; recover$/, '; state n1 RECOVERING');
}

describe('what is said of a disagreement', () => {
  it.each([
    [but('n0', 'n1', dead()), 'After healing n0 holds n1 to be DOWN, and it runs'],
    [but('n0', 'n1', 'end 1'), 'After healing n0 has not heard of n1'],
    [
      but('n0', 'n1', view('n0', 'n1', 'ALIVE', 11)),
      'After healing n0 knows of n1 the start 11, and n1 of 12',
    ],
    [`${SERVING}; ${ALL}; view n0 n1 ALIVE of 12`, 'After healing n0 tells of 2 members named n1'],
  ])('%s', (text, message) => {
    const told = history(text);
    expect(membersAgree.check(told).map((violation) => violation.message)).toEqual([message]);
    expect(findDisagreement(told.contents, told.memberViews ?? [])).toBe(message);
  });
});

it('any one view of many that is changed is found, and no other', () => {
  const nodes = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(
      nodes,
      fc.nat(),
      fc.constantFrom('state', 'generation', 'gone'),
      (count, at, how) => {
        const names = Array.from({ length: count }, (_, index) => `n${index}`);
        const good = history(names.map((name) => `state ${name} SERVING`).join('; '));
        const views = names.flatMap((node) =>
          names.map((about, index): MemberView => {
            return { node, about, state: 'ALIVE', generation: 1_000 + index };
          }),
        );
        expect(membersAgree.check({ ...good, memberViews: views })).toEqual([]);
        const chosen = views[at % views.length];
        if (chosen === undefined || (how === 'generation' && count === 1)) return;
        const spoilt = { ...chosen, ...(how === 'state' ? { state: 'DOWN' } : { generation: 5 }) };
        const bad = views.flatMap((other) => {
          if (other !== chosen) return [other];
          return how === 'gone' ? [] : [spoilt];
        });
        if (bad.length === 0) return;
        const found = membersAgree.check({ ...good, memberViews: bad });
        expect(found.length).toBeGreaterThan(0);
        for (const { message } of found) expect(message).toContain(chosen.about);
      },
    ),
    { numRuns: 200 },
  );
});
