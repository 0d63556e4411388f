import { describe, expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../src/core/bytes.ts';
import {
  COUNCIL_MAX,
  decodeLayout,
  encodeLayout,
  firstLayout,
  type Layout,
  layoutHash,
  type Member,
  ROLES_MAX,
} from '../../../src/core/ring/layout.ts';
import { members } from './roles-arbitrary.ts';

const CLUSTER_ID = Uint8Array.from({ length: 16 }, (_, at) => at);

function member(name: string, zone: string, weight: number): Member {
  return { name, address: `${name}:7000`, zone, datacentre: 'd1', weight };
}

const TRIO = [member('c', 'z2', 1), member('a', 'z1', 1), member('b', 'z1', 2)];
const SMALL = { clusterId: CLUSTER_ID, partitions: 4, replicas: 2, members: TRIO };

const GOLDEN_HEX =
  '4c0100000001' + // magic, format, version
  '00'.repeat(32) + // base
  '000102030405060708090a0b0c0d0e0f' + // cluster id
  '0202' + // log2(partitions), replicas
  '03' + // roles
  `0001${'0161'}${'06613a37303030'}${'027a31'}${'026431'}` +
  `0102${'0162'}${'06623a37303030'}${'027a31'}${'026431'}` +
  `0201${'0163'}${'06633a37303030'}${'027a32'}${'026431'}` +
  '00' + // removed
  '03000102' + // council
  '00010002000100020002000000020001'; // table

function small(part: Partial<Layout> = {}): Layout {
  return { ...firstLayout(SMALL), ...part };
}

describe('layout', () => {
  test('golden vector: a first layout has these bytes and this hash for ever', () => {
    const bytes = encodeLayout(firstLayout(SMALL));
    expect(bytesToHex(bytes)).toBe(GOLDEN_HEX);
    expect(bytesToHex(layoutHash(bytes))).toBe(
      'f0c73b2903d6c513f709a3ef4d36c97ea06474f9d57add748646adccb4181ea9',
    );
  });

  test('golden vector: the usual layout of 256 partitions has this hash for ever', () => {
    const layout = firstLayout({
      clusterId: CLUSTER_ID,
      partitions: 256,
      replicas: 3,
      members: members(7),
    });
    expect(bytesToHex(layoutHash(encodeLayout(layout)))).toBe(
      '1725402bc5bf99a5d81c726ebefb95d22d4b7773b7086d11f44bbf59edd443d6',
    );
  });

  test('the golden bytes decode to the layout that they were made from', () => {
    expect(decodeLayout(hexToBytes(GOLDEN_HEX))).toEqual(firstLayout(SMALL));
  });

  test('a decoded layout shares no memory with its bytes', () => {
    const bytes = hexToBytes(GOLDEN_HEX);
    const layout = decodeLayout(bytes);
    bytes.fill(0xff);
    expect(layout).toEqual(firstLayout(SMALL));
  });

  test('a later version with removed nodes comes back as it was', () => {
    const layout = small({ version: 7, base: new Uint8Array(32).fill(9), removed: [3, 65_535] });
    expect(decodeLayout(encodeLayout(layout))).toEqual(layout);
  });

  test('nodes are numbered by name, in whatever order they are given', () => {
    const layout = firstLayout(SMALL);
    expect(layout.roles.map((role) => role.name)).toEqual(['a', 'b', 'c']);
    expect(firstLayout({ ...SMALL, members: [...TRIO].reverse() })).toEqual(layout);
  });

  test('the council is an odd number of nodes spread over datacentres, then zones', () => {
    const councilOf = (list: Member[]): readonly number[] =>
      firstLayout({ ...SMALL, replicas: 1, members: list }).council;
    expect(councilOf(members(1))).toEqual([0]);
    expect(councilOf(members(4))).toEqual([0, 1, 2]);
    expect(councilOf(members(40))).toHaveLength(COUNCIL_MAX);
    const crowded = ['a', 'b', 'c', 'd', 'e'].map((name) => member(name, 'z1', 1));
    const lone = { ...member('y', 'z1', 1), datacentre: 'd2' };
    expect(councilOf([...crowded, member('x', 'z2', 1), lone])).toHaveLength(7);
    expect(councilOf([...crowded.slice(0, 2), member('x', 'z2', 1), lone])).toEqual([0, 2, 3]);
  });

  test('a draining node is no member of the council', () => {
    const list = [member('a', 'z', 0), ...['b', 'c', 'd'].map((name) => member(name, 'z', 1))];
    expect(firstLayout({ ...SMALL, members: list }).council).toEqual([1, 2, 3]);
  });

  test.each<[string, Partial<typeof SMALL>]>([
    ['fewer nodes than replicas', { replicas: 4 }],
    [
      'fewer nodes with weight than replicas',
      { members: [...TRIO.slice(0, 1), member('d', 'z', 0)] },
    ],
    ['all weights 0', { members: [member('a', 'z', 0), member('b', 'z', 0)] }],
    ['a name given twice', { members: [...TRIO, { ...TRIO[0]!, address: 'x:1' }] }],
    ['an address given twice', { members: [...TRIO, { ...TRIO[0]!, name: 'x' }] }],
    ['an address without a port', { members: [...TRIO, { ...TRIO[0]!, name: 'x', address: 'x' }] }],
    ['port 0', { members: [...TRIO, { ...TRIO[0]!, name: 'x', address: 'x:0' }] }],
    ['port 65536', { members: [...TRIO, { ...TRIO[0]!, name: 'x', address: 'x:65536' }] }],
    [
      'an IPv6 address without brackets',
      { members: [{ ...TRIO[0]!, address: '::1:7000' }, ...TRIO] },
    ],
    ['an empty name', { members: [...TRIO, { ...member('x', 'z', 1), name: '' }] }],
    ['a name with a space', { members: [...TRIO, { ...member('x', 'z', 1), name: 'x y' }] }],
    [
      'a name of 256 characters',
      { members: [...TRIO, { ...member('x', 'z', 1), name: 'x'.repeat(256) }] },
    ],
    ['a zone that is not ASCII', { members: [...TRIO, member('x', 'zürich', 1)] }],
    ['a broken weight', { members: [...TRIO, member('x', 'z', 1.5)] }],
    ['no members', { members: [] }],
    ['too many members', { members: members(ROLES_MAX + 1) }],
    ['partitions no power of two', { partitions: 100 }],
    ['ten replicas', { replicas: 10 }],
    ['a cluster id of 8 bytes', { clusterId: new Uint8Array(8) }],
  ])('%s: no first layout', (_, part) => {
    expect(() => firstLayout({ ...SMALL, ...part })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('an IPv6 address in brackets is an address', () => {
    const list = [...TRIO, { ...member('x', 'z', 1), address: '[fe80::1%eth0]:7000' }];
    expect(firstLayout({ ...SMALL, members: list }).roles[3]?.address).toBe('[fe80::1%eth0]:7000');
  });

  test.each<[string, Partial<Layout>]>([
    ['version 0', { version: 0 }],
    ['a version above 32 bits', { version: 2 ** 32 }],
    ['a first version with a base', { base: new Uint8Array(32).fill(1) }],
    ['a short base', { base: new Uint8Array(31) }],
    ['unsorted roles', { roles: [...firstLayout(SMALL).roles].reverse() }],
    ['a council of strangers', { council: [0, 9] }],
    ['no council', { council: [] }],
    ['an unsorted council', { council: [1, 0] }],
    ['a removed node with a role', { removed: [2] }],
    ['a node index above 16 bits', { removed: [65_536] }],
    ['a short table', { table: new Uint16Array([0, 1]) }],
    ['a table with a stranger', { table: new Uint16Array([0, 1, 0, 1, 0, 1, 0, 9]) }],
    ['a partition with a node twice', { table: new Uint16Array([0, 1, 0, 1, 2, 2, 0, 1]) }],
  ])('%s: not encoded', (_, part) => {
    expect(() => encodeLayout(small(part))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('a later format is told apart from damage', () => {
    const bytes = hexToBytes(GOLDEN_HEX);
    bytes[1] = 2;
    expect(() => decodeLayout(bytes)).toThrow(
      expect.objectContaining({ code: 'VERSION_UNSUPPORTED' }),
    );
    bytes[0] = 0;
    expect(() => decodeLayout(bytes)).toThrow(
      expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
    );
  });

  test('bytes that ask for 2^255 partitions are refused', () => {
    const bytes = hexToBytes(GOLDEN_HEX);
    bytes[54] = 255;
    expect(() => decodeLayout(bytes)).toThrow(
      expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
    );
  });
});
