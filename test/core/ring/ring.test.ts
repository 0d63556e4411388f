import { describe, expect, test } from 'vitest';
import { encodeLayout, firstLayout, layoutHash } from '../../../src/core/ring/layout.ts';
import { Ring } from '../../../src/core/ring/ring.ts';
import { members } from './roles-arbitrary.ts';

const CLUSTER_ID = Uint8Array.from({ length: 16 }, (_, at) => at);

function ringOf(count: number, replicas = 3): Ring {
  const list = members(count).map((member, at) => ({
    ...member,
    datacentre: at % 2 === 0 ? 'east' : 'west',
  }));
  const layout = firstLayout({ clusterId: CLUSTER_ID, partitions: 16, replicas, members: list });
  return new Ring(layout, layoutHash(encodeLayout(layout)));
}

describe('ring', () => {
  test('golden vector: a key of this cluster lies here for ever', () => {
    const place = ringOf(5).partitionOfKey('default', new TextEncoder().encode('cart:42'));
    expect(place).toEqual({ token: 1_250_796_678, partition: 4 });
  });

  test('replicas and places are the same nodes, and the same object at every call', () => {
    const ring = ringOf(5);
    const replicas = ring.replicasOf(7);
    expect(replicas).toHaveLength(3);
    expect(ring.replicasOf(7)).toBe(replicas);
    expect(ring.places(7)).toBe(ring.places(7));
    expect(ring.places(7)).toEqual(
      replicas.map((nodeIndex) => ({
        nodeIndex,
        datacentre: ring.role(nodeIndex)?.datacentre,
      })),
    );
  });

  test('members are found by index and by name, strangers are not', () => {
    const ring = ringOf(5);
    expect(ring.role(2)?.name).toBe('node-2');
    expect(ring.roleByName('node-2')).toBe(ring.role(2));
    expect(ring.role(5)).toBeUndefined();
    expect([ring.nameOf(2), ring.nameOf(5)]).toEqual(['node-2', 'node 5']);
    expect(ring.roleByName('node-5')).toBeUndefined();
  });

  test('every replica of every partition is owned by someone, a draining node owns none', () => {
    const layout = firstLayout({
      clusterId: CLUSTER_ID,
      partitions: 16,
      replicas: 2,
      members: members(4).map((member, at) => (at === 3 ? { ...member, weight: 0 } : member)),
    });
    const ownership = new Ring(layout, layoutHash(encodeLayout(layout))).ownership();
    expect([...ownership.values()].reduce((sum, count) => sum + count, 0)).toBe(32);
    expect(ownership.get(3)).toBe(0);
  });

  test('with one layout all epochs of all partitions are its version', () => {
    const layout = { ...ringOf(5).layout, version: 4 };
    const ring = new Ring(layout, new Uint8Array(32));
    expect(ring.epochsOf(15)).toEqual({ current: 4, minimum: 4, read: 4 });
    expect(ring.epochsOf(0)).toBe(ring.epochsOf(15));
  });

  test.each([-1, 16, 0.5])('partition %d of 16 is refused', (partition) => {
    const ring = ringOf(5);
    const refusal = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => ring.replicasOf(partition)).toThrow(refusal);
    expect(() => ring.places(partition)).toThrow(refusal);
    expect(() => ring.epochsOf(partition)).toThrow(refusal);
  });

  test('a hash of another length is a bug', () => {
    expect(() => new Ring(ringOf(3).layout, new Uint8Array(20))).toThrow(
      expect.objectContaining({ code: 'ASSERTION_FAILED' }),
    );
  });
});
