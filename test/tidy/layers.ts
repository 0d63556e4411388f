/** The layer rules of docs/ARCHITECTURE.md, section 3, as one table: who may import whom, and which
 *  libraries. */
import { importsOf, packageOf } from './imports.ts';
import type { Finding, Source } from './sources.ts';

export interface Layer {
  /** What it covers; of several the longest prefix of the path holds. */
  readonly prefix: string;
  /** Prefixes it may import besides its own. */
  readonly imports: readonly string[];
  /** Of these, the ones it may import with `import type` only. */
  readonly typesOnly?: readonly string[];
  /** Third-party packages. */
  readonly packages: readonly string[];
  /** May it import node: modules. */
  readonly isOnNode: boolean;
}

const PURE = { packages: [], isOnNode: false } as const;
const BELOW = ['src/core/', 'src/env/', 'src/wire/'] as const;
const GRPC = ['@grpc/grpc-js', '@grpc/proto-loader', '@grpc/reflection', 'grpc-health-check'];
const ALL = { prefix: '', imports: ['src/'], packages: [], isOnNode: true } as const;
const PLATFORM = { imports: BELOW, isOnNode: true } as const;

export const LAYERS: readonly Layer[] = [
  {
    ...PURE,
    prefix: 'src/core/',
    imports: [],
    packages: ['murmurhash3js-revisited', '@noble/hashes'],
  },
  { ...PURE, prefix: 'src/env/', imports: ['src/core/'], typesOnly: ['src/core/'] },
  {
    ...PURE,
    prefix: 'src/wire/',
    imports: ['src/core/', 'src/env/'],
    packages: ['@bufbuild/protobuf'],
  },
  { ...PURE, prefix: 'src/node/', imports: BELOW },
  { ...PURE, prefix: 'src/client/', imports: BELOW },
  { ...PURE, prefix: 'src/sim/', imports: [...BELOW, 'src/node/', 'src/client/'] },
  { ...PLATFORM, prefix: 'src/platform/', packages: ['pino', 'prom-client'] },
  { ...PLATFORM, prefix: 'src/platform/grpc/', packages: GRPC },
  { ...PLATFORM, prefix: 'src/platform/rocksdb/', packages: ['rocksdb'] },
  {
    prefix: 'src/config/',
    imports: ['src/core/errors.ts', 'src/core/nearest-name.ts'],
    packages: ['zod', 'yaml'],
    isOnNode: true,
  },
  {
    prefix: 'src/bench/',
    imports: ['src/core/', 'src/client/', 'src/env/'],
    typesOnly: ['src/client/', 'src/env/'],
    packages: ['hdr-histogram-js'],
    isOnNode: false,
  },
  {
    ...PURE,
    prefix: 'src/page/',
    imports: ['src/bench/report/'],
    typesOnly: ['src/bench/report/'],
    packages: ['uplot'],
  },
  { ...ALL, prefix: 'src/cli/', packages: ['commander', 'picocolors', 'cli-table3', 'uplot'] },
  { ...ALL, prefix: 'src/connect.ts' },
  { ...ALL, prefix: 'src/embed.ts' },
  { ...ALL, prefix: 'src/start-cluster.ts' },
  { ...ALL, prefix: 'src/init-cluster.ts' },
  { ...ALL, prefix: 'src/simulate.ts' },
  { ...ALL, prefix: 'src/index.ts' },
];

interface SharedFile {
  readonly path: string;
  readonly typesOnly: boolean;
  readonly reason: string;
}

