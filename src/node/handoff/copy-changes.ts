/** What is decided about copies when their turn comes: one is stored or merged into what is there
 *  for its target, or an event is minted on all that is kept of a key.
 *  Invariants: a row of a mint epoch holds every event this node ever issued in that epoch for the
 *  key, for each mint goes into the rows of all replicas and rows only ever grow by merging; an
 *  epoch is used again only if it is noted in the rows themselves (`mintEpoch`, which dies with
 *  them), never because a record that came from elsewhere shows it; whoever is told that a record
 *  is kept has it on the disk.
 *  Not here: order and batches (hint-writer.ts), whether this node may keep anything (fallback.ts),
 *  marks (mark-changes.ts).
 *  Source: docs/ARCHITECTURE.md 5.16, docs/guarantees.md, sloppy quorum. */
import { CoterieError } from '../../core/errors.ts';
import type { HintLoad } from '../../core/hint/hint-counts.ts';
import { type MintOutcome, newestEpoch } from '../../core/version/mint.ts';
import { EMPTY_RECORD, mergeRecords, type VersionedRecord } from '../../core/version/record.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import type { Done, Minted } from '../contracts.ts';
import { targetOfHint } from '../storage/table-keys.ts';
import { type HintRow, hintRowBytes } from './hint-rows.ts';
import type { HintChange, StagedRows } from './hint-writer.ts';

export interface CopyRules {
  readonly codec: RecordCodec;
  readonly nowMs: number;
  /** Why a target that has `held` gets no more. */
  refusal(held: HintLoad, more: HintLoad): CoterieError | undefined;
}

/** A record that another member wants kept for the target of the row. */
export class CopyChange implements HintChange {
  readonly rowKeys: readonly Uint8Array[];
  readonly bytes: number;
  readonly #rowKey: Uint8Array;
  readonly #incoming: { readonly bytes: Uint8Array; readonly record: VersionedRecord };
  readonly #rules: CopyRules;
  readonly #done: Done<undefined>;

  constructor(
    rowKey: Uint8Array,
    incoming: { readonly bytes: Uint8Array; readonly record: VersionedRecord },
    rules: CopyRules,
    done: Done<undefined>,
  ) {
    this.rowKeys = [rowKey];
    this.bytes = rowKey.length + incoming.bytes.length;
    this.#rowKey = rowKey;
    this.#incoming = incoming;
    this.#rules = rules;
    this.#done = done;
  }

