/** This node as one that stands in: it keeps records for replicas of keys of which it owns none,
 *  and mints where no replica can be reached.
 *  Invariants: it keeps nothing of a partition it owns a replica of, and nothing for a member that
 *  owns none; what it has said to keep stays until it is handed over; what is refused has changed
 *  nothing.
 *  Not here: rows and epochs (copy-changes.ts), handing over (replay.ts), when the help of a
 *  fallback counts (core/quorum/sloppy-tally.ts).
 *  Source: DeCandia et al. 2007 §4.6; docs/guarantees.md, sloppy quorum. */
import type { Checksum } from '../../core/checksum.ts';
import { CoterieError } from '../../core/errors.ts';
import { withTokenInLimit } from '../../core/version/context-token.ts';
import { ceilingFor, type HybridLogicalClock } from '../../core/version/hlc.ts';
import { type MintOutcome, mint } from '../../core/version/mint.ts';
import type { VersionedRecord } from '../../core/version/record.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import type { Clock } from '../../env/clock.ts';
import type { Metrics } from '../../env/metrics.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type {
  DataState,
  Done,
  Fallback,
  KeyCall,
  Minted,
  MintRequest,
  Place,
} from '../contracts.ts';
import type { RecordStore } from '../storage/record-store.ts';
import { hintRowKey } from '../storage/table-keys.ts';
import { CopyChange, type CopyRules, FallbackMint, type MintRules } from './copy-changes.ts';
import type { HintTable } from './hint-table.ts';
import type { HintChange } from './hint-writer.ts';

export interface FallbackParts {
  readonly store: Pick<RecordStore, 'rows' | 'epochFloor'>;
  readonly codec: RecordCodec;
  readonly checksum: Checksum;
  readonly clock: Clock;
  readonly hlc: HybridLogicalClock;
  readonly metrics: Metrics;
  place(): Place | undefined;
  state(): DataState;
}

const NO_LABELS = {};

export class FallbackKeeper implements Fallback {
  readonly #parts: FallbackParts;
  readonly #table: HintTable;

  constructor(parts: FallbackParts, table: HintTable) {
    this.#parts = parts;
    this.#table = table;
  }

  keep(call: KeyCall, target: number, record: Uint8Array, done: Done<undefined>): void {
    const { store, codec } = this.#parts;
    const replicas = this.#replicasToStandInFor(call);
    const refusal = replicas instanceof CoterieError ? replicas : store.rows.spaceRefusal('repair');
    if (refusal !== undefined) {
      done(refusal);
      return;
    }
    if (replicas instanceof CoterieError || !replicas.includes(target)) {
      done(otherLayout(`Node ${target} owns no replica of partition ${call.partition}`));
      return;
    }
    let incoming: { readonly bytes: Uint8Array; readonly record: VersionedRecord };
    try {
      incoming = { bytes: record, record: codec.decode(record) };
    } catch (thrown) {
      done(asCoterieError(thrown));
      return;
    }
    const rowKey = hintRowKey(target, call.key.storageKey);
    this.#add(new CopyChange(rowKey, incoming, this.#copyRules(call), done), done);
  }

