/** What those see who do not use our SDK: any gRPC client, probes, grpcurl and Prometheus. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { protoPath as HEALTH_PROTO } from 'grpc-health-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ForeignClient } from '../support/foreign-client.ts';
import {
  assertNothingLeft,
  coterie,
  freePorts,
  ROOT,
  type ServedProcess,
  serve,
} from '../support/processes.ts';

const PROTO_FOLDER = join(ROOT, 'proto');
const REFLECTION_PROTO = fileURLToPath(
  new URL('../proto/grpc/reflection/v1/reflection.proto', import.meta.resolve('@grpc/reflection')),
);

let dev: ServedProcess;
let addresses: string[];
let metricsUrl: string;

beforeAll(async () => {
  const metrics = `127.0.0.1:${await freePorts(1)}`;
  metricsUrl = `http://${metrics}/metrics`;
  dev = await serve(['dev', '--memory', '--port', '0', '--metrics', metrics]);
  addresses = dev.ready.split(' ').slice(1);
});

afterAll(async () => {
  expect(await dev?.stop('SIGTERM')).toBe(0);
  assertNothingLeft();
});

function kvClient(): ForeignClient {
  const file = 'coterie/v1/kv.proto';
  return new ForeignClient(addresses[0] ?? '', 'coterie.v1.KV', file, [PROTO_FOLDER]);
}

it('unary Put, Get and Delete serve a client made from the proto file alone', async () => {
  using kv = kvClient();
  const key = Buffer.from('from-anywhere');
  const put = await kv.call('Put', { bucket: 'default', key, value: Buffer.from('v1') });
  expect(put).toMatchObject({
    siblings: 1,
    durable: 2,
    quorum: { level: 'quorum', required: 2 },
    dot: expect.stringMatching(/^\d+\.\d+\.\d+$/),
  });
  const level = 'LEVEL_ALL';
  const got = await kv.call('Get', { bucket: 'default', key, level, explain: true });
  expect(got).toMatchObject({
    found: true,
    siblings: [{ value: Buffer.from('v1'), dot: put['dot'] }],
    quorum: { level: 'all', required: 3, received: 3 },
    trace: { coordinator: 'node-1', steps: { length: 3 } },
  });
  const { context } = got;
  const replaced = { bucket: 'default', key, value: Buffer.from('v2'), context };
  expect(await kv.call('Put', replaced)).toMatchObject({ siblings: 1 });
  const node = ['--node', addresses[2] ?? ''];
  expect((await coterie(['get', 'from-anywhere', '--raw', ...node])).stdout).toBe('v2');
  expect(await kv.call('Delete', { bucket: 'default', key })).toMatchObject({ found: true });
  expect(await kv.call('Get', { bucket: 'default', key })).toMatchObject({ found: false });
});

it('a refusal is a gRPC status, with the whole error in its trailer', async () => {
  using kv = kvClient();
  const request = { bucket: 'default', key: Buffer.alloc(1_025), value: Buffer.from('v') };
  const failure = await kv.call('Put', request).catch((error: unknown) => error);
  // 3 = INVALID_ARGUMENT.
  expect(failure).toMatchObject({ code: 3, details: expect.stringMatching(/^KEY_TOO_LARGE: /) });
  const { metadata } = failure as { metadata: { get(name: string): unknown[] } };
  expect(metadata.get('coterie-error-bin')).toHaveLength(1);
});

it('grpc.health.v1 says SERVING for the server and for KV', async () => {
  using health = new ForeignClient(addresses[1] ?? '', 'grpc.health.v1.Health', HEALTH_PROTO);
  for (const service of ['', 'coterie.v1.KV']) {
    expect(await health.call('Check', { service })).toEqual({ status: 'SERVING' });
  }
});

it('server reflection lists the services and gives their files', async () => {
  const service = 'grpc.reflection.v1.ServerReflection';
  using reflection = new ForeignClient(addresses[0] ?? '', service, REFLECTION_PROTO);
  const listed = await reflection.ask('ServerReflectionInfo', { list_services: '*' });
  const { service: services } = listed['list_services_response'] as { service: { name: string }[] };
  expect(services.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'coterie.v1.Admin',
      'coterie.v1.KV',
      'coterie.v1.Peer',
      'grpc.health.v1.Health',
    ]),
  );
  const symbol = { file_containing_symbol: 'coterie.v1.KV' };
  const described = await reflection.ask('ServerReflectionInfo', symbol);
  const { file_descriptor_proto: files } = described['file_descriptor_response'] as {
    file_descriptor_proto: Buffer[];
  };
  expect(files.some((file) => file.includes('GetRequest'))).toBe(true);
});

it('the metrics page counts requests by operation, level and outcome', async () => {
  using kv = kvClient();
  const key = Buffer.from('measured');
  await kv.call('Put', { bucket: 'default', key, value: Buffer.from('v'), level: 'LEVEL_ALL' });
  const response = await fetch(metricsUrl);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; .*version=0\.0\.4/);
  const page = await response.text();
  expect(page).toMatch(
    /^coterie_requests_total\{operation="put",level="all",outcome="ok"\} [1-9]\d*$/m,
  );
  const names = [
    'coterie_request_seconds_bucket{',
    'coterie_requests_in_flight ',
    'coterie_batch_operations_count ',
    'coterie_batch_seconds_bucket{',
    'coterie_storage_queue_bytes ',
    'coterie_link_state{member="node-2"} 1',
    'coterie_sessions ',
  ];
  expect(names.filter((name) => !page.includes(`\n${name}`))).toEqual([]);
  expect((await fetch(new URL('/else', metricsUrl))).status).toBe(404);
});
