/** Does everybody see everybody again once nothing is broken any more: each node that runs holds
 *  each one that runs, itself included, to be ALIVE, and all mean the same start of it?
 *  Invariant: nodes that do not run neither judge nor are judged.
 *  Not here: what was thought while things were broken (no-false-down.ts).
 *  Source: ARCHITECTURE 5.10: views become equal again without an operator. */
import type { History, MemberView, ReplicaContents } from '../history.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';
import { isRunningState } from './running.ts';

const NAME = 'members-agree';

export const membersAgree: Checker = {
  name: NAME,
  promise:
    'After healing every running node sees every running node ALIVE, in the same start of it',
  needs: ['membership'],
  check({ contents, memberViews }: History) {
    const findings = new Findings(NAME);
    if (memberViews === undefined) return findings.violations;
    for (const message of disagreements(contents, memberViews)) {
      findings.add(undefined, [], message);
    }
    return findings.violations;
  },
};

/** The first one, in words; undefined when all agree. */
export function findDisagreement(
  nodes: readonly Pick<ReplicaContents, 'node' | 'state'>[],
  views: readonly MemberView[],
): string | undefined {
  for (const message of disagreements(nodes, views)) return message;
  return undefined;
}

function* disagreements(
  nodes: readonly Pick<ReplicaContents, 'node' | 'state'>[],
  views: readonly MemberView[],
): Generator<string> {
  const running = nodes.filter(({ state }) => isRunningState(state)).map(({ node }) => node);
  for (const about of running) {
    const told = views.filter((view) => view.about === about && running.includes(view.node));
    const own = told.find(({ node }) => node === about) ?? told[0];
    for (const node of running) {
      const found = told.filter((view) => view.node === node);
      const [view] = found;
      if (view === undefined) {
        yield `After healing ${node} has not heard of ${about}`;
      } else if (found.length > 1) {
        yield `After healing ${node} tells of ${found.length} members named ${about}`;
      } else if (view.state !== 'ALIVE') {
        yield `After healing ${node} holds ${about} to be ${view.state}, and it runs`;
      } else if (view.generation !== own?.generation) {
        const both = `${view.generation}, and ${own?.node} of ${own?.generation}`;
        yield `After healing ${node} knows of ${about} the start ${both}`;
      }
    }
  }
}