  mint(call: KeyCall, request: MintRequest, done: Done<Minted>): void {
    const { store, metrics } = this.#parts;
    const place = this.#parts.place();
    const replicas = this.#replicasToStandInFor(call);
    const { operation } = request;
    const notRecovered = this.#recoveryRefusal();
    if (notRecovered !== undefined) {
      done(notRecovered);
      return;
    }
    const priority = operation.kind === 'delete' ? 'repair' : 'client';
    const refusal = replicas instanceof CoterieError ? replicas : store.rows.spaceRefusal(priority);
    if (refusal !== undefined || place === undefined || replicas instanceof CoterieError) {
      if (refusal !== undefined) done(refusal);
      return;
    }
    const rowKeys = replicas.map((target) => hintRowKey(target, call.key.storageKey));
    const valueBytes = operation.kind === 'put' ? operation.value.length : 0;
    const bytes = rowKeys.length * (valueBytes + call.key.storageKey.length + OVERHEAD_BYTES);
    const rules = this.#mintRules(call, request, place.nodeIndex);
    this.#add(
      new FallbackMint(rowKeys, bytes, rules, (minted) => {
        if (!(minted instanceof CoterieError)) {
          metrics.add('coterie_fallback_mints_total', NO_LABELS);
        }
        done(minted);
      }),
      done,
    );
  }

  #add(change: HintChange, refused: (error: CoterieError) => void): void {
    if (this.#table.change(change)) return;
    const details = { retryAfterMs: BUSY_RETRY_MS };
    const message = 'Hints are being counted, or too many wait to be written';
    refused(new CoterieError('OVERLOADED', message, { details }));
  }

  #copyRules(call: KeyCall): CopyRules {
    const { codec, clock } = this.#parts;
    return {
      codec,
      nowMs: clock.wallMs(),
      refusal: (held, more) => this.#lateness(call) ?? this.#table.refusal(held, more),
    };
  }

  /** What its caller waits for no longer joins no batch. */
  #lateness({ deadlineMs }: KeyCall): CoterieError | undefined {
    if (this.#parts.clock.monotonicMs() < deadlineMs) return undefined;
    return new CoterieError(
      'DEADLINE_EXCEEDED',
      'The time for the write ran out before it was begun; nothing was kept',
      { applied: 'no', details: { phase: 'storage' } },
    );
  }

  #mintRules(call: KeyCall, request: MintRequest, nodeIndex: number): MintRules {
    const { clock, hlc, store } = this.#parts;
    const reading = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    const seq = hlc.issue(reading);
    const mintOn = (local: VersionedRecord | undefined, epochFloor: number): MintOutcome => {
      const refusal = this.#recoveryRefusal();
      if (refusal !== undefined) throw refusal;
      const { wallMs: unixMs } = reading;
      return this.#mint(call, request, { local, epochFloor, nodeIndex, seq, unixMs });
    };
    return {
      ...this.#copyRules(call),
      nodeIndex,
      epochFloor: () =>
        this.#isSure() ? store.epochFloor(call.partition) : Number.POSITIVE_INFINITY,
      ceiling: ceilingFor(seq),
      mint: mintOn,
    };
  }

  /** Asked again when the turn of a mint comes: the node may have learned meanwhile that its rows
   *  are those of an old copy, whose epochs others know more of. */
  #recoveryRefusal(): CoterieError | undefined {
    if (this.#parts.state() !== 'RECOVERING') return undefined;
    return new CoterieError('NOT_RECOVERED', 'This node mints nothing until it is rebuilt');
  }

  /** Until its peers have answered, this node may be a restored copy that lacks rows of later
   *  epochs and events. */
  #isSure(): boolean {
    return this.#parts.state() === 'SERVING';
  }

  #mint(
    { key }: KeyCall,
    { operation, context, overwrite }: MintRequest,
    on: {
      readonly local: VersionedRecord | undefined;
      readonly epochFloor: number;
      readonly nodeIndex: number;
      readonly seq: number;
      readonly unixMs: number;
    },
  ): MintOutcome {
    const { checksum } = this.#parts;
    try {
      return mint({ ...on, isLocalReadable: true, context, overwrite, operation, checksum });
    } catch (thrown) {
      throw withTokenInLimit(thrown, key, checksum);
    }
  }

  /** Of the key, none of them here. */
  #replicasToStandInFor({ partition, epochs }: KeyCall): readonly number[] | CoterieError {
    const place = this.#parts.place();
    if (place === undefined) {
      return new CoterieError('NOT_INITIALISED', 'This node belongs to no cluster yet');
    }
    const own = place.ring.epochsOf(partition);
    if (epochs.current !== own.current) {
      return otherLayout(
        `The write was planned with layout ${epochs.current}, partition ${partition} is at ` +
          `${own.current}`,
      );
    }
    const replicas = place.ring.replicasOf(partition);
    if (!replicas.includes(place.nodeIndex)) return replicas;
    return otherLayout(`This node owns a replica of partition ${partition}`);
  }
}

const OVERHEAD_BYTES = 128;
const BUSY_RETRY_MS = 50;

function otherLayout(message: string): CoterieError {
  return new CoterieError('STALE_LAYOUT', message);
}
