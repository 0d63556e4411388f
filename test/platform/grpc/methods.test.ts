import { expect, test } from 'vitest';
import {
  ADMIN_METHODS,
  ADMIN_SERVICE,
  GOSSIP_SERVICE,
  KV_METHODS,
  KV_SERVICE,
  PEER_SERVICE,
  STREAM_PATHS,
} from '../../../src/platform/grpc/methods.ts';
import { loadProtoFiles } from '../../../src/platform/grpc/reflection.ts';

interface LoadedMethod {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

test('the table of methods is the one of the proto files', () => {
  const loaded = loadProtoFiles();
  const paths = (isStream: boolean) =>
    [KV_SERVICE, ADMIN_SERVICE, PEER_SERVICE, GOSSIP_SERVICE]
      .flatMap((name) => Object.values(loaded[name] as unknown as Record<string, LoadedMethod>))
      .filter((method) => method.requestStream === isStream && method.responseStream === isStream)
      .map((method) => method.path)
      .sort();
  const unary = [...Object.values(KV_METHODS), ...Object.values(ADMIN_METHODS)];
  expect(unary.map((method) => method.path).sort()).toEqual(paths(false));
  expect(Object.values(STREAM_PATHS).sort()).toEqual(paths(true));
});
