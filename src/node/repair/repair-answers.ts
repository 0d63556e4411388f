/** What a peer is told that compares a partition with this node's copies.
 *  Invariants: only what is committed is shown; nothing of a partition that this node does not own,
 *  or that was planned with another layout; an answer is bounded in bytes by what was asked for and
 *  by the limits here; `durable` follows the fsync; each answer says whether the copies may serve.
 *  Not here: what the asking side makes of it (exchange-run.ts), merging (the replica).
 *  Source: docs/protocol.md, "Bulk". */
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import { packMarks } from '../../core/merkle/entries.ts';
import { tokenRangesOf } from '../../core/merkle/leaf-ranges.ts';
import { levelOf, nodesOf, packNodes } from '../../core/merkle/tree.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type {
  Entries,
  Fetch,
  LinkRequest,
  Reconcile,
  Reconciled,
  Tree,
} from '../../wire/generated/coterie/v1/peer.ts';
import type {
  Done,
  Epochs,
  Merged,
  PartitionGate,
  PeerResult,
  Place,
  RepairServer,
} from '../contracts.ts';
import type { RecordStore } from '../storage/record-store.ts';
import { type CommittedRecord, isRecord, leavesOf, type RecordAccess } from './record-access.ts';
import { KEYS_PER_MESSAGE, PAGE_BYTES_MAX, RECORD_BYTES_PER_MESSAGE } from './repair-limits.ts';

export interface RepairAnswersParts {
  readonly store: Pick<RecordStore, 'scan'>;
  readonly access: RecordAccess;
  readonly gate: PartitionGate;
  readonly deadlines: Deadlines;
  place(): Place | undefined;
}

/** Each reads a range of records and holds an iterator of the engine. */
const PAGES_AT_WORK_MAX = 8;
const RETRY_AFTER_MS = 100;
const NO_BYTES = new Uint8Array(0);

export class RepairAnswers implements RepairServer {
  readonly #parts: RepairAnswersParts;
  #pagesAtWork = 0;

  constructor(parts: RepairAnswersParts) {
    this.#parts = parts;
  }

  serve(request: LinkRequest, done: Done<PeerResult>): void {
    this.#answer(request).then(done, (error: unknown) => done(asCoterieError(error)));
  }

