/** The proto files as gRPC's reflection service shows them. Only a server loads them, at its
 *  start. */
import { fileURLToPath } from 'node:url';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

/** The same distance from src/platform/grpc and from dist/platform/grpc. */
const PROTO_FOLDER = fileURLToPath(new URL('../../../proto', import.meta.url));

export function loadProtoFiles(): PackageDefinition {
  const files = ['kv', 'peer', 'gossip', 'admin'].map((name) => `coterie/v1/${name}.proto`);
  return loadSync([...files, 'grpc/health/v1/health.proto'], {
    includeDirs: [PROTO_FOLDER],
    keepCase: true,
  });
}
