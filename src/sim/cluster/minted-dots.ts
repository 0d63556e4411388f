/** Which dots did the nodes give to values? Read from what each node writes to its own disk: a dot
 *  of its own that appears there was minted by it.
 *  Invariants: each event is noted once per key, dot and content; a second content under one dot is
 *  noted as well, for that is what the checker looks for. Values are looked at only when there is
 *  something to note: most rows hold what is known already.
 *  Not here: the check (checkers/dot-used-once.ts). */
import { formatDot } from '../../core/version/dot.ts';
import type { RecordCodec, SiblingHeader } from '../../core/version/record-codec.ts';
import type { StoreOperation } from '../../env/store.ts';
import { headText, readHead } from '../clients/values.ts';
import type { MintedDot } from '../history.ts';
import { decodeRecord, headersOf, keyOfRow } from './stored-records.ts';

/** What has been noted of one key, by the ticks of the dots. */
type KnownEvents = Map<number, SiblingHeader[]>;

export class MintedDots {
  readonly #codec: RecordCodec;
  readonly #byKey = new Map<string, KnownEvents>();
  readonly #minted: MintedDot[] = [];

  constructor(codec: RecordCodec) {
    this.#codec = codec;
  }

  /** In the order in which they were first seen. */
  get all(): readonly MintedDot[] {
    return this.#minted;
  }

  /** A batch that the node of this index has written. */
  note(node: string, nodeIndex: number, operations: readonly StoreOperation[], atUs: number): void {
    for (const operation of operations) {
      if (operation.type !== 'put') continue;
      const key = keyOfRow(operation.key);
      if (key === undefined) continue;
      const known = this.#byKey.get(key) ?? new Map<number, SiblingHeader[]>();
      this.#byKey.set(key, known);
      const headers = headersOf(operation.value) ?? [];
      const isNew = (header: SiblingHeader): boolean =>
        header.dot.nodeIndex === nodeIndex && !isKnown(known, header);
      if (headers.some(isNew)) this.#noteRow(node, key, operation.value, { isNew, known, atUs });
    }
  }

  #noteRow(node: string, key: string, row: Uint8Array, facts: RowFacts): void {
    const { isNew, known, atUs } = facts;
    for (const sibling of decodeRecord(this.#codec, row)?.siblings ?? []) {
      if (!isNew(sibling)) continue;
      const { dot, isTombstone, contentHash, value } = sibling;
      const events = known.get(dot.seq) ?? [];
      known.set(dot.seq, events);
      events.push({ dot, isTombstone, contentHash });
      const write = readHead(headText(value))?.write;
      const name = formatDot(dot);
      // Written out: one shape each, where a spread would make one for every object.
      this.#minted.push(
        write === undefined
          ? { key, dot: name, contentHash, isTombstone, node, atUs }
          : { key, dot: name, contentHash, isTombstone, node, atUs, write },
      );
    }
  }
}

interface RowFacts {
  readonly isNew: (header: SiblingHeader) => boolean;
  readonly known: KnownEvents;
  readonly atUs: number;
}

function isKnown(known: KnownEvents, { dot, contentHash, isTombstone }: SiblingHeader): boolean {
  const events = known.get(dot.seq);
  if (events === undefined) return false;
  return events.some(
    (event) =>
      event.contentHash === contentHash &&
      event.isTombstone === isTombstone &&
      event.dot.epoch === dot.epoch &&
      event.dot.nodeIndex === dot.nodeIndex,
  );
}