/** What the rooms of src/node may import besides themselves. */
export const SHARED: readonly SharedFile[] = [
  {
    path: 'src/node/contracts.ts',
    typesOnly: true,
    reason: 'the types in which rooms ask each other for something; behaviour is handed in',
  },
  {
    path: 'src/node/reply-outbox.ts',
    typesOnly: false,
    reason: 'sessions and links answer in the same way: in batches, and as fast as is taken',
  },
  {
    path: 'src/node/storage/record-key.ts',
    typesOnly: false,
    reason: 'the name of a record, made once where a request comes in and passed down as it is',
  },
  {
    path: 'src/node/storage/record-store.ts',
    typesOnly: true,
    reason: 'what the replica stands on; node.ts hands it in',
  },
  {
    path: 'src/node/storage/service-rows.ts',
    typesOnly: true,
    reason: 'what hints stand on',
  },
  {
    path: 'src/node/storage/table-keys.ts',
    typesOnly: false,
    reason: 'where the rows of hints lie: one file knows the layout of the whole keyspace',
  },
  {
    path: 'src/node/storage/update.ts',
    typesOnly: true,
    reason: 'what the replica decides and the record store carries out',
  },
];

export function checkLayers(
  sources: readonly Source[],
  layers: readonly Layer[] = LAYERS,
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const source of sources) {
    const layer = layerOf(source.path, layers);
    if (layer === undefined) {
      const message = 'belongs to no layer: put it where docs/ARCHITECTURE.md section 3 says';
      findings.push({ rule: 'layers', path: source.path, line: 0, message });
      continue;
    }
    for (const { target, specifier, isType, line } of importsOf(source)) {
      const message =
        target === undefined
          ? faultOfPackage(layer, specifier)
          : (faultOfTarget(layer, target, isType) ?? faultOfSibling(source.path, target, isType));
      if (message === undefined) continue;
      findings.push({ rule: 'layers', path: source.path, line, message });
    }
  }
  return findings;
}

function layerOf(path: string, layers: readonly Layer[]): Layer | undefined {
  return layers
    .filter(({ prefix }) => path.startsWith(prefix))
    .sort((a, b) => b.prefix.length - a.prefix.length)[0];
}

function faultOfPackage(layer: Layer, specifier: string): string | undefined {
  if (specifier.startsWith('node:')) {
    if (layer.isOnNode) return undefined;
    return `imports ${specifier}: ${layer.prefix} is pure, take a port of src/env`;
  }
  if (layer.packages.includes(packageOf(specifier))) return undefined;
  const allowed = layer.packages.join(', ') || 'no package';
  return `imports the package ${specifier}: ${layer.prefix} may use ${allowed}`;
}

function faultOfTarget(layer: Layer, target: string, isType: boolean): string | undefined {
  if (target.startsWith(layer.prefix)) return undefined;
  const allowed = layer.imports.find((prefix) => target.startsWith(prefix));
  if (allowed === undefined) {
    const list = layer.imports.join(', ') || 'nothing but itself';
    return `imports ${target}: ${layer.prefix} may import ${list}`;
  }
  if (isType || !layer.typesOnly?.includes(allowed)) return undefined;
  return `imports ${target}: ${layer.prefix} may take only types from there (import type)`;
}

/** Rooms of the node, and adapters of the platform, do not know each other: a file directly in
 *  src/node or the composition root wires them by constructor. What rooms ask of each other is in
 *  SHARED. */
function faultOfSibling(path: string, target: string, isType: boolean): string | undefined {
  const from = roomOf(path);
  if (from === undefined || target.startsWith(from)) return undefined;
  const zone = from.slice(0, from.lastIndexOf('/', from.length - 2) + 1);
  if (!target.startsWith(zone)) return undefined;
  const shared = SHARED.find((each) => each.path === target);
  if (shared !== undefined && (isType || !shared.typesOnly)) return undefined;
  const files = SHARED.map((each) => (each.typesOnly ? `types of ${each.path}` : each.path));
  return `imports ${target}: ${from} knows only itself and ${files.join(', ')}`;
}

/** `src/node/replica/` for every file in it; undefined for files directly in src/node and
 *  elsewhere. */
function roomOf(path: string): string | undefined {
  return /^src\/(?:node|platform)\/[^/]+\//.exec(path)?.[0];
}