  /** Errors: MALFORMED_MESSAGE; those of the fence and of the store. */
  async #answer(request: LinkRequest): Promise<PeerResult> {
    const { operation } = request;
    switch (operation?.$case) {
      case 'tree':
        return this.#tree(request, operation.tree);
      case 'entries':
        return this.#entries(request, operation.entries);
      case 'fetch':
        return this.#fetch(request, operation.fetch);
      case 'reconcile':
        return this.#reconcile(request, operation.reconcile);
      default:
        throw new CoterieError('MALFORMED_MESSAGE', 'Not a question of repair');
    }
  }

  async #tree(request: LinkRequest, { partition, level, ids }: Tree): Promise<PeerResult> {
    this.#check(request, partition);
    const of = levelOf(level);
    const leaves = await leavesOf(this.#parts.store, partition);
    const nodes = packNodes(nodesOf(leaves, of, ids));
    return { $case: 'tree', tree: { nodes, verified: this.#isVerified(partition) } };
  }

  async #entries(request: LinkRequest, entries: Entries): Promise<PeerResult> {
    const { partition, leaves, after, bytesMax } = entries;
    const through = entries.through.length === 0 ? undefined : entries.through;
    const { layout } = this.#check(request, partition).ring;
    const ranges = tokenRangesOf(leaves, partition, layout.partitions);
    if (this.#pagesAtWork >= PAGES_AT_WORK_MAX) throw overloaded(this.#pagesAtWork);
    this.#pagesAtWork += 1;
    try {
      const bounded = Math.min(bytesMax, PAGE_BYTES_MAX);
      const query = { ranges, after, through, bytesMax: bounded };
      const page = await this.#parts.store.scan.entries(query);
      return {
        $case: 'entries',
        entries: {
          keys: page.entries.map(({ key }) => key),
          marks: packMarks(page.entries),
          more: page.isMore,
          verified: this.#isVerified(partition),
          unreadable: page.unreadable,
        },
      };
    } finally {
      this.#pagesAtWork -= 1;
    }
  }

  async #fetch(request: LinkRequest, fetch: Fetch): Promise<PeerResult> {
    const { partition, keys, bytesMax } = fetch;
    this.#check(request, partition);
    checkCount(keys.length);
    const { access } = this.#parts;
    const bounded = Math.min(bytesMax, RECORD_BYTES_PER_MESSAGE);
    const found = await access.read(access.keysOf(keys, partition), bounded);
    const records = found.map((record) => (record instanceof Uint8Array ? record : NO_BYTES));
    const unreadable = found.flatMap((record, index) => (record === 'unreadable' ? [index] : []));
    const verified = this.#isVerified(partition);
    return { $case: 'fetched', fetched: { records, unreadable, verified } };
  }

  async #reconcile(request: LinkRequest, reconcile: Reconcile): Promise<PeerResult> {
    const { partition, sync, records } = reconcile;
    this.#check(request, partition);
    checkCount(reconcile.keys.length);
    const { access, deadlines } = this.#parts;
    const keys = access.keysOf(reconcile.keys, partition);
    const deadlineMs = deadlines.nowMs() + request.timeoutMs;
    const call = { partition, epochs: epochsOf(request), deadlineMs, sync };
    const merged = await access.merge(call, keys, records);
    const [first] = merged;
    if (first instanceof CoterieError && merged.every((one) => one instanceof CoterieError)) {
      throw first;
    }
    const now = await access.read(keys, RECORD_BYTES_PER_MESSAGE + sumOf(records));
    return { $case: 'reconciled', reconciled: answerOf(records, merged, now) };
  }

  #check(request: LinkRequest, partition: number): Place {
    const refusal = this.#parts.gate.fenceRefusal({ partition, epochs: epochsOf(request) });
    if (refusal !== undefined) throw refusal;
    const place = this.#parts.place();
    if (place !== undefined) return place;
    throw new CoterieError('NOT_INITIALISED', 'This node belongs to no cluster yet');
  }

  #isVerified(partition: number): boolean {
    return this.#parts.gate.isVerified(partition);
  }
}

/** What goes back of each record: the one that is here now, unless it is the one that came. */
function answerOf(
  records: readonly Uint8Array[],
  merged: readonly (Merged | CoterieError)[],
  now: readonly CommittedRecord[],
): Reconciled {
  const refused: number[] = [];
  let changed = 0;
  let durable = true;
  const back = records.map((record, index) => {
    const result = merged[index];
    const own = now[index];
    if (result === undefined || result instanceof CoterieError || !(own instanceof Uint8Array)) {
      refused.push(index);
      return NO_BYTES;
    }
    if (result.isChanged) changed += 1;
    durable &&= result.isDurable;
    return isRecord(own, record) ? NO_BYTES : own;
  });
  return { records: back, refused, changed, durable };
}

function checkCount(count: number): void {
  if (count <= KEYS_PER_MESSAGE) return;
  throw new CoterieError(
    'MALFORMED_MESSAGE',
    `A message names ${count} keys; ${KEYS_PER_MESSAGE} are the most`,
  );
}

function overloaded(count: number): CoterieError {
  return new CoterieError('OVERLOADED', `${count} pages of entries are being read`, {
    details: { retryAfterMs: RETRY_AFTER_MS },
  });
}

function epochsOf({ peCur, peMin, peRead }: LinkRequest): Epochs {
  return { current: peCur, minimum: peMin, read: peRead };
}

function sumOf(records: readonly Uint8Array[]): number {
  return records.reduce((sum, { length }) => sum + length, 0);
}
