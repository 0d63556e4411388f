/** Which write of a key had seen which other, told by the values that clients were shown and not by
 *  any clock of the product.
 *  Invariants: `below` is transitive and holds the write itself; a write is only ever above writes
 *  that started before it; all tries of one write are one here; a write whose context the server
 *  chose (`isFree`) is above nothing for certain, and perhaps above whatever started before its
 *  last effect, but a delete that looked first is above all that a majority had acknowledged when
 *  it began; something refused in every try was never there.
 *  What a loss of a disk does: `Acknowledgement.heldUntilUs` is when the last node that certainly
 *  had the write durable may have lost it. A loss at a node destroys what was synced from its
 *  intactUntilUs to its atUs (of the keys it names, if any). Where fewer were durable than
 *  acknowledged, the ones that were not may be those that are left.
 *  Not here: what readers must see (explanation.ts and the checkers).
 *  Source: Preguiça et al. 2012, causal histories; docs/guarantees.md G1, G7. */
import { majority } from '../../core/quorum/level.ts';
import type {
  DiskLoss,
  History,
  Operation,
  ReadOperation,
  WriteId,
  WriteOperation,
} from '../history.ts';
import { type BitRow, hasBit, joinBits, setBit, wordCount } from './bit-rows.ts';
import { rebuiltUs } from './rebuilt.ts';
import { heldBy } from './strictness.ts';

export interface Acknowledgement {
  readonly operation: WriteOperation;
  /** When the client knew. */
  readonly atUs: number;
  /** How many replicas certainly had it durable, not more than its level needs. */
  readonly holders: number;
  readonly heldUntilUs: number;
}

export interface OracleWrite {
  readonly write: WriteId;
  readonly kind: 'put' | 'delete';
  /** Among the writes of the key, by start. */
  readonly index: number;
  /** Of the first try. */
  readonly startUs: number;
  /** No try changes anything after this time; `Infinity` when one is unknown. */
  readonly effectEndUs: number;
  readonly isRefused: boolean;
  readonly isFree: boolean;
  readonly given: readonly WriteId[];
  readonly acknowledgements: readonly Acknowledgement[];
  /** Two events of this one write have been in sight: a try repeated through another node may have
   *  come after the first was replaced, and the context that replaced it did not cover it
   *  (docs/guarantees.md, "Retries and request ids"). */
  readonly hasTwins: boolean;
  /** Steps: all tries. */
  readonly operations: readonly number[];
}

/** The writes and reads of one key. */
export class KeyOracle {
  readonly key: string;
  /** By start. */
  readonly writes: readonly OracleWrite[];
  /** Those that were answered, by start. */
  readonly reads: readonly ReadOperation[];
  readonly #indexes: ReadonlyMap<WriteId, number>;
  readonly #below: readonly BitRow[];
  /** For each write: what started before may be below it by way of a free write. */
  readonly #mayBelowBeforeUs: readonly number[];

  constructor(key: string, writes: readonly OracleWrite[], reads: readonly ReadOperation[]) {
    this.key = key;
    this.writes = writes;
    this.reads = reads;
    this.#indexes = new Map(writes.map(({ write, index }) => [write, index]));
    const words = wordCount(writes.length);
    const cells = new Uint32Array(words * writes.length);
    const below: BitRow[] = [];
    const mayBelow: number[] = [];
    for (const write of writes) {
      const row = cells.subarray(write.index * words, (write.index + 1) * words);
      const given = this.#earlier(write);
      let beforeUs = write.isFree ? write.effectEndUs : Number.NEGATIVE_INFINITY;
      for (const index of given) {
        const chainUs = Math.min(mayBelow[index] ?? 0, write.startUs);
        if (chainUs > beforeUs) beforeUs = chainUs;
        if (!hasBit(row, index)) joinBits(row, below[index] ?? row);
      }
      setBit(row, write.index);
      below.push(row);
      mayBelow.push(beforeUs);
    }
    this.#below = below;
    this.#mayBelowBeforeUs = mayBelow;
  }

  indexOf(write: WriteId | undefined): number | undefined {
    return write === undefined ? undefined : this.#indexes.get(write);
  }

  /** The write and all that it had seen, as far as is certain. Not to be changed. */
  below(index: number): BitRow {
    const row = this.#below[index];
    if (row === undefined) throw new RangeError(`Key ${this.key} has no write ${index}`);
    return row;
  }

  isBelow(lower: number, upper: number): boolean {
    return lower !== upper && hasBit(this.below(upper), lower);
  }

