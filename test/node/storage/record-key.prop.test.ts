import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makeRecordKey } from '../../../src/node/storage/record-key.ts';
import { readU64, writeU64 } from '../../../src/node/storage/table-keys.ts';

const keys = fc
  .tuple(
    fc.nat(3),
    fc.constantFrom('a', 'ab', 'b'),
    fc.uint8Array({ minLength: 1, maxLength: 4, max: 3 }),
  )
  .map(([token, bucket, key]) => makeRecordKey(token, bucket, key));

it('two record keys have one id exactly when token, bucket and key are the same', () => {
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      const isSame = a.token === b.token && a.bucket === b.bucket && `${a.key}` === `${b.key}`;
      expect(a.id === b.id).toBe(isSame);
      expect(Buffer.compare(a.storageKey, b.storageKey) === 0).toBe(isSame);
    }),
  );
});

it('every key from 1 to 1,024 bytes has an id of one character per byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 1_024, size: 'max' }), (key) => {
      const record = makeRecordKey(7, 'b', key);
      expect(Buffer.from(record.id, 'latin1')).toEqual(Buffer.from(record.storageKey));
    }),
  );
});

it('every safe integer survives its eight bytes', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const bytes = new Uint8Array(10);
      writeU64(bytes, 1, value);
      expect(readU64(bytes, 1)).toBe(value);
    }),
  );
});
