import { expect, test } from 'vitest';
import { checkLayers } from './layers.ts';
import { sourceOf } from './sources.ts';

function faults(path: string, text: string): readonly string[] {
  return checkLayers([sourceOf(path, text)]).map(({ message }) => message);
}

test.each([
  [
    'src/core/a.ts',
    "import type { Clock } from '../env/clock.ts';",
    'may import nothing but itself',
  ],
  [
    'src/core/ring/a.ts',
    "import { x } from '../../node/node.ts';",
    'may import nothing but itself',
  ],
  ['src/core/a.ts', "import { deflate } from 'pako';", 'may use murmurhash3js-revisited'],
  ['src/core/a.ts', "import { crc32 } from 'node:zlib';", 'is pure'],
  ['src/env/a.ts', "import { assert } from '../core/errors.ts';", 'may take only types'],
  ['src/env/a.ts', "import type { A } from '../wire/a.ts';", 'may import src/core/'],
  ['src/wire/a.ts', "export { a } from '../node/a.ts';", 'may import src/core/, src/env/'],
  ['src/node/a.ts', "import { a } from '../platform/system/clock.ts';", 'may import src/core/'],
  ['src/node/a.ts', "import pino from 'pino';", 'may use no package'],
  ['src/client/a.ts', "import { a } from '../node/node.ts';", 'src/client/ may import'],
  ['src/sim/a.ts', "import { a } from '../platform/memory/store.ts';", 'src/sim/ may import'],
  ['src/platform/system/a.ts', "import { a } from '../../client/a.ts';", 'may import src/core/'],
  ['src/platform/http/a.ts', "import * as grpc from '@grpc/grpc-js';", 'may use pino, prom-client'],
  ['src/platform/grpc/a.ts', "import rocksdb from 'rocksdb';", 'may use @grpc/grpc-js'],
  ['src/platform/rocksdb/a.ts', "import pino from 'pino';", 'may use rocksdb'],
  ['src/config/a.ts', "import { a } from '../core/limits.ts';", 'may import src/core/errors.ts'],
  ['src/bench/a.ts', "import { a } from '../cli/a.ts';", 'may import src/core/, src/client/'],
  ['src/cli/a.ts', "import { z } from 'zod';", 'may use commander'],
  ['src/embed.ts', "const r = await import('rocksdb');", 'may use no package'],
  ['src/utilities/a.ts', 'export {};', 'belongs to no layer'],
])('%s with %s is a fault', (path, text, message) => {
  expect(faults(path, text)).toEqual([expect.stringContaining(message)]);
});

test.each([
  ['src/core/ring/a.ts', "import { assert } from '../errors.ts';"],
  ['src/core/a.ts', "import { sha256 } from '@noble/hashes/sha2.js';"],
  ['src/env/a.ts', "import type { Dot } from '../core/version/dot.ts';"],
  ['src/wire/a.ts', "import { BinaryReader } from '@bufbuild/protobuf/wire';"],
  ['src/node/node.ts', "import { Coordinator } from './coordinator/coordinator.ts';"],
  ['src/node/replica/a.ts', "import type { Peers } from '../contracts.ts';"],
  ['src/platform/rocksdb/a.ts', "const { default: rocksdb } = await import('rocksdb');"],
  ['src/config/load.ts', "import { CoterieError } from '../core/errors.ts';"],
  ['src/cli/main.ts', "import { startNode } from '../embed.ts';"],
])('%s with %s is in order', (path, text) => {
  expect(faults(path, text)).toEqual([]);
});

test('rooms of the node do not know each other, not even by type', () => {
  const text = "import type { Mint } from '../replica/mint-service.ts';";
  expect(faults('src/node/coordinator/a.ts', text)).toHaveLength(1);
  expect(faults('src/node/coordinator/a.ts', "import { a } from '../node.ts';")).toHaveLength(1);
});

test('what rooms share as types is shared as types only', () => {
  const value = "import { openRecordStore } from '../storage/record-store.ts';";
  const type = "import type { RecordStore } from '../storage/record-store.ts';";
  expect(faults('src/node/replica/a.ts', value)).toHaveLength(1);
  expect(faults('src/node/replica/a.ts', type)).toEqual([]);
});

test('adapters of the platform do not know each other', () => {
  const text = "import { a } from '../memory/store.ts';";
  expect(faults('src/platform/rocksdb/a.ts', text)).toHaveLength(1);
});

test('an import in a comment or a string is none', () => {
  const text = "// import { a } from '../node/a.ts';\nconst s = `import { b } from '../cli/b.ts'`;";
  expect(faults('src/core/a.ts', text)).toEqual([]);
});
