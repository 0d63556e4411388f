import { describe, expect, it } from 'vitest';
import { EMPTY_BYTES, type VersionedRecord } from '../../../src/core/version/record.ts';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import type { StoreOperation } from '../../../src/env/store.ts';
import { recordRowKey } from '../../../src/node/storage/table-keys.ts';
import { MintedDots } from '../../../src/sim/cluster/minted-dots.ts';
import { readRow } from '../../../src/sim/cluster/stored-records.ts';
import { checksum } from './cluster-rig.ts';

const codec = createRecordCodec(checksum);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function record(nodeIndex: number, seq: number, value: string, contentHash: number) {
  const dot = { nodeIndex, epoch: 5, seq };
  const sibling = { dot, isTombstone: false, contentHash, meta: EMPTY_BYTES, value: bytes(value) };
  const made: VersionedRecord = {
    vector: [{ nodeIndex, epoch: 5, seq }],
    dots: [],
    siblings: [sibling],
  };
  return codec.encode(made);
}

const row = (key: string, value: Uint8Array): StoreOperation => ({
  type: 'put',
  key: recordRowKey(9, 'default', bytes(key)),
  value,
});

describe('dots that nodes minted', () => {
  it('are those of the node itself, each once', () => {
    const minted = new MintedDots(codec);
    const batch = [row('k', record(2, 8, 'w1', 77)), row('j', record(3, 8, 'w2', 78))];
    minted.note('n2', 2, batch, 1_000);
    minted.note('n2', 2, batch, 2_000);
    expect(minted.all).toEqual([
      {
        key: 'k',
        dot: '2.5.8',
        contentHash: 77,
        isTombstone: false,
        write: 1,
        node: 'n2',
        atUs: 1_000,
      },
    ]);
  });

  it('show a dot that was given to a second content', () => {
    const minted = new MintedDots(codec);
    minted.note('n2', 2, [row('k', record(2, 8, 'w1', 77))], 1_000);
    minted.note('n2', 2, [row('k', record(2, 8, 'w4', 79))], 2_000);
    expect(minted.all.map(({ contentHash }) => contentHash)).toEqual([77, 79]);
  });
});

describe('a row of a disk', () => {
  it('tells the key, the write that made each value, and its bytes', () => {
    const { key, value } = { key: recordRowKey(9, 'default', bytes('k')), value: EMPTY_BYTES };
    const sound = readRow(codec, { key, value: record(2, 8, 'w12|pad', 77) });
    expect(sound?.stored).toMatchObject({
      key: 'k',
      siblings: [{ dot: '2.5.8', isTombstone: false, write: 12, contentHash: 77 }],
    });
    expect(readRow(codec, { key: bytes('Mrun'), value })).toBeUndefined();
  });

  it('is told of when it cannot be read', () => {
    const value = record(2, 8, 'w12', 77);
    value[value.length - 1] = 0;
    const rotten = readRow(codec, { key: recordRowKey(9, 'other', bytes('k')), value });
    expect(rotten).toMatchObject({ key: 'other/k', record: undefined, stored: { siblings: [] } });
  });
});
