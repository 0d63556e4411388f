import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../../src/core/bytes.ts';
import { CoterieError } from '../../src/core/errors.ts';
import { GOSSIP_FRAME_BYTES_MAX } from '../../src/core/limits.ts';
import { entryBytesMax } from '../../src/core/membership/member-digest.ts';
import {
  entryOfAccusation,
  entryOfLeft,
  entryOfRecord,
  join,
  type MemberEntry,
} from '../../src/core/membership/member-entry.ts';
import type { MemberRecord } from '../../src/core/membership/member-record.ts';
import { MemberEntry as WireEntry } from '../../src/wire/generated/coterie/v1/gossip.ts';
import {
  decodeGossipFrame,
  decodeMemberEntry,
  encodeGossipFrame,
  encodeMemberEntry,
  type GossipContent,
} from '../../src/wire/gossip-codec.ts';

const ID = '0123456789abcdef'.repeat(2);
const OTHER = 'ff'.repeat(16);

const record: MemberRecord = {
  id: ID,
  name: 'alpha',
  clusterId: 'c1'.repeat(16),
  generation: 1_790_000_000_123,
  version: 7,
  incarnation: 2,
  address: '10.0.0.1:7400',
  zone: 'z1',
  datacentre: 'd1',
  weight: 100,
  status: 'LEAVING',
  nodeIndex: 0,
  layoutVersion: 3,
  layoutHash: 'ab'.repeat(32),
  protocol: 1,
  clockOffsetMs: -20,
  diskPercent: 42,
};
const entry = join(
  entryOfRecord(record, 99),
  entryOfAccusation({
    about: ID,
    generation: 1_790_000_000_123,
    incarnation: 2,
    state: 'DOWN',
    by: OTHER,
  }),
);

function roundTrip(content: GossipContent): unknown {
  return decodeGossipFrame(encodeGossipFrame({ exchange: 5, wallMs: 1.5, content })).content;
}

it('a frame has the bytes that docs/protocol.md shows', () => {
  const sender = {
    protocol: 1,
    clusterId: 'c1'.repeat(16),
    id: 'ab'.repeat(16),
    generation: 1_000,
    address: 'a:1',
  };
  const target = 'cd'.repeat(16);
  const content: GossipContent = { kind: 'probe', target, address: 'b:2', timeoutMs: 500 };
  const bytes = encodeGossipFrame({ exchange: 5, wallMs: 1.5, sender, content });
  const golden =
    `0a2e 0801 1210${'c1'.repeat(16)} 1a10${'ab'.repeat(16)} 20e807 2a03613a31` +
    `1005 19000000000000f83f 421a 0a10${'cd'.repeat(16)} 1203623a32 18f403`;
  expect(bytesToHex(bytes)).toBe(golden.replaceAll(' ', ''));
  expect(decodeGossipFrame(bytes)).toEqual({ exchange: 5, wallMs: 1.5, sender, content });
});

describe('a frame comes back as it was', () => {
  const zeros = Array.from({ length: 64 }, () => 0);

  it.each<[string, GossipContent]>([
    [
      'open',
      {
        kind: 'open',
        digest: {
          hashes: zeros.map((_, index) => 0xffff_ffff - index),
          counts: [2, ...zeros.slice(1)],
          heartbeats: [1, 4_294_967_295],
        },
        news: [entry],
      },
    ],
    [
      'reply',
      {
        kind: 'reply',
        ahead: [0, 3],
        summaries: {
          buckets: [0, 63],
          entries: [{ id: ID, generation: 2 ** 48, version: 1, hash: 4_000_000_000, heartbeat: 3 }],
        },
        news: [entryOfLeft(ID, 'alpha', '')],
      },
    ],
    ['delta', { kind: 'delta', entries: [entry], wants: [OTHER], isLast: true }],
    ['probe', { kind: 'probe', target: '', address: 'a:1', timeoutMs: 500 }],
    ['probe result', { kind: 'probe-result', target: ID, outcome: 'silent' }],
  ])('%s', (_, content) => {
    expect(roundTrip(content)).toEqual(content);
  });

  it('refusal', () => {
    const error = new CoterieError('CLUSTER_MISMATCH', 'Another cluster');
    const back = roundTrip({ kind: 'refused', error });

    expect(back).toMatchObject({ kind: 'refused', error: { code: 'CLUSTER_MISMATCH' } });
  });

  it('greeting', () => {
    const sender = { protocol: 1, clusterId: '', id: ID, generation: 12, address: 'a:1' };
    const frame = { sender, exchange: 0, wallMs: 1_790_000_000_000 };

    expect(decodeGossipFrame(encodeGossipFrame(frame))).toEqual(frame);
  });
});

