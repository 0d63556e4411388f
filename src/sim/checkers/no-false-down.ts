/** Is a node that runs ever held to be DOWN without a reason? A reason is a fault that touched it,
 *  or the one who holds it to be DOWN, up to 60 virtual seconds ago.
 *  - Every kind of fault is a reason but those that silence nobody: a wall clock that jumps, a row
 *    that rots, a connection that is replayed, connections that break and can be made again, and a
 *    pause that is shorter than the time in which anybody may be accused. A partition touches those
 *    whom it parts.
 *  - So is the end of either process, and its next begin.
 *  - In a network with a heavy tail silence needs no fault: there nothing is judged.
 *  Invariant: a conviction is judged for as long as it lasts, so that one that outlives its reason
 *  by 60 s is found; it ends when the node is back, or who holds it ends.
 *  Not here: whether all agree in the end (members-agree.ts), how soon the dead are found.
 *  Source: ARCHITECTURE 5.10; Dadgar, Phillips, Currey 2018 (Lifeguard), false positives. */
import type { FaultEvent, History, MemberChange } from '../history.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';
import { changesOfRunning, restOf } from './running.ts';
import { firstUncovered, type Span } from './spans.ts';

const NAME = 'no-false-down';
const AFTERMATH_US = 60_000_000;
/** Nobody is accused before 3.9 s of silence (phi) and a round of probes, nor convicted within 4 s
 *  of that. */
const PAUSE_HARMLESS_US = 5_000_000;
const HARMLESS: readonly string[] = ['clock-jump', 'bit-rot', 'bad-block', 'replay', 'reset'];
/** They last until an event says that they end. */
const LASTING: readonly string[] = [
  'partition',
  'clog',
  'loss',
  'delay',
  'read-errors',
  'disk-full',
  'disk-stall',
  'pause',
  'slow-node',
];
const END = ' ends';

interface Conviction extends Span {
  readonly node: string;
  readonly about: string;
}

interface Trouble extends Span {
  readonly fault: FaultEvent;
}

export const noFalseDown: Checker = {
  name: NAME,
  promise: 'No running node is held DOWN when nothing touched it or the observer for 60 s',
  needs: ['membership'],
  check(history) {
    const findings = new Findings(NAME);
    if (history.hasHeavyTail === true) return findings.violations;
    const troubles = troublesOf(history);
    for (const conviction of convictionsOf(history)) {
      const { node, about, fromUs } = conviction;
      const excuses = excusesOf(history, troubles, [node, about]);
      const atUs = firstUncovered(conviction, excuses);
      if (atUs === undefined) continue;
      const since = atUs === fromUs ? '' : `, since ${seconds(fromUs)}`;
      const what = `${node} holds ${about} to be DOWN at ${seconds(atUs)}${since}`;
      const why = `it runs, and nothing has touched the two for ${AFTERMATH_US / 1_000_000} s`;
      findings.add(undefined, [], `${what}: ${why}`);
    }
    return findings.violations;
  },
};

function seconds(us: number): string {
  return `${(us / 1_000_000).toFixed(3)} s`;
}

function convictionsOf({ memberChanges = [], states = [], endUs }: History): Conviction[] {
  return memberChanges.flatMap((change, index) => {
    if (change.kind !== 'down') return [];
    const { node, about, atUs: fromUs } = change;
    const isBack = (later: MemberChange): boolean =>
      later.kind === 'up' && later.node === node && later.about === about;
    const back = memberChanges.slice(index + 1).find(isBack)?.atUs ?? endUs;
    const over = changesOfRunning(states, node).find((atUs) => atUs > fromUs) ?? endUs;
    return [{ node, about, fromUs, toUs: Math.min(back, over, endUs) - 1 }];
  });
}

function excusesOf(
  { states = [] }: History,
  troubles: readonly Trouble[],
  pair: readonly [observer: string, about: string],
): Span[] {
  const [observer, about] = pair;
  const touching = troubles.filter(({ fault }) => touches(fault, observer, about));
  // The first begin is that of all: nobody has reason to doubt anybody yet.
  const begunOrEnded = pair.flatMap((name) => changesOfRunning(states, name).slice(1));
  const turns = begunOrEnded.map((atUs) => ({ fromUs: atUs, toUs: atUs + AFTERMATH_US }));
  return [...touching, ...turns, ...restOf(states, about)];
}

/** One that names no nodes touches all. */
function touches({ nodes, sides }: FaultEvent, observer: string, about: string): boolean {
  if (sides !== undefined) {
    const [one, other] = sides;
    const isParted = (from: string, to: string): boolean =>
      one.includes(from) && other.includes(to);
    return isParted(observer, about) || isParted(about, observer);
  }
  return nodes === undefined || nodes.includes(observer) || nodes.includes(about);
}

function troublesOf({ faults, endUs }: History): Trouble[] {
  const open = new Map<string, FaultEvent[]>();
  const troubles: Trouble[] = [];
  const add = (begin: FaultEvent, untilUs: number): void => {
    const { kind, atUs } = begin;
    if (kind === 'pause' && untilUs - atUs < PAUSE_HARMLESS_US) return;
    troubles.push({ fault: begin, fromUs: atUs, toUs: untilUs + AFTERMATH_US });
  };
  for (const fault of faults) {
    const { kind, atUs, nodes } = fault;
    if (HARMLESS.includes(kind)) continue;
    const isEnd = kind.endsWith(END);
    const name = `${isEnd ? kind.slice(0, -END.length) : kind} ${nodes?.join(' ') ?? ''}`;
    if (isEnd) {
      const begin = open.get(name)?.shift();
      if (begin !== undefined) add(begin, atUs);
    } else if (LASTING.includes(kind)) {
      open.set(name, [...(open.get(name) ?? []), fault]);
    } else {
      add(fault, atUs);
    }
  }
  // Of those whose end is not told nobody knows whether they are over.
  for (const begin of [...open.values()].flat()) add(begin, endUs);
  return troubles;
}
