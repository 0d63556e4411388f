/** Good histories are accepted whole; one fault put into them flips the verdict of the checker that
 *  it is for. A draw that offers no place for the fault is skipped, and too many skips fail. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { oracleOf } from '../../../src/sim/checkers/causal-oracle.ts';
import type { Checker } from '../../../src/sim/checkers/checker.ts';
import { monotonicReads } from '../../../src/sim/checkers/monotonic-reads.ts';
import { noInvention } from '../../../src/sim/checkers/no-invention.ts';
import { noLostWrite } from '../../../src/sim/checkers/no-lost-write.ts';
import { noZombie } from '../../../src/sim/checkers/no-zombie.ts';
import { registerRegularity } from '../../../src/sim/checkers/register-regularity.ts';
import { siblingBound } from '../../../src/sim/checkers/sibling-bound.ts';
import type {
  History,
  ReadOperation,
  Seen,
  StoredSibling,
  WriteId,
  WriteOperation,
} from '../../../src/sim/history.ts';
import { goodHistory } from './good-history.ts';

const ALL = [noLostWrite, registerRegularity, monotonicReads, noInvention, noZombie, siblingBound];
const RUNS = 40;
/** Draws out of RUNS in which the fault must have found a place. */
const PLACES_MIN = 15;

const shapeArbitrary = fc.record({
  seed: fc.integer({ min: 0, max: 0xffff_ffff }),
  steps: fc.integer({ min: 60, max: 120 }),
  keys: fc.integer({ min: 1, max: 4 }),
  clients: fc.integer({ min: 1, max: 6 }),
  hasFree: fc.boolean(),
});

