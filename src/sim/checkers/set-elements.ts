/** Is every element still in its set? Clients keep a set as one value, read it, merge what they
 *  see, and write it back; an element whose adding write was acknowledged at a strict level stays
 *  until some write leaves it out on purpose.
 *  Invariants: an element counts as removed as soon as one write that was not refused may have left
 *  it out, whether or not that write was applied: on purpose where the client said so, otherwise by
 *  covering it without holding it; an element whose every acknowledging node lost its disk is not
 *  asked for.
 *  Not here: sets as a data type of the product.
 *  Source: Jepsen's set-full; docs/guarantees.md, G1; TESTING I9. */
import { majority } from '../../core/quorum/level.ts';
import type { History, ReadOperation, WriteId, WriteOperation } from '../history.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';
import { heldBy, neededBy } from './strictness.ts';

const NAME = 'set-elements';

export const setElements: Checker = {
  name: NAME,
  promise: 'G1: an element added at a strict level is in its set until it is removed',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    for (const set of setsOf(history)) checkSet(history, set, findings);
    return findings.violations;
  },
};

/** The operations of one key that holds a set. */
interface SetHistory {
  readonly key: string;
  readonly writes: WriteOperation[];
  readonly reads: ReadOperation[];
  /** What each write's value holds. */
  readonly holds: Map<WriteId, ReadonlySet<number>>;
}

interface Added {
  readonly element: number;
  /** The first acknowledgement. */
  readonly write: WriteOperation;
}

function setsOf(history: History): readonly SetHistory[] {
  const sets = new Map<string, SetHistory>();
  for (const operation of history.operations) {
    const { key } = operation;
    const set: SetHistory = sets.get(key) ?? { key, writes: [], reads: [], holds: new Map() };
    sets.set(key, set);
    if (operation.kind === 'get') {
      set.reads.push(operation);
    } else {
      set.writes.push(operation);
      if (operation.elements !== undefined) {
        set.holds.set(operation.write, new Set(operation.elements));
      }
    }
  }
  return [...sets.values()].filter(({ holds }) => holds.size > 0);
}

function checkSet(history: History, set: SetHistory, findings: Findings): void {
  const removed = removedElements(set);
  const added = addedElements(history, set).filter(({ element }) => !removed.has(element));
  checkStored(history, set, added, findings);
  for (const read of set.reads) checkRead(history, set, { read, added }, findings);
}

/** By acknowledged strict writes, each once. */
function addedElements(history: History, set: SetHistory): readonly Added[] {
  const added = new Map<number, Added>();
  for (const write of set.writes) {
    const element = write.write;
    if (write.outcome !== 'ok' || !set.holds.get(element)?.has(element)) continue;
    if (heldBy(write, history.replicas) < majority(history.replicas)) continue;
    const known = added.get(element);
    if (known === undefined || write.endUs < known.write.endUs) {
      added.set(element, { element, write });
    }
  }
  return [...added.values()];
}

/** Elements that some write may have left out. */
function removedElements({ writes, holds }: SetHistory): ReadonlySet<number> {
  const removed = new Set<number>();
  for (const { outcome, given, write, removes } of writes) {
    if (outcome === 'refused') continue;
    if (removes !== undefined) {
      for (const element of removes) removed.add(element);
      continue;
    }
    const kept = holds.get(write);
    for (const covered of given ?? holds.keys()) {
      if (covered === write) continue;
      for (const element of holds.get(covered) ?? []) {
        if (!kept?.has(element)) removed.add(element);
      }
    }
  }
  return removed;
}

function checkStored(
  history: History,
  { key, holds }: SetHistory,
  added: readonly Added[],
  findings: Findings,
): void {
  const serving = history.contents.filter(({ state, owns }) => state === 'SERVING' && owns(key));
  if (serving.length === 0) return;
  const stored = serving.flatMap(({ records }) => records.get(key)?.siblings ?? []);
  const union = unionOf(stored, holds);
  const lossy = new Set(history.losses.map(({ node }) => node));
  for (const { element, write } of added) {
    if (union.has(element)) continue;
    if (write.acknowledgedBy.every((node) => lossy.has(node))) continue;
    const told = `acknowledged to ${write.client} by ${write.acknowledgedBy.join(', ')}`;
    const message = `Element ${element} of set ${key}, ${told}, is in no replica at the end`;
    findings.add(key, [write.id], message);
  }
}

function checkRead(
  { replicas }: History,
  { key, holds }: SetHistory,
  { read, added }: { readonly read: ReadOperation; readonly added: readonly Added[] },
  findings: Findings,
): void {
  if (read.outcome !== 'ok') return;
  const needed = neededBy(read, replicas);
  const union = unionOf(read.seen, holds);
  for (const { element, write } of added) {
    if (write.endUs >= read.startUs || union.has(element)) continue;
    if (needed + heldBy(write, replicas) <= replicas) continue;
    const told = `Element ${element} of set ${key} was acknowledged to ${write.client}`;
    const message = `${told}, and the later read ${read.id} by ${read.client} lacks it`;
    findings.add(key, [write.id, read.id], message);
  }
}

function unionOf(
  values: readonly { readonly write: WriteId | undefined }[],
  holds: SetHistory['holds'],
): ReadonlySet<number> {
  const union = new Set<number>();
  for (const { write } of values) {
    const elements = write === undefined ? undefined : holds.get(write);
    for (const element of elements ?? []) union.add(element);
  }
  return union;
}