it('an entry has these bytes', () => {
  const lines = [
    '0a100123456789abcdef0123456789abcdef126c0a05616c7068611210c1c1c1',
    'c1c1c1c1c1c1c1c1c1c1c1c1c118fbd8c1a28c3420072802320d31302e302e30',
    '2e313a373430303a027a314202643148645001580060036a20ababababababab',
    'ababababababababababababababababababababababababab7001782780012a',
    '186320fbd8c1a28c34280232140a10ffffffffffffffffffffffffffffffff10',
    '01',
  ];
  expect(bytesToHex(encodeMemberEntry(entry))).toBe(lines.join(''));
  expect(decodeMemberEntry(encodeMemberEntry(entry))).toEqual(entry);
});

describe('bytes from outside are refused when', () => {
  const wireEntry = (): WireEntry => WireEntry.decode(encodeMemberEntry(entry));

  it.each<[string, (wire: WireEntry) => void]>([
    ['an id is short', (wire) => (wire.id = new Uint8Array(15))],
    ['a generation is over 48 bits', (wire) => (wire.generation = 2 ** 48)],
    ['an accuser is the accused', (wire) => (wire.accusers = [{ by: wire.id, down: true }])],
    [
      'there are too many accusers',
      (wire) =>
        (wire.accusers = Array.from({ length: 5 }, () => ({ by: new Uint8Array(16), down: true }))),
    ],
    ['a name is empty', (wire) => (wire.record!.name = '')],
    ['a cluster id is odd', (wire) => (wire.record!.clusterId = new Uint8Array(3))],
    ['the state is unknown', (wire) => (wire.record!.state = 9 as 0)],
    ['the disk is over full', (wire) => (wire.record!.diskPercent = 101)],
  ])('%s', (_, damage) => {
    const wire = wireEntry();
    damage(wire);

    expect(() => decodeMemberEntry(WireEntry.encode(wire).finish())).toThrow(
      expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
    );
  });

  it.each<[string, Uint8Array | (() => Uint8Array)]>([
    ['they are no message', new Uint8Array([0xff, 0xff])],
    ['they are too many', new Uint8Array(GOSSIP_FRAME_BYTES_MAX + 1)],
    ['the clock is no number', () => encodeGossipFrame({ exchange: 0, wallMs: Number.NaN })],
    [
      'a digest has not 64 buckets',
      () =>
        encodeGossipFrame({
          exchange: 0,
          wallMs: 0,
          content: {
            kind: 'open',
            digest: { hashes: [1], counts: [0], heartbeats: [] },
            news: [],
          },
        }),
    ],
    [
      'a digest has more heartbeats than it counts',
      () => {
        const zeros = Array.from({ length: 64 }, () => 0);
        const digest = { hashes: zeros, counts: zeros, heartbeats: [1] };
        const content = { kind: 'open', digest, news: [] } as const;
        return encodeGossipFrame({ exchange: 0, wallMs: 0, content });
      },
    ],
    [
      'a bucket does not exist',
      () => {
        const summaries = { buckets: [64], entries: [] };
        const content = { kind: 'reply', ahead: [], summaries, news: [] } as const;
        return encodeGossipFrame({ exchange: 0, wallMs: 0, content });
      },
    ],
    [
      'too many ids are wanted',
      () => {
        const wants = Array.from({ length: 2_049 }, () => ID);
        const content = { kind: 'delta', entries: [], wants, isLast: false } as const;
        return encodeGossipFrame({ exchange: 0, wallMs: 0, content });
      },
    ],
  ])('%s', (_, bytes) => {
    const given = typeof bytes === 'function' ? bytes() : bytes;

    expect(() => decodeGossipFrame(given)).toThrow(
      expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
    );
  });
});

it('what a newer version says beside what is known is no error', () => {
  expect(decodeGossipFrame(new Uint8Array([0xf8, 0x07, 0x01]))).toEqual({ exchange: 0, wallMs: 0 });
});

it('no entry is larger than what it is counted for', () => {
  const long = 'x'.repeat(255);
  const full: MemberEntry = {
    ...entryOfRecord(
      {
        ...record,
        name: long,
        address: long,
        zone: long,
        datacentre: long,
        generation: 2 ** 48 - 1,
        version: 2 ** 32 - 1,
        incarnation: 2 ** 32 - 1,
        weight: 1_000_000,
        nodeIndex: 65_535,
        layoutVersion: 2 ** 32 - 1,
        protocol: 2 ** 32 - 1,
        clockOffsetMs: -8_640_000_000_000_000,
        diskPercent: 100,
      },
      2 ** 32 - 1,
    ),
    accusers: Array.from({ length: 4 }, (_, index) => ({
      by: `0${index}`.repeat(16),
      state: 'DOWN' as const,
    })),
  };
  const one: GossipContent = { kind: 'delta', entries: [full], wants: [], isLast: false };
  const none: GossipContent = { ...one, entries: [] };
  const frameOf = (content: GossipContent): number =>
    encodeGossipFrame({ exchange: 0, wallMs: 0, content }).length;

  expect(frameOf(one) - frameOf(none)).toBeLessThanOrEqual(entryBytesMax(full));
});