it('a good history is accepted by every checker', () => {
  fc.assert(
    fc.property(shapeArbitrary, (shape) => {
      const good = goodHistory(shape);
      for (const checker of ALL) expect(checker.check(good)).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

/** The history with a fault in it, or `undefined` when there is no place for it. */
type Fault = (
  good: History,
  pick: <T>(items: readonly T[]) => T | undefined,
) => History | undefined;

function flips(title: string, checker: Checker, fault: Fault): void {
  it(`${checker.name} finds ${title}`, () => {
    let places = 0;
    fc.assert(
      fc.property(shapeArbitrary, fc.nat(), (shape, chosen) => {
        const good = goodHistory({ ...shape, hasFree: false });
        const bad = fault(good, (items) => items[chosen % Math.max(1, items.length)]);
        if (bad === undefined) return;
        places += 1;
        expect(checker.check(good)).toEqual([]);
        expect(checker.check(bad)).not.toEqual([]);
      }),
      { numRuns: RUNS },
    );
    expect(places).toBeGreaterThanOrEqual(PLACES_MIN);
  });
}

flips('an acknowledged write dropped from the disks', noLostWrite, (good, pick) => {
  const write = pick(liveWrites(good));
  return write && onDisks(good, (siblings) => siblings.filter((s) => s.write !== write.write));
});

flips('an acknowledged write dropped from one disk that had it', noLostWrite, (good, pick) => {
  const write = pick(liveWrites(good));
  const keep = (siblings: readonly StoredSibling[]) =>
    siblings.filter((s) => s.write !== write?.write);
  return write && onDisks(good, keep, 'n0');
});

flips('a write that took the place of another unseen', noLostWrite, (good, pick) => {
  const write = pick(liveWrites(good));
  const other = writesOf(good).findLast(
    (candidate) =>
      write !== undefined &&
      candidate.key === write.key &&
      candidate.write !== write.write &&
      !isAbove(good, candidate, write),
  );
  if (write === undefined || other === undefined) return undefined;
  return onDisks(good, (siblings) =>
    siblings.map((s) => (s.write === write.write ? { ...s, write: other.write } : s)),
  );
});

flips('an acknowledged write dropped from all later reads', registerRegularity, (good, pick) => {
  const write = pick(seenLater(good).map(([first]) => first));
  return write && onReads(good, (read) => without(read, write.write));
});

flips('a replaced write shown once more', registerRegularity, (good, pick) => {
  const found = pick(replacedBefore(good, 'put'));
  return found && onReads(good, (read) => (read === found[2] ? plus(read, found[0].write) : read));
});

flips('the values of two reads swapped', registerRegularity, (good, pick) => {
  const pair = pick(readsApart(good));
  return pair && swapped(good, pair);
});

flips('the values of two reads swapped', monotonicReads, (good, pick) => {
  const pair = pick(readsApart(good).filter(([earlier]) => earlier.required >= 2));
  return pair && swapped(good, pair);
});

flips('a value that an earlier read showed and a later one lacks', monotonicReads, (good, pick) => {
  const quorum = readsOf(good).filter(({ required }) => required >= 2);
  const byWrite = new Map(writesOf(good).map((write) => [write.write, write]));
  const later = pick(
    quorum.filter((read) =>
      quorum.some(
        ({ key, endUs, seen }) =>
          key === read.key &&
          endUs < read.startUs &&
          seen.some(({ write }) => {
            const shown = byWrite.get(write ?? -1);
            return shown !== undefined && !mayBeDeleted(good, shown);
          }),
      ),
    ),
  );
  return later && onReads(good, (read) => (read === later ? { ...read, seen: [] } : read));
});

flips('a value that nobody wrote', noInvention, (good, pick) => {
  const chosen = pick(readsOf(good));
  const junk = { write: undefined, text: 'junk', dot: 'd?' };
  return chosen && onReads(good, (read) => (read === chosen ? withSeen(read, junk) : read));
});

flips('a value of another key', noInvention, (good, pick) => {
  const chosen = pick(readsOf(good));
  const foreign = pick(writesOf(good).filter(({ key }) => key !== chosen?.key));
  if (chosen === undefined || foreign === undefined) return undefined;
  return onReads(good, (read) => (read === chosen ? plus(read, foreign.write) : read));
});

flips('a value of the future', noInvention, (good, pick) => {
  const chosen = pick(readsOf(good));
  const future = writesOf(good).find(
    ({ key, startUs }) => chosen !== undefined && key === chosen.key && startUs > chosen.endUs,
  );
  if (chosen === undefined || future === undefined) return undefined;
  return onReads(good, (read) => (read === chosen ? plus(read, future.write) : read));
});

flips('a value on a disk that nobody wrote', noInvention, (good) =>
  onDisks(
    good,
    (siblings) => [
      ...siblings,
      { write: undefined, dot: 'd?', isTombstone: false, contentHash: 1 },
    ],
    'n1',
  ),
);

flips('a deleted value in a later read', noZombie, (good, pick) => {
  const found = pick(replacedBefore(good, 'delete'));
  return found && onReads(good, (read) => (read === found[2] ? plus(read, found[0].write) : read));
});

flips('a deleted value on a disk that acknowledged the delete', noZombie, (good, pick) => {
  const found = pick(replacedBefore(good, 'delete'));
  if (found === undefined) return undefined;
  const [value] = found;
  const zombie = { write: value.write, dot: `d${value.write}`, isTombstone: false, contentHash: 1 };
  return onDisks(good, (siblings) => [...siblings, zombie], 'n0', value.key);
});

flips('a value shown twice', siblingBound, (good, pick) => {
  const chosen = pick(readsOf(good).filter(({ seen }) => seen.length > 0));
  const [first] = chosen?.seen ?? [];
  if (first === undefined) return undefined;
  return onReads(good, (read) => (read === chosen ? withSeen(read, first) : read));
});

flips('a value shown beside what had seen it', siblingBound, (good, pick) => {
  const chosen = pick(
    readsOf(good).flatMap((read) =>
      read.seen.flatMap(({ write }) => {
        const upper = writesOf(good).find((candidate) => candidate.write === write);
        const given = upper?.given?.find((id) => isPut(good, id));
        return given === undefined ? [] : [{ read, given }];
      }),
    ),
  );
  return (
    chosen && onReads(good, (read) => (read === chosen.read ? plus(read, chosen.given) : read))
  );
});

flips('a reply that tells of more siblings than there can be', siblingBound, (good, pick) => {
  const chosen = pick(writesOf(good).filter(({ outcome }) => outcome === 'ok'));
  if (chosen === undefined) return undefined;
  const siblings = writesOf(good).length + 2;
  return {
    ...good,
    operations: good.operations.map((o) => (o === chosen ? { ...chosen, siblings } : o)),
  };
});

function readsOf(good: History): readonly ReadOperation[] {
  return good.operations.flatMap((operation) => (operation.kind === 'get' ? [operation] : []));
}

function writesOf(good: History): readonly WriteOperation[] {
  return good.operations.flatMap((operation) => (operation.kind === 'get' ? [] : [operation]));
}

function isPut(good: History, write: WriteId): boolean {
  return writesOf(good).some((candidate) => candidate.write === write && candidate.kind === 'put');
}

function isAbove(good: History, upper: WriteOperation, lower: WriteOperation): boolean {
  const oracle = oracleOf(good).keys.get(lower.key);
  const below = oracle?.indexOf(lower.write);
  const above = oracle?.indexOf(upper.write);
  if (oracle === undefined || below === undefined || above === undefined) return false;
  return oracle.isBelow(below, above);
}

/** Whether a delete, perhaps one of which nobody knows the outcome, may have removed it. */
function mayBeDeleted(good: History, write: WriteOperation): boolean {
  return writesOf(good).some(
    (other) => other.kind === 'delete' && other.key === write.key && isAbove(good, other, write),
  );
}

/** Acknowledged puts that the disks hold at the end, and must. */
function liveWrites(good: History): readonly WriteOperation[] {
  const live = new Set<WriteId | undefined>();
  for (const { siblings } of good.contents[0]?.records.values() ?? []) {
    for (const { write, isTombstone } of siblings) if (!isTombstone) live.add(write);
  }
  return writesOf(good).filter(
    (write) => write.outcome === 'ok' && live.has(write.write) && !mayBeDeleted(good, write),
  );
}

/** Acknowledged puts, each with a strict read that began later and shows it, where no delete could
 *  explain that it does not, and nothing above it is in sight. */
function seenLater(good: History): readonly (readonly [WriteOperation, ReadOperation])[] {
  return writesOf(good).flatMap((write) => {
    if (write.outcome !== 'ok' || write.kind === 'delete') return [];
    const read = readsOf(good).find(
      (candidate) =>
        candidate.key === write.key &&
        candidate.startUs > write.endUs &&
        candidate.required + write.required > good.replicas &&
        candidate.seen.some((seen) => seen.write === write.write) &&
        !mayBeDeleted(good, write),
    );
    return read === undefined ? [] : [[write, read] as const];
  });
}

/** A put, an acknowledged write of the kind that was given it, and a later read that must meet it.
 */
function replacedBefore(
  good: History,
  kind: 'put' | 'delete',
): readonly (readonly [WriteOperation, WriteOperation, ReadOperation])[] {
  return writesOf(good).flatMap((upper) => {
    if (upper.kind !== kind || upper.outcome !== 'ok') return [];
    const lower = writesOf(good).find(
      ({ write, kind: lowerKind }) => lowerKind === 'put' && upper.given?.includes(write),
    );
    const read = readsOf(good).find(
      ({ key, startUs, required }) =>
        key === upper.key && startUs > upper.endUs && required + upper.required > good.replicas,
    );
    return lower === undefined || read === undefined ? [] : [[lower, upper, read] as const];
  });
}

type Pair = readonly [ReadOperation, ReadOperation];

/** Two strict reads of a key, the second after the first, that show one value each, of which the
 *  second had seen the first, and was acknowledged at quorum before the second read. */
function readsApart(good: History): readonly Pair[] {
  const single = readsOf(good).filter(({ seen, required }) => seen.length === 1 && required >= 2);
  const byWrite = new Map(writesOf(good).map((write) => [write.write, write]));
  const pairs: Pair[] = [];
  for (const later of single) {
    const upper = byWrite.get(later.seen[0]?.write ?? -1);
    if (upper?.outcome !== 'ok' || upper.required < 2 || upper.endUs >= later.startUs) continue;
    for (const earlier of single) {
      const lower = byWrite.get(earlier.seen[0]?.write ?? -1);
      if (earlier.key !== later.key || earlier.endUs >= later.startUs) continue;
      if (lower !== undefined && isAbove(good, upper, lower)) pairs.push([earlier, later]);
    }
  }
  return pairs;
}

function swapped(good: History, [earlier, later]: Pair): History {
  return onReads(good, (read) => {
    if (read === earlier) return { ...read, seen: later.seen };
    return read === later ? { ...read, seen: earlier.seen } : read;
  });
}

function onReads(good: History, change: (read: ReadOperation) => ReadOperation): History {
  const operations = good.operations.map((operation) =>
    operation.kind === 'get' ? change(operation) : operation,
  );
  return { ...good, operations };
}

function without(read: ReadOperation, write: WriteId): ReadOperation {
  return { ...read, seen: read.seen.filter((seen) => seen.write !== write) };
}

function plus(read: ReadOperation, write: WriteId): ReadOperation {
  return withSeen(read, { write, text: `w${write}`, dot: `d${write}` });
}

function withSeen(read: ReadOperation, seen: Seen): ReadOperation {
  return { ...read, seen: [...read.seen, seen] };
}

/** Changes every record, or those of one node, or of one key. */
function onDisks(
  good: History,
  change: (siblings: readonly StoredSibling[]) => readonly StoredSibling[],
  node?: string,
  key?: string,
): History {
  const contents = good.contents.map((disk) => {
    if (node !== undefined && disk.node !== node) return disk;
    const records = [...disk.records].map(([name, record]) => {
      if (key !== undefined && name !== key) return [name, record] as const;
      return [name, { ...record, siblings: change(record.siblings) }] as const;
    });
    return { ...disk, records: new Map(records) };
  });
  return { ...good, contents };
}