  decide(rows: StagedRows): void {
    const { codec, nowMs } = this.#rules;
    const before = copyAt(rows, this.#rowKey);
    const record = before === undefined ? this.#incoming.bytes : this.#merged(before.record, codec);
    if (before !== undefined && record === before.record) return;
    const row: HintRow = {
      kind: 'copy',
      firstAtMs: before?.firstAtMs ?? nowMs,
      lastAtMs: Math.max(before?.lastAtMs ?? nowMs, nowMs),
      record,
      mintEpoch: before?.mintEpoch ?? 0,
    };
    place(rows, this.#rowKey, row, this.#rules);
  }

  #merged(held: Uint8Array, codec: RecordCodec): Uint8Array {
    const { bytes } = this.#incoming;
    const { relation, record } = mergeRecords(codec.decode(held), this.#incoming.record);
    if (relation === 'equal' || relation === 'left') return held;
    return relation === 'right' ? bytes : codec.encode(record);
  }

  settled(): void {
    this.#done(undefined);
  }

  failed(error: CoterieError): void {
    this.#done(error);
  }
}

export interface MintRules extends CopyRules {
  readonly nodeIndex: number;
  /** Own epochs begun before it are not to be used again; asked for when the event is made. */
  epochFloor(): number;
  /** Clock ceiling that must be durable with the event. */
  readonly ceiling: number;
  /** An event on `local`; `epochFloor` as in core/version/mint.ts. */
  mint(local: VersionedRecord | undefined, epochFloor: number): MintOutcome;
}

/** An event that no replica can be asked to make. Its record is owed to each of them. */
export class FallbackMint implements HintChange {
  readonly rowKeys: readonly Uint8Array[];
  readonly bytes: number;
  readonly #rules: MintRules;
  readonly #done: Done<Minted>;
  #minted: Minted | undefined;

  /** `rowKeys`: of the key, one for each replica. `bytes`: of what is to be written. */
  constructor(rowKeys: readonly Uint8Array[], bytes: number, rules: MintRules, done: Done<Minted>) {
    this.rowKeys = rowKeys;
    this.bytes = bytes;
    this.#rules = rules;
    this.#done = done;
  }

  decide(rows: StagedRows): void {
    const { codec, ceiling, nowMs } = this.#rules;
    const held = this.rowKeys.map((rowKey) => copyAt(rows, rowKey));
    const local = mergeAll(held, codec);
    const { kind, record, dot, replyContext, siblings } = this.#rules.mint(
      local,
      this.#floor(held, local),
    );
    const bytes = codec.encode(record);
    this.#minted = { bytes, dot, replyContext, siblings, isDurable: true };
    if (kind === 'repeated') return;
    // All find room, or none is written.
    for (const [index, rowKey] of this.rowKeys.entries()) {
      const before = held[index];
      const firstAtMs = before?.firstAtMs ?? nowMs;
      const row: HintRow = {
        kind: 'copy',
        firstAtMs,
        lastAtMs: Math.max(before?.lastAtMs ?? nowMs, nowMs),
        record: bytes,
        mintEpoch: dot.epoch,
      };
      const refusal = refusalOf(rows, rowKey, row, this.#rules);
      if (refusal !== undefined) throw refusal;
      held[index] = row;
    }
    for (const [index, rowKey] of this.rowKeys.entries()) rows.set(rowKey, held[index]);
    rows.raiseCeiling(ceiling);
  }

  /** The epoch noted in the rows may be used again if it is the newest own one of what they hold,
   *  and nothing was lost here since it began. */
  #floor(held: readonly (HintRow | undefined)[], local: VersionedRecord | undefined): number {
    const { nodeIndex } = this.#rules;
    const noted = Math.max(0, ...held.map((row) => row?.mintEpoch ?? 0));
    const newest = local === undefined ? undefined : newestEpoch(local, nodeIndex);
    const isOwn = noted > 0 && newest === noted && noted >= this.#rules.epochFloor();
    return isOwn ? noted : Number.POSITIVE_INFINITY;
  }

  settled(): void {
    if (this.#minted !== undefined) this.#done(this.#minted);
  }

  failed(error: CoterieError): void {
    this.#done(error);
  }
}

function mergeAll(
  held: readonly (HintRow | undefined)[],
  codec: RecordCodec,
): VersionedRecord | undefined {
  const records = held.flatMap((row) => (row === undefined ? [] : [codec.decode(row.record)]));
  if (records.length === 0) return undefined;
  return records.reduce((all, each) => mergeRecords(all, each).record, EMPTY_RECORD);
}

function copyAt(rows: StagedRows, rowKey: Uint8Array): HintRow | undefined {
  const row = rows.get(rowKey);
  if (row === undefined || row.kind === 'copy') return row;
  // Left by an earlier layout in which this node owned a replica: replay will see to it.
  throw new CoterieError('OVERLOADED', 'This node still owes its own record of the key', {
    details: { retryAfterMs: 1_000 },
  });
}

function place(rows: StagedRows, rowKey: Uint8Array, row: HintRow, rules: CopyRules): void {
  const refusal = refusalOf(rows, rowKey, row, rules);
  if (refusal !== undefined) throw refusal;
  rows.set(rowKey, row);
}

function refusalOf(
  rows: StagedRows,
  rowKey: Uint8Array,
  row: HintRow,
  rules: CopyRules,
): CoterieError | undefined {
  const before = rows.get(rowKey);
  const bytesBefore = before === undefined ? 0 : rowKey.length + hintRowBytes(before);
  const more = {
    count: before === undefined ? 1 : 0,
    bytes: rowKey.length + hintRowBytes(row) - bytesBefore,
  };
  return rules.refusal(rows.heldFor(targetOfHint(rowKey)), more);
}
