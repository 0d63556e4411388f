/** Which dots did the nodes give to values? Read from what each node writes to its own disk: a dot
 *  of its own that appears there was minted by it.
 *  Invariants: each event is noted once per key, dot and content; a second content under one dot is
 *  noted as well, for that is what the checker looks for.
 *  Not here: the check (checkers/dot-used-once.ts). */
import { formatDot } from '../../core/version/dot.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import type { StoreOperation } from '../../env/store.ts';
import { headText, readHead } from '../clients/values.ts';
import type { MintedDot } from '../history.ts';
import { decodeRecord, keyOfRow } from './stored-records.ts';

export class MintedDots {
  readonly #codec: RecordCodec;
  readonly #minted = new Map<string, MintedDot>();

  constructor(codec: RecordCodec) {
    this.#codec = codec;
  }

  /** In the order in which they were first seen. */
  get all(): readonly MintedDot[] {
    return [...this.#minted.values()];
  }

  /** A batch that the node of this index has written. */
  note(node: string, nodeIndex: number, operations: readonly StoreOperation[], atUs: number): void {
    for (const operation of operations) {
      if (operation.type !== 'put') continue;
      const key = keyOfRow(operation.key);
      if (key === undefined) continue;
      const record = decodeRecord(this.#codec, operation.value);
      for (const { dot, contentHash, isTombstone, value } of record?.siblings ?? []) {
        if (dot.nodeIndex !== nodeIndex) continue;
        const name = formatDot(dot);
        const id = `${name} ${contentHash} ${isTombstone} ${key}`;
        if (this.#minted.has(id)) continue;
        const write = readHead(headText(value))?.write;
        this.#minted.set(id, {
          ...{ key, dot: name, contentHash, isTombstone, node, atUs },
          ...(write === undefined ? {} : { write }),
        });
      }
    }
  }
}
