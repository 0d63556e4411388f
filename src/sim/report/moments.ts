/** What of a whole run concerns one violation? The operations of its key, the faults around those
 *  it names, and what befell the nodes that acknowledged them.
 *  Invariant: a moment with a lower rank matters more; the order of equal ones is that of time.
 *  Not here: the words (sentences.ts), how many there is room for (story.ts). */
import type { Violation } from '../checkers/checker.ts';
import type { FaultEvent, History, Operation } from '../history.ts';
import { asks, clockTime, isTold, nameOf } from './sentences.ts';

export interface Moment {
  readonly atUs: number;
  readonly text: string;
  /** 0: the violation is about it; then 1, 2, ... */
  readonly rank: number;
}

const RANKS = { named: 0, fate: 1, write: 2, fault: 3, read: 4 } as const;
/** Faults this long before the first operation named, and after the last, are told. */
const AROUND_US = 5_000_000;
/** What may take away what a node had acknowledged, whenever it comes. */
const FATES: readonly string[] = [
  'crash',
  'power-loss',
  'wipe',
  'rollback',
  'lost-batch',
  'disk-losses-in-turn',
  'bit-rot',
  'bad-block',
  'set-aside',
  'node-aborted',
  'failed-sync',
];
/** States that every node goes through. */
const EXPECTED: readonly string[] = ['UNINITIALISED', 'UNVERIFIED', 'SERVING'];
/** Those that are about what nodes think of each other. */
const MEMBER_CHECKS: readonly string[] = ['members-agree', 'no-false-down'];
const CONCLUSIONS = {
  up: 'to be there',
  down: 'to be DOWN',
  flap: 'to come and go',
};
const NODE_NAME = /\bn\d+\b/g;

/** In the order of time. */
export function momentsOf(history: History, violation: Violation): readonly Moment[] {
  const named = new Set(violation.operations);
  const operations = history.operations.filter(({ id, key }) => {
    return named.has(id) || (violation.key !== undefined && key === violation.key);
  });
  const central = operations.filter(({ id }) => named.has(id));
  const nodes = nodesOf(violation, central.length === 0 ? operations : central);
  const moments = [
    ...operations.flatMap((operation) => operationMoments(operation, named)),
    ...faultMoments(history, { central, nodes }),
    ...stateMoments(history, nodes),
    ...(MEMBER_CHECKS.includes(violation.check) ? memberMoments(history, nodes) : []),
    ...lossMoments(history, nodes),
    ...(violation.check === 'dot-used-once' ? mintMoments(history, violation) : []),
    { atUs: history.healedUs, text: 'every fault is over', rank: RANKS.fate },
  ];
  const inOrder = moments
    .map((moment, index) => ({ moment, index }))
    .sort((one, other) => one.moment.atUs - other.moment.atUs || one.index - other.index)
    .map(({ moment }) => moment);
  return joined(inOrder);
}

/** Nodes that acknowledged or answered, and those that the violation names. */
function nodesOf(violation: Violation, operations: readonly Operation[]): ReadonlySet<string> {
  const nodes = new Set<string>(violation.message.match(NODE_NAME) ?? []);
  for (const operation of operations) {
    const names =
      operation.kind === 'get' ? (operation.answeredBy ?? []) : operation.acknowledgedBy;
    for (const name of names) nodes.add(name);
  }
  return nodes;
}

interface OperationMoment extends Moment {
  readonly operation: Operation;
  readonly isEnd: boolean;
}

function operationMoments(operation: Operation, named: ReadonlySet<number>): OperationMoment[] {
  const { id, kind, startUs, endUs } = operation;
  const rank = named.has(id) ? RANKS.named : kind === 'get' ? RANKS.read : RANKS.write;
  const begin = { operation, isEnd: false, atUs: startUs, text: asks(operation), rank };
  if (endUs === Number.POSITIVE_INFINITY) {
    return [{ ...begin, text: `${asks(operation)} and ${isTold(operation)}` }];
  }
  const text = `${nameOf(operation)} ${isTold(operation)}`;
  return [begin, { operation, isEnd: true, atUs: endUs, text, rank }];
}