  /** Writes that started before this time may have been replaced by this one, or by one that it had
   *  seen, without anybody being told. `-Infinity`: none. */
  mayBelowBeforeUs(index: number): number {
    return this.#mayBelowBeforeUs[index] ?? Number.NEGATIVE_INFINITY;
  }

  /** How many writes started before this time: they have the indexes below it. */
  startedBefore(timeUs: number): number {
    let low = 0;
    let high = this.writes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.writes[middle]?.startUs ?? 0) < timeUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Indexes of what a write was given, the newest first: it is likely to hold the others. */
  #earlier(write: OracleWrite): number[] {
    const indexes: number[] = [];
    for (const id of write.given) {
      const index = this.#indexes.get(id);
      if (index !== undefined && index < write.index) indexes.push(index);
    }
    return indexes.sort((a, b) => b - a);
  }
}

export class CausalOracle {
  readonly keys: ReadonlyMap<string, KeyOracle>;
  readonly #keyOf: ReadonlyMap<WriteId, string>;

  constructor(history: History) {
    const tries = new Map<string, Map<WriteId, WriteOperation[]>>();
    const reads = new Map<string, ReadOperation[]>();
    const keyOf = new Map<WriteId, string>();
    for (const operation of history.operations) {
      const { key } = operation;
      if (operation.kind === 'get') {
        if (operation.outcome === 'ok') listOf(reads, key).push(operation);
        continue;
      }
      if (!keyOf.has(operation.write)) keyOf.set(operation.write, key);
      const ofKey = tries.get(key) ?? new Map<WriteId, WriteOperation[]>();
      tries.set(key, ofKey);
      listOf(ofKey, operation.write).push(operation);
    }
    const sights = sightsOf(history);
    const facts = { losses: lossesByNode(history.losses), history };
    const keys = new Map<string, KeyOracle>();
    for (const key of new Set([...tries.keys(), ...reads.keys()])) {
      const groups = [...(tries.get(key)?.values() ?? [])].sort(byStart);
      const writes: OracleWrite[] = [];
      for (const [index, group] of groups.entries()) {
        const hasTwins = sights.get(key)?.twins.has(group[0]?.write ?? -1) ?? false;
        const write = writeOf(group, index, hasTwins, facts);
        const looksFirst = group.every((one) => one.looksFirst === true);
        if (looksFirst) write.given = certainlySeenBy(write, writes, history.replicas);
        writes.push(write);
      }
      const answered = (reads.get(key) ?? []).sort((a, b) => a.startUs - b.startUs || a.id - b.id);
      keys.set(key, new KeyOracle(key, writes, answered));
    }
    this.keys = keys;
    this.#keyOf = keyOf;
  }

  /** The key that a write was asked for. */
  keyOf(write: WriteId): string | undefined {
    return this.#keyOf.get(write);
  }
}

const oracles = new WeakMap<History, CausalOracle>();

/** Made once for each history: all checkers share it. */
export function oracleOf(history: History): CausalOracle {
  const known = oracles.get(history);
  if (known !== undefined) return known;
  const oracle = new CausalOracle(history);
  oracles.set(history, oracle);
  return oracle;
}

/** When a loss at the node may first have destroyed what it synced for this operation; `Infinity`
 *  when none did. */
export function lostAtUs(losses: readonly DiskLoss[], operation: Operation): number {
  let atUs = Number.POSITIVE_INFINITY;
  for (const loss of losses) {
    if (loss.atUs < operation.startUs || loss.intactUntilUs >= operation.endUs) continue;
    if (loss.keys?.includes(operation.key) === false) continue;
    atUs = Math.min(atUs, loss.atUs);
  }
  return atUs;
}

export function lossesByNode(losses: readonly DiskLoss[]): Map<string, DiskLoss[]> {
  const byNode = new Map<string, DiskLoss[]>();
  for (const loss of losses) listOf(byNode, loss.node).push(loss);
  return byNode;
}

interface LossFacts {
  readonly losses: ReadonlyMap<string, readonly DiskLoss[]>;
  readonly history: History;
}

type Draft<Write> = { -readonly [Field in keyof Write]: Write[Field] };

