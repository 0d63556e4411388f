/** What the decisions of one request cost. Each figure is of a thousand: one alone is less than the
 *  clock can tell. `npm run bench:micro`. */
import { crc32 } from 'node:zlib';
import { bench, describe } from 'vitest';
import { resolveRequirement } from '../../src/core/quorum/level.ts';
import { ReadTally } from '../../src/core/quorum/read-tally.ts';
import { WriteTally } from '../../src/core/quorum/write-tally.ts';
import { partitionOf, tokenOf } from '../../src/core/ring/token.ts';
import { mergeRecords, type VersionedRecord } from '../../src/core/version/record.ts';
import { createRecordCodec } from '../../src/core/version/record-codec.ts';

const TIMES = 1_000;
const codec = createRecordCodec((bytes, previous) => crc32(bytes, previous));

function thousand(work: (at: number) => unknown): () => void {
  // What is made is kept, so that none of it is left out as useless.
  let kept: unknown;
  return () => {
    for (let at = 0; at < TIMES; at += 1) kept = work(at);
    if (kept === TIMES) throw new Error('never');
  };
}

/** One value of the given size, seen by so many minters. */
function recordOf(valueBytes: number, minters: number, seq = 1_000): VersionedRecord {
  const vector = Array.from({ length: minters }, (_, nodeIndex) => ({ nodeIndex, epoch: 1, seq }));
  const [dot] = vector;
  if (dot === undefined) throw new Error('no minter');
  const value = new Uint8Array(valueBytes).fill(7);
  const requestId = new Uint8Array(16).fill(9);
  const content = { meta: new Uint8Array(), value, contentHash: crc32(value) };
  return { vector, dots: [], siblings: [{ dot, isTombstone: false, requestId, ...content }] };
}

describe('token, 1,000 times', () => {
  const keys = Array.from({ length: TIMES }, (_, at) =>
    new TextEncoder().encode(`user${String(at).padStart(12, '0')}`),
  );
  bench(
    'token and partition of a key of 16 bytes',
    thousand((at) => partitionOf(tokenOf('bench', keys[at] ?? new Uint8Array(), 17), 256)),
  );
});

describe('record codec, 1,000 times', () => {
  for (const valueBytes of [100, 4_096]) {
    const record = recordOf(valueBytes, 3);
    const bytes = codec.encode(record);
    bench(
      `encode, ${valueBytes} bytes`,
      thousand(() => codec.encode(record)),
    );
    bench(
      `decode, ${valueBytes} bytes`,
      thousand(() => codec.decode(bytes)),
    );
    bench(
      `verify, ${valueBytes} bytes`,
      thousand(() => codec.verify(bytes)),
    );
  }
});

describe('merge, 1,000 times', () => {
  const old = recordOf(100, 3);
  const newer = recordOf(100, 3, 1_001);
  const other = { ...recordOf(100, 1), vector: [{ nodeIndex: 9, epoch: 1, seq: 5 }] };
  const [sibling] = other.siblings;
  if (sibling === undefined) throw new Error('no sibling');
  const concurrent = {
    ...other,
    siblings: [{ ...sibling, dot: { nodeIndex: 9, epoch: 1, seq: 5 } }],
  };
  bench(
    'a record into an older one',
    thousand(() => mergeRecords(old, newer)),
  );
  bench(
    'a record into an equal one',
    thousand(() => mergeRecords(old, old)),
  );
  bench(
    'a record into a concurrent one',
    thousand(() => mergeRecords(old, concurrent)),
  );
});

describe('tally, 1,000 times', () => {
  const replicas = [0, 1, 2].map((nodeIndex) => ({ nodeIndex, datacentre: 'dc' }));
  const place = { replicas, datacentre: 'dc' };
  const write = resolveRequirement({ verb: 'write', level: 'quorum', ...place });
  const read = resolveRequirement({ verb: 'read', level: 'quorum', ...place });
  const bytes = codec.encode(recordOf(100, 3));
  bench(
    'two acknowledgements of a quorum write',
    thousand(() => {
      const tally = new WriteTally({ requirements: [write], countsOnlyDurable: true });
      tally.acknowledge(0, true);
      return tally.acknowledge(1, true);
    }),
  );
  bench(
    'two answers of a quorum read',
    thousand(() => {
      const tally = new ReadTally(read, () => undefined);
      tally.answer({ nodeIndex: 0, bytes }, true);
      return tally.answer({ nodeIndex: 1, bytes }, true);
    }),
  );
});