/** Where nothing came between question and answer they are one moment. */
function joined(moments: readonly Moment[]): readonly Moment[] {
  const told: Moment[] = [];
  for (const moment of moments) {
    const before = told.at(-1);
    if (before !== undefined && isBegin(before) && isEndOf(before, moment)) {
      const took = `${((moment.atUs - before.atUs) / 1_000).toFixed(1)} ms later`;
      const text = `${before.text}, and ${took} ${isTold(before.operation)}`;
      told[told.length - 1] = { atUs: before.atUs, text, rank: before.rank };
    } else {
      told.push(moment);
    }
  }
  return told;
}

function isBegin(moment: Moment): moment is OperationMoment {
  return 'operation' in moment && 'isEnd' in moment && moment.isEnd === false;
}

function isEndOf(begin: OperationMoment, moment: Moment): boolean {
  return 'operation' in moment && moment.operation === begin.operation;
}

function faultMoments(
  history: History,
  {
    central,
    nodes,
  }: { readonly central: readonly Operation[]; readonly nodes: ReadonlySet<string> },
): Moment[] {
  const ends = central.map(({ startUs, endUs }) => (Number.isFinite(endUs) ? endUs : startUs));
  const starts = central.map(({ startUs }) => startUs);
  const fromUs = starts.length === 0 ? 0 : Math.min(...starts);
  const toUs = ends.length === 0 ? history.endUs : Math.max(...ends);
  return history.faults.flatMap((fault): Moment[] => {
    const { atUs, kind, text } = fault;
    const isFate = FATES.includes(kind) && atUs >= fromUs && strikes(fault, nodes);
    if (isFate) return [{ atUs, text, rank: RANKS.fate }];
    const isAround = atUs >= fromUs - AROUND_US && atUs <= toUs + AROUND_US;
    return isAround ? [{ atUs, text, rank: RANKS.fault }] : [];
  });
}

/** Whether one of the nodes is struck; a fault that names none strikes all. */
function strikes(fault: FaultEvent, nodes: ReadonlySet<string>): boolean {
  const struck = fault.nodes ?? fault.text.match(NODE_NAME) ?? [];
  return struck.length === 0 || struck.some((node) => nodes.has(node));
}

function stateMoments(history: History, nodes: ReadonlySet<string>): Moment[] {
  const changes = history.states?.filter(({ node, state, atUs }) => {
    // In the end every node is stopped.
    const isEnd = state === 'DOWN' && atUs > history.healedUs;
    return nodes.has(node) && !isEnd;
  });
  return (changes ?? []).map(({ atUs, node, state, reason }) => {
    const why = reason === '' ? '' : `: ${reason}`;
    const rank = EXPECTED.includes(state) ? RANKS.fault : RANKS.fate;
    return { atUs, text: `${node} is ${state}${why}`, rank };
  });
}

/** What the nodes thought of each other, as long as anything was broken. */
function memberMoments(history: History, nodes: ReadonlySet<string>): Moment[] {
  const among = (history.memberChanges ?? []).filter(({ node, about }) => {
    return nodes.has(node) && nodes.has(about);
  });
  return among.map(({ atUs, node, about, kind }) => {
    const text = `${node} holds ${about} ${CONCLUSIONS[kind]}`;
    return { atUs, text, rank: RANKS.fault };
  });
}

function lossMoments(history: History, nodes: ReadonlySet<string>): Moment[] {
  return history.losses
    .filter(({ node }) => nodes.has(node))
    .map(({ atUs, node, kind, intactUntilUs, keys }) => {
      const what = keys === undefined ? '' : `, of keys ${keys.slice(0, 5).join(', ')}`;
      const isOfRows = kind === 'bit-rot' || kind === 'bad-block';
      const since = isOfRows ? '' : ` since ${clockTime(intactUntilUs)}`;
      const text = `the disk of ${node} has lost synced data${since} (${kind}${what})`;
      return { atUs, text, rank: RANKS.fate };
    });
}

function mintMoments(history: History, { key }: Violation): Moment[] {
  const minted = history.minted.filter((mint) => mint.key === key);
  return minted.map(({ atUs, node, dot, isTombstone, contentHash }) => {
    const what = isTombstone ? 'a tombstone' : `content ${contentHash.toString(16)}`;
    return { atUs, text: `${node} gives dot ${dot} to ${what}`, rank: RANKS.write };
  });
}
