/** How much of what is there is read for one message. */
import { expect, test } from 'vitest';
import { createRecordCodec } from '../../../src/core/version/record-codec.ts';
import { RecordAccess } from '../../../src/node/repair/record-access.ts';
import { makeRecordKey, type RecordKey } from '../../../src/node/storage/record-key.ts';
import { StoredRecord } from '../../../src/node/storage/stored-record.ts';
import { checksum } from '../rig.ts';

const KIB = 1_024;
const codec = createRecordCodec(checksum);
const KEYS = Array.from({ length: 64 }, (_, index) => makeRecordKey(index, 'b', Uint8Array.of(1)));

/** Every record has so many bytes; `fetched` grows with each that is read. */
function accessTo(recordBytes: number, fetched: RecordKey[]): RecordAccess {
  const store: ConstructorParameters<typeof RecordAccess>[0] = {
    fetch: (key, reader) => {
      fetched.push(key);
      reader.found(new StoredRecord(codec, new Uint8Array(recordBytes)));
    },
  };
  const nobody = (): never => {
    throw new Error('nothing is written here');
  };
  const replica = { mint: nobody, merge: nobody, read: nobody, recalls: nobody };
  return new RecordAccess(store, replica, () => undefined);
}

test.each([
  [4_096 * KIB, 1, 2],
  [200 * KIB, 1, 2],
  [60 * KIB, 4, 6],
])('records of %i bytes are not read many times over', async (recordBytes, sent, readMax) => {
  const fetched: RecordKey[] = [];
  const records = await accessTo(recordBytes, fetched).read(KEYS, 256 * KIB);
  expect(records).toHaveLength(sent);
  expect(fetched.length).toBeLessThanOrEqual(readMax);
});

test('small records are read until there are none left', async () => {
  const fetched: RecordKey[] = [];
  expect(await accessTo(100, fetched).read(KEYS, 256 * KIB)).toHaveLength(KEYS.length);
  expect(fetched).toHaveLength(KEYS.length);
});
