import { describe, expect, it } from 'vitest';
import {
  assertMayRead,
  assertStoreKey,
  STORE_ITERATORS_MAX,
  STORE_KEY_BYTES_MAX,
  STORE_OPERATIONS_MAX,
  StoreGate,
} from '../../src/core/store-gate.ts';

const failsWith = (code: string): unknown => expect.objectContaining({ code });

function openGate(): StoreGate {
  const gate = new StoreGate();
  gate.startOpening();
  gate.finishOpening(true);
  return gate;
}

describe('a store gate', () => {
  it('lets nothing begin before the store is open, while it closes, or afterwards', () => {
    const gate = new StoreGate();
    const refusesAll = (): void => {
      expect(() => gate.begin('getMany')).toThrow(failsWith('NOT_RUNNING'));
      expect(() => gate.begin('batch')).toThrow(failsWith('NOT_RUNNING'));
      expect(() => gate.beginIterator()).toThrow(failsWith('NOT_RUNNING'));
    };
    refusesAll();
    gate.startOpening();
    refusesAll();
    gate.finishOpening(true);
    gate.startClosing();
    refusesAll();
    gate.finishClosing();
    refusesAll();
    expect(() => gate.startOpening()).toThrow(failsWith('NOT_RUNNING'));
  });

  it('opens once, and again only after an opening that failed', () => {
    const gate = new StoreGate();
    gate.startOpening();
    expect(() => gate.startOpening()).toThrow(failsWith('CONFLICT'));
    gate.finishOpening(false);
    gate.startOpening();
    gate.finishOpening(true);
    expect(() => gate.startOpening()).toThrow(failsWith('CONFLICT'));
  });

  it('refuses what is beyond a bound and takes it once something has ended', () => {
    const gate = openGate();
    for (let count = 0; count < STORE_OPERATIONS_MAX; count += 1) gate.begin('getMany');
    expect(() => gate.begin('batch')).toThrow(failsWith('OVERLOADED'));
    gate.end();
    gate.begin('batch');
    for (let count = 0; count < STORE_ITERATORS_MAX; count += 1) gate.beginIterator();
    expect(() => gate.beginIterator()).toThrow(failsWith('OVERLOADED'));
    gate.endIterator();
    gate.beginIterator();
  });

  it('takes no batch after a failed one, and says that the refused one was not applied', () => {
    const gate = openGate();
    gate.begin('batch');
    gate.begin('batch');
    gate.noteFailedBatch();
    const refused = expect.objectContaining({ code: 'STORAGE_IO', applied: 'no' });
    expect(() => gate.assertNoFailedBatch()).toThrow(refused);
    expect(() => gate.begin('batch')).toThrow(refused);
    gate.begin('getMany');
  });

  it('calls back when the last operation has ended, and at once when there is none', () => {
    const gate = openGate();
    gate.begin('batch');
    gate.beginIterator();
    let idleCount = 0;
    gate.whenIdle(() => {
      idleCount += 1;
    });
    gate.end();
    expect(idleCount).toBe(0);
    gate.endIterator();
    expect(idleCount).toBe(1);
    gate.whenIdle(() => {
      idleCount += 1;
    });
    expect(idleCount).toBe(2);
  });

  it('holds an end without a begin, and a close with something under way, for a bug', () => {
    const gate = openGate();
    expect(() => gate.end()).toThrow(failsWith('ASSERTION_FAILED'));
    expect(() => gate.endIterator()).toThrow(failsWith('ASSERTION_FAILED'));
    gate.begin('getMany');
    gate.startClosing();
    expect(() => gate.finishClosing()).toThrow(failsWith('ASSERTION_FAILED'));
  });
});

it('a storage key has 1 to STORE_KEY_BYTES_MAX bytes', () => {
  assertStoreKey(new Uint8Array(1));
  assertStoreKey(new Uint8Array(STORE_KEY_BYTES_MAX));
  for (const length of [0, STORE_KEY_BYTES_MAX + 1]) {
    expect(() => assertStoreKey(new Uint8Array(length))).toThrow(failsWith('ASSERTION_FAILED'));
  }
});

describe('what an iterator asserts before it reads', () => {
  it('lets one read of at least one entry pass while it is open', () => {
    expect(() => assertMayRead(1, false, false)).not.toThrow();
  });

  it('refuses a second read at a time, and a count that is no number of entries', () => {
    expect(() => assertMayRead(1, true, false)).toThrow('while it was reading');
    expect(() => assertMayRead(0, false, false)).toThrow('0 entries');
    expect(() => assertMayRead(1.5, false, false)).toThrow('1.5 entries');
  });

  it('says after the close that a new iterator is needed', () => {
    expect(() => assertMayRead(1, false, true)).toThrow(failsWith('NOT_RUNNING'));
  });
});