function writeOf(
  tries: readonly WriteOperation[],
  index: number,
  hasTwins: boolean,
  facts: LossFacts,
): Draft<OracleWrite> {
  const [first] = tries;
  if (first === undefined) throw new RangeError('A write without a try');
  const acknowledgements = tries
    .filter(({ outcome }) => outcome === 'ok')
    .map((operation) => ({
      operation,
      atUs: operation.endUs,
      holders: heldBy(operation, facts.history.replicas),
      heldUntilUs: heldUntilUs(operation, facts),
    }));
  const ends = tries.map(({ outcome, endUs }) => {
    if (outcome === 'unknown') return Number.POSITIVE_INFINITY;
    return outcome === 'ok' ? endUs : Number.NEGATIVE_INFINITY;
  });
  return {
    write: first.write,
    kind: first.kind,
    index,
    startUs: first.startUs,
    effectEndUs: Math.max(...ends),
    isRefused: tries.every(({ outcome }) => outcome === 'refused'),
    isFree: first.given === undefined,
    given: first.given ?? [],
    acknowledgements,
    hasTwins,
    operations: tries.map(({ id }) => id),
  };
}

/** What every majority held from before the write began until after its last effect. */
function certainlySeenBy(
  { startUs, effectEndUs }: OracleWrite,
  earlier: readonly OracleWrite[],
  replicas: number,
): WriteId[] {
  const others = replicas - majority(replicas);
  const isHeld = ({ atUs, holders, heldUntilUs }: Acknowledgement): boolean =>
    atUs < startUs &&
    holders > others &&
    (heldUntilUs === Number.POSITIVE_INFINITY || heldUntilUs > effectEndUs);
  const seen: WriteId[] = [];
  for (const { write, acknowledgements } of earlier) {
    if (acknowledgements.some(isHeld)) seen.push(write);
  }
  return seen;
}

/** A node that was rebuilt while enough others held what a majority had acknowledged holds it
 *  again, until it loses it once more. */
function heldUntilUs(write: WriteOperation, { losses, history }: LossFacts): number {
  const isHeld = write.durable > 0 && write.acknowledgedBy.length > 0;
  if (!isHeld) return Number.NEGATIVE_INFINITY;
  if (losses.size === 0) return Number.POSITIVE_INFINITY;
  const left = new Map(write.acknowledgedBy.map((node) => [node, losses.get(node) ?? []]));
  const isRestorable = write.durable >= majority(history.replicas);
  for (;;) {
    const until = [...left.values()]
      .map((ofNode) => lostAtUs(ofNode, write))
      .sort((a, b) => (a === b ? 0 : b - a));
    const heldUs = until[Math.max(0, until.length - write.durable)] ?? Number.NEGATIVE_INFINITY;
    if (heldUs === Number.POSITIVE_INFINITY || !isRestorable) return heldUs;
    let isRestored = false;
    for (const [node, ofNode] of left) {
      const later = ofNode.filter((loss) => {
        const wholeUs = rebuiltUs(history, loss, write.key);
        return wholeUs === undefined || wholeUs >= heldUs;
      });
      if (later.length < ofNode.length) isRestored = true;
      left.set(node, later);
    }
    if (!isRestored) return heldUs;
  }
}

interface Sights {
  readonly dots: Map<WriteId, string>;
  readonly twins: Set<WriteId>;
}

/** The events under which each write has been in sight: minted, in replies, in reads and on disks.
 */
function sightsOf(history: History): ReadonlyMap<string, Sights> {
  const sights = new Map<string, Sights>();
  const note = (key: string, write: WriteId | undefined, dot: string | undefined): void => {
    if (write === undefined || dot === undefined) return;
    const ofKey = sights.get(key) ?? { dots: new Map(), twins: new Set() };
    sights.set(key, ofKey);
    const known = ofKey.dots.get(write);
    if (known === undefined) ofKey.dots.set(write, dot);
    else if (known !== dot) ofKey.twins.add(write);
  };
  for (const { key, write, dot } of history.minted) note(key, write, dot);
  for (const operation of history.operations) {
    if (operation.kind === 'get') {
      for (const { write, dot } of operation.seen) note(operation.key, write, dot);
    } else {
      note(operation.key, operation.write, operation.dot);
    }
  }
  for (const { records } of history.contents) {
    for (const { key, siblings } of records.values()) {
      for (const sibling of siblings) note(key, sibling.write, sibling.dot);
    }
  }
  return sights;
}

function listOf<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const known = lists.get(key);
  if (known !== undefined) return known;
  const list: V[] = [];
  lists.set(key, list);
  return list;
}

function byStart(a: readonly WriteOperation[], b: readonly WriteOperation[]): number {
  const [left] = a;
  const [right] = b;
  return (left?.startUs ?? 0) - (right?.startUs ?? 0) || (left?.write ?? 0) - (right?.write ?? 0);
}
