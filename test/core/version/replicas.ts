/** Nodes that mint and merge one key without network or disk, for tests that tell a story. */
import { crc32 } from 'node:zlib';
import type { Checksum } from '../../../src/core/checksum.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import { type CausalContext, EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import { hlcToUnixMs } from '../../../src/core/version/hlc.ts';
import {
  type MintInput,
  type MintOperation,
  type MintOutcome,
  mint,
} from '../../../src/core/version/mint.ts';
import {
  contextOf,
  EMPTY_BYTES,
  EMPTY_RECORD,
  mergeRecords,
  type VersionedRecord,
  visibleSiblings,
} from '../../../src/core/version/record.ts';

export const checksum: Checksum = (bytes, previous) => crc32(bytes, previous);

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The CoterieError that it fails with. */
export function failureOf(run: () => unknown): CoterieError {
  try {
    run();
  } catch (error) {
    if (error instanceof CoterieError) return error;
  }
  throw new Error('it should have failed with a CoterieError');
}

export function requestIdOf(byte: number): Uint8Array {
  return new Uint8Array(16).fill(byte);
}

/** Values that a read of the record shows, sorted. */
export function valuesOf(record: VersionedRecord): string[] {
  return visibleSiblings(record)
    .map((sibling) => textOf(sibling.value))
    .sort();
}

export type WriteOptions = Partial<MintInput> & {
  readonly requestId?: Uint8Array;
  readonly meta?: Uint8Array;
};

/** A year after 2025, in ticks: dots as long as real ones. */
const START = 365 * 24 * 3_600_000 * 4_096;

export class ReplicaNode {
  readonly nodeIndex: number;
  record: VersionedRecord | undefined;
  isReadable = true;
  epochFloor = 0;
  tick: number = START;

  constructor(nodeIndex: number) {
    this.nodeIndex = nodeIndex;
  }

  put(value: string, context: CausalContext = EMPTY_CONTEXT, options: WriteOptions = {}) {
    const { requestId, meta = EMPTY_BYTES } = options;
    const base = { kind: 'put', value: bytesOf(value), meta } as const;
    return this.write(requestId === undefined ? base : { ...base, requestId }, context, options);
  }

  delete(context: CausalContext, options: WriteOptions = {}) {
    const { requestId } = options;
    const operation = requestId === undefined ? {} : { requestId };
    return this.write({ kind: 'delete', ...operation }, context, options);
  }

  write(operation: MintOperation, context: CausalContext, options: WriteOptions): MintOutcome {
    this.tick += 5;
    const outcome = mint({
      local: this.record,
      isLocalReadable: this.isReadable,
      context,
      overwrite: false,
      operation,
      nodeIndex: this.nodeIndex,
      seq: this.tick,
      epochFloor: this.epochFloor,
      unixMs: hlcToUnixMs(this.tick),
      checksum,
      ...options,
    });
    this.record = outcome.record;
    return outcome;
  }

  get(): VersionedRecord {
    return this.record ?? EMPTY_RECORD;
  }

  context(): CausalContext {
    return contextOf(this.get());
  }

  receive(record: VersionedRecord): void {
    this.record = mergeRecords(this.get(), record).record;
  }

  /** What its owner does when records of the partition may have been lost. */
  raiseFloor(): void {
    this.tick += 1;
    this.epochFloor = this.tick;
  }
}
