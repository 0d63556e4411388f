/** Nothing that a fallback keeps or mints is lost, in whatever order rows come, grow and go. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import { mint } from '../../../src/core/version/mint.ts';
import { mergeRecords, type VersionedRecord } from '../../../src/core/version/record.ts';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import { CopyChange, FallbackMint } from '../../../src/node/handoff/copy-changes.ts';
import type { HintRow } from '../../../src/node/handoff/hint-rows.ts';
import type { HintChange, StagedRows } from '../../../src/node/handoff/hint-writer.ts';
import { makeRecordKey, recordIdOf } from '../../../src/node/storage/record-key.ts';
import { hintRowKey } from '../../../src/node/storage/table-keys.ts';
import { checksum } from '../rig.ts';

const codec = createRecordCodec(checksum);
const HOMES = [0, 1, 2];
const FALLBACK = 7;
const KEY = makeRecordKey(5, 'default', Uint8Array.of(1));
const ROW_KEYS = HOMES.map((target) => hintRowKey(target, KEY.storageKey));
const UNIX_MS = Date.UTC(2026, 0, 1);

class Rows implements StagedRows {
  readonly rows = new Map<string, HintRow>();

  get(rowKey: Uint8Array): HintRow | undefined {
    return this.rows.get(recordIdOf(rowKey));
  }

  set(rowKey: Uint8Array, row: HintRow | undefined): void {
    if (row === undefined) this.rows.delete(recordIdOf(rowKey));
    else this.rows.set(recordIdOf(rowKey), row);
  }

  heldFor(): { readonly count: number; readonly bytes: number } {
    return { count: 0, bytes: 0 };
  }

  raiseCeiling(): void {}
}

/** One key, its three replicas, and one member that stands in for them. */
class World {
  readonly written = new Set<number>();
  readonly #homes = new Map<number, VersionedRecord>();
  readonly #rows = new Rows();
  readonly #onTheWay: { readonly target: number; readonly record: VersionedRecord }[] = [];
  #seq = 0;

  atHome(home: number, target: number): void {
    const local = this.#homes.get(home);
    const record = this.#mint(home, local, 0);
    this.#homes.set(home, record);
    if (target !== home) this.#onTheWay.push({ target, record });
  }

  /** Copies come late, when their senders have long learned more. */
  arrive(at: number): void {
    const [copy] = this.#onTheWay.splice(at % Math.max(1, this.#onTheWay.length), 1);
    const rowKey = copy === undefined ? undefined : ROW_KEYS[copy.target];
    if (copy === undefined || rowKey === undefined) return;
    const { record } = copy;
    const incoming = { bytes: codec.encode(record), record };
    const rules = { codec, nowMs: UNIX_MS, refusal: () => undefined };
    this.#decide(new CopyChange(rowKey, incoming, rules, () => {}));
  }

  atFallback(): void {
    this.#decide(
      new FallbackMint(
        ROW_KEYS,
        0,
        {
          ...{ codec, nowMs: UNIX_MS, nodeIndex: FALLBACK, epochFloor: () => 0, ceiling: 0 },
          refusal: () => undefined,
          mint: (local, epochFloor) => this.#minted(FALLBACK, local, epochFloor),
        },
        () => {},
      ),
    );
  }

  deliver(target: number): void {
    const rowKey = ROW_KEYS[target];
    const row = rowKey === undefined ? undefined : this.#rows.get(rowKey);
    if (rowKey === undefined || row === undefined) return;
    this.#merge(target, codec.decode(row.record));
    this.#rows.set(rowKey, undefined);
  }

  exchange(from: number, to: number): void {
    const record = this.#homes.get(from);
    if (record !== undefined) this.#merge(to, record);
  }

  /** What the replica shows. */
  shownAt(home: number): number[] {
    return this.#homes.get(home)?.siblings.map(({ dot }) => dot.seq) ?? [];
  }

  #merge(home: number, record: VersionedRecord): void {
    const local = this.#homes.get(home);
    this.#homes.set(home, local === undefined ? record : mergeRecords(local, record).record);
  }

  #decide(change: HintChange): void {
    change.decide(this.#rows);
  }

  #mint(nodeIndex: number, local: VersionedRecord | undefined, floor: number): VersionedRecord {
    return this.#minted(nodeIndex, local, floor).record;
  }

  /** Blind: nothing may ever replace it. */
  #minted(nodeIndex: number, local: VersionedRecord | undefined, epochFloor: number) {
    this.#seq += 1;
    this.written.add(this.#seq);
    return mint({
      ...{ local, isLocalReadable: true, context: EMPTY_CONTEXT, overwrite: false },
      operation: { kind: 'put', value: Uint8Array.of(this.#seq), meta: new Uint8Array(0) },
      ...{ nodeIndex, seq: this.#seq, epochFloor, unixMs: UNIX_MS, checksum },
    });
  }
}

const home = fc.constantFrom(...HOMES);
const KINDS = ['atFallback', 'deliver', 'atHome', 'arrive', 'exchange'] as const;
const step = fc.record({ kind: fc.constantFrom(...KINDS), a: home, b: home });

/** A copy from before the second event of the fallback comes when its rows are gone. */
const OLD_COPY: { kind: (typeof KINDS)[number]; a: number; b: number }[] = [
  { kind: 'atFallback', a: 0, b: 0 },
  { kind: 'deliver', a: 0, b: 0 },
  { kind: 'atHome', a: 0, b: 1 },
  { kind: 'atFallback', a: 0, b: 0 },
  { kind: 'deliver', a: 0, b: 0 },
  { kind: 'deliver', a: 1, b: 0 },
  { kind: 'deliver', a: 2, b: 0 },
  { kind: 'arrive', a: 0, b: 0 },
  { kind: 'atFallback', a: 0, b: 0 },
];

test('blind writes of replicas and of the fallback are all there in the end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World();
      for (const { kind, a, b } of steps) {
        if (kind === 'atFallback') world.atFallback();
        else if (kind === 'atHome') world.atHome(a, b);
        else if (kind === 'arrive') world.arrive(a);
        else if (kind === 'deliver') world.deliver(a);
        else world.exchange(a, b);
      }
      for (const target of HOMES) world.deliver(target);
      for (const from of HOMES) for (const to of HOMES) world.exchange(from, to);
      for (const from of HOMES) for (const to of HOMES) world.exchange(from, to);
      for (const target of HOMES) {
        expect(world.shownAt(target).sort((x, y) => x - y)).toEqual([...world.written]);
      }
    }),
    { numRuns: 500, examples: [[OLD_COPY]] },
  );
});
