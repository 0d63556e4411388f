import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { assign } from '../../../src/core/ring/assign.ts';
import { countsOf, evenRoles, listsOf } from './roles-arbitrary.ts';

function tableHash(table: Uint16Array): string {
  const bytes = new Uint8Array(table.length * 2);
  table.forEach((nodeIndex, at) => {
    bytes.set([nodeIndex >>> 8, nodeIndex & 0xff], 2 * at);
  });
  return bytesToHex(sha256(bytes));
}

function movedCount(from: Uint16Array, to: Uint16Array, replicas: number): number {
  const before = listsOf(from, replicas);
  return listsOf(to, replicas)
    .map((list, at) => list.filter((nodeIndex) => !before[at]!.includes(nodeIndex)).length)
    .reduce((sum, count) => sum + count, 0);
}

describe('assign', () => {
  test.each([
    {
      shape: [256, 3, 3, 3, [1]] as const,
      first: 'fbe74f69e6593fc93bcfc6a99f9b161e68980714d9d0513380ce76597c5ba8b3',
      joined: '1bb55be2556ec14c91464dccada272f02e7bf9b0038991a25f62c661c86d06e9',
    },
    {
      shape: [256, 3, 5, 1, [1]] as const,
      first: '7ff092d45a9531bcdc71eb89df5b1dd7c3e47f7a16fc9de9caa712011ce9502d',
      joined: '61a902d83cb6a1e8ab81a6cb17252e03e93c14222bae9f869aa65293dcf2bb4a',
    },
    {
      shape: [1_024, 3, 30, 7, [1, 2, 4]] as const,
      first: 'd2fd9b37e9e24f5ccb3b044cc4ca62c9c7053dc022c185f04a421ac5f592d009',
      joined: '13d39e0f43260cfb732f8052f0536697c9d17e9238616457aa00d5751bd2425d',
    },
    {
      shape: [64, 5, 10, 4, [1, 2, 4]] as const,
      first: 'dab205cb5879dcbd02537a374a7ef9ed16941b99f0bacb277933aadcc164a21d',
      joined: '2e09be29e2612df8de4f39ca599e093d925dab4e7c2051c1c9e0025a695251f4',
    },
  ])('golden vector: $shape gives this table for ever', ({ shape, first, joined }) => {
    const [partitions, replicas, count, zones, weights] = shape;
    const { table } = assign({
      roles: evenRoles(count, zones, [...weights]),
      partitions,
      replicas,
    });
    expect(tableHash(table)).toBe(first);
    const roles = evenRoles(count + 1, zones, [...weights]);
    expect(tableHash(assign({ previous: table, roles, partitions, replicas }).table)).toBe(joined);
  });

  test('three nodes and three replicas: every node carries every partition', () => {
    const { table, zoneRuleRelaxed } = assign({
      roles: evenRoles(3, 1),
      partitions: 64,
      replicas: 3,
    });
    expect(zoneRuleRelaxed).toBe(false);
    for (const list of listsOf(table, 3)) expect([...list].sort()).toEqual([0, 1, 2]);
  });

  test('zones that are too small are reported and every partition still has its replicas', () => {
    const roles = evenRoles(5, 1).map((role) =>
      role.nodeIndex === 0 ? { ...role, zone: 'b' } : role,
    );
    const { table, zoneRuleRelaxed } = assign({ roles, partitions: 32, replicas: 5 });
    expect(zoneRuleRelaxed).toBe(true);
    for (const list of listsOf(table, 5)) expect(new Set(list).size).toBe(5);
  });

  test('a node that joins three others takes its share and nothing else moves', () => {
    const before = assign({ roles: evenRoles(3, 1), partitions: 256, replicas: 3 }).table;
    const after = assign({
      previous: before,
      roles: evenRoles(4, 1),
      partitions: 256,
      replicas: 3,
    }).table;
    expect(countsOf(after).get(3)).toBe(192);
    expect(movedCount(before, after, 3)).toBe(192);
  });

  test('a draining node carries nothing and hardly anything else moves', () => {
    const roles = evenRoles(5, 1);
    const before = assign({ roles, partitions: 256, replicas: 3 }).table;
    const drained = roles.map((role) => (role.nodeIndex === 2 ? { ...role, weight: 0 } : role));
    const after = assign({ previous: before, roles: drained, partitions: 256, replicas: 3 }).table;
    expect(countsOf(after).has(2)).toBe(false);
    expect(movedCount(before, after, 3)).toBeLessThan(1.1 * countsOf(before).get(2)!);
  });

  test('the earlier table may have shorter lists: their nodes stay', () => {
    const roles = evenRoles(6, 3);
    const before = assign({ roles, partitions: 128, replicas: 2 }).table;
    const after = assign({ previous: before, roles, partitions: 128, replicas: 3 }).table;
    const lists = listsOf(before, 2);
    listsOf(after, 3).forEach((list, at) => {
      expect(list).toEqual(expect.arrayContaining(lists[at]!));
    });
  });

  test('after a failure the rest of the cluster shares the work: no node has few peers', () => {
    const { table } = assign({ roles: evenRoles(10, 1), partitions: 256, replicas: 3 });
    const peers = new Map<number, Set<number>>();
    for (const list of listsOf(table, 3)) {
      for (const a of list) {
        for (const b of list) peers.set(a, (peers.get(a) ?? new Set()).add(b));
      }
    }
    expect(Math.min(...[...peers.values()].map((set) => set.size))).toBe(10);
  });

  test.each([
    ['an index given twice', { roles: [...evenRoles(3, 1), ...evenRoles(1, 1)] }],
    ['an earlier table of another number of partitions', { previous: new Uint16Array(10) }],
    ['an earlier table with a node twice', { previous: new Uint16Array(12) }],
    ['no nodes', { roles: [] }],
    ['partitions no power of two', { partitions: 3 }],
  ])('%s: refused', (_, part) => {
    const input = { roles: evenRoles(3, 1), partitions: 4, replicas: 3, ...part };
    expect(() => assign(input)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
