import { describe, expect, it } from 'vitest';
import { ByteMap } from '../../../src/core/byte-map.ts';
import { WriteLog, type WriteLogOptions } from '../../../src/sim/disk/write-log.ts';
import { del, EVERYTHING, put, textOf } from '../../conformance/store-rows.ts';

class Rig {
  readonly content = new ByteMap();
  readonly log: WriteLog;

  constructor(options?: WriteLogOptions) {
    this.log = new WriteLog(options);
  }

  put(key: string, value: string, atUs: number): void {
    this.log.apply(this.content, [put(key, value)], atUs);
  }

  rows(): string {
    const entries = [...this.content.snapshot().entries(EVERYTHING.from, EVERYTHING.to)];
    return entries.map(({ key, value }) => `${textOf(key)}=${textOf(value)}`).join(' ');
  }
}

describe('a write log', () => {
  it('takes a batch back in which one key was written several times', () => {
    const rig = new Rig();
    rig.put('a', '0', 1);
    rig.log.apply(rig.content, [put('a', '1'), del('a'), put('b', '1'), put('a', '2')], 2);
    expect(rig.rows()).toBe('a=2 b=1');
    rig.log.undoLast(rig.content);
    expect(rig.rows()).toBe('a=0');
  });

  it('counts what no sync has covered', () => {
    const rig = new Rig();
    rig.put('a', '1', 1);
    rig.put('b', '1', 2);
    expect(rig.log.unsyncedCount).toBe(2);
    rig.log.sync();
    rig.put('c', '1', 3);
    expect(rig.log.unsyncedCount).toBe(1);
    rig.log.undoAfter(rig.content, 1);
    expect(rig.log.unsyncedCount).toBe(0);
    rig.put('d', '1', 4);
    expect(rig.log.unsyncedCount).toBe(1);
  });

  it('gives a removed batch’s place to the first later batch that wrote its key', () => {
    const rig = new Rig();
    for (const [at, value] of ['1', '2', '3', '4'].entries()) rig.put('a', value, at);
    rig.log.sync();
    expect(rig.log.remove(rig.content, 2)).toBe(1);
    expect(rig.rows()).toBe('a=4');
    rig.log.undoLast(rig.content);
    rig.log.undoLast(rig.content);
    expect(rig.rows()).toBe('a=1');
  });

  it('removes nothing that is not durable, of an earlier run, or not there', () => {
    const rig = new Rig();
    rig.put('a', '1', 1);
    rig.log.open();
    rig.put('b', '1', 2);
    rig.log.sync();
    rig.put('c', '1', 3);
    expect([0, 2, 3].map((later) => rig.log.remove(rig.content, later))).toEqual(
      Array(3).fill(undefined),
    );
    expect(rig.log.remove(rig.content, 1)).toBe(2);
    expect(rig.rows()).toBe('a=1 c=1');
    expect(rig.log.unsyncedCount).toBe(1);
  });

  it('forgets what is too old or too much, says from when on, and counts it as durable', () => {
    const old = new Rig({ ageUsMax: 10 });
    for (const atUs of [1, 5, 11, 16]) old.put(`k${atUs}`, '1', atUs);
    expect(old.log.reachesUs).toBe(5);
    expect(old.log.unsyncedCount).toBe(2);
    expect(old.log.undoAfter(old.content, 0)).toBe(2);
    expect(old.rows()).toBe('k1=1 k5=1');

    const large = new Rig({ bytesMax: 1_000 });
    for (let atUs = 1; atUs <= 5_000; atUs += 1) large.put('k', 'x'.repeat(200), atUs);
    expect(large.log.reachesUs).toBe(4_996);
    expect(large.log.undoAfter(large.content, 0)).toBe(4);
  });

  it('knows of nothing that was before it was cleared', () => {
    const rig = new Rig();
    rig.put('a', '1', 1);
    rig.log.clear(5);
    expect(rig.log.reachesUs).toBe(5);
    expect(rig.log.unsyncedCount).toBe(0);
    expect(rig.log.undoAfter(rig.content, 0)).toBe(0);
    expect(() => rig.log.undoLast(rig.content)).toThrow('no batch to take back');
  });
});
