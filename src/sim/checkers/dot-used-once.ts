/** Does every dot name one write only? A dot that two contents share is how this family of
 *  databases really lost data: each replica believes that it has seen both, and one of them is
 *  gone.
 *  Invariant: judged by what was minted, stored, acknowledged and read; equal content under one
 *  dot, wherever and however often, is one use.
 *  Not here: several dots of one write, which are allowed (a repeated request).
 *  Source: Riak issue kv679; ARCHITECTURE 5.4; TESTING I5. */
import type { Operation, WriteId } from '../history.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';

const NAME = 'dot-used-once';

export const dotUsedOnce: Checker = {
  name: NAME,
  promise: 'G1: a dot is given to one content of one key and never to another',
  needs: [],
  check(history) {
    const dots = new DotUses();
    for (const { key, dot, contentHash, isTombstone, node } of history.minted) {
      dots.note(key, dot, { how: 'minted at', where: node, contentHash, isTombstone });
    }
    for (const operation of history.operations) noteOperation(dots, operation);
    for (const { node, records } of history.contents) {
      for (const { key, siblings } of records.values()) {
        for (const { dot, write, contentHash, isTombstone } of siblings) {
          const use = { how: 'stored at', where: node, what: write, contentHash, isTombstone };
          dots.note(key, dot, use);
        }
      }
    }
    return dots.findings.violations;
  },
};

function noteOperation(dots: DotUses, operation: Operation): void {
  const { key, id, client } = operation;
  if (operation.kind !== 'get') {
    const { dot, write, kind } = operation;
    if (dot === undefined) return;
    const isTombstone = kind === 'delete';
    const how = 'acknowledged to';
    dots.note(key, dot, { how, where: client, what: write, isTombstone, operation: id });
    return;
  }
  for (const { dot, write, text } of operation.seen) {
    const what = write ?? text;
    const isTombstone = false;
    dots.note(key, dot, { how: 'read by', where: client, what, isTombstone, operation: id });
  }
}

interface Use {
  /** `minted at` and the like, and the name that goes with it. */
  readonly how: string;
  readonly where: string;
  readonly isTombstone: boolean;
  /** What it is, where that can be told: a write, or bytes that no write made. */
  readonly what?: WriteId | string | undefined;
  readonly contentHash?: number;
  readonly operation?: number;
}

/** What is known of one dot: the first use that told each fact. */
interface Known {
  readonly kind: Use;
  what: Use | undefined;
  contentHash: Use | undefined;
  isReported: boolean;
}

class DotUses {
  readonly findings = new Findings(NAME);
  readonly #known = new Map<string, Map<string, Known>>();

  note(key: string, dot: string, use: Use): void {
    const ofKey = this.#known.get(key) ?? new Map<string, Known>();
    this.#known.set(key, ofKey);
    const known = ofKey.get(dot);
    if (known === undefined) {
      const what = use.what === undefined ? undefined : use;
      const contentHash = use.contentHash === undefined ? undefined : use;
      ofKey.set(dot, { kind: use, what, contentHash, isReported: false });
      return;
    }
    const other = otherThan(known, use);
    if (use.what !== undefined) known.what ??= use;
    if (use.contentHash !== undefined) known.contentHash ??= use;
    if (other === undefined || known.isReported) return;
    known.isReported = true;
    const operations = [other.operation, use.operation].filter((id) => id !== undefined);
    const contents = `${described(other)}, and ${described(use)}`;
    this.findings.add(key, operations, `Dot ${dot} of key ${key} names two contents: ${contents}`);
  }
}

/** A use of the same dot that cannot be of the same content. */
function otherThan(known: Known, use: Use): Use | undefined {
  if (known.kind.isTombstone !== use.isTombstone) return known.kind;
  if (known.what !== undefined && use.what !== undefined && known.what.what !== use.what) {
    return known.what;
  }
  const { contentHash } = known;
  const hasBoth = contentHash !== undefined && use.contentHash !== undefined;
  return hasBoth && contentHash.contentHash !== use.contentHash ? contentHash : undefined;
}

function described({ how, where, what, isTombstone, contentHash }: Use): string {
  const name = typeof what === 'number' ? `write ${what}` : `the bytes '${what}'`;
  const value = what === undefined ? 'a value' : name;
  const content = contentHash === undefined ? '' : `, content ${contentHash.toString(16)}`;
  return `${isTombstone ? 'a tombstone' : value} (${how} ${where}${content})`;
}
