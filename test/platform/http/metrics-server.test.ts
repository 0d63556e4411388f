import { Agent, get, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import {
  type MetricsServer,
  startMetricsServer,
} from '../../../src/platform/http/metrics-server.ts';

const registry = { contentType: 'text/plain; version=0.0.4', metrics: async () => 'up 1\n' };
const servers: MetricsServer[] = [];

async function start(source = registry): Promise<MetricsServer> {
  const server = await startMetricsServer({ port: 0, registry: source });
  servers.push(server);
  return server;
}

interface Reply {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

function ask(server: MetricsServer, path: string, method = 'GET', agent?: Agent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const options = agent === undefined ? { method } : { method, agent };
    request(`http://${server.address}${path}`, options, async (response) => {
      const { statusCode: status, headers } = response;
      resolve({ status, type: headers['content-type'], body: await text(response) });
    })
      .on('error', reject)
      .end();
  });
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

it('GET /metrics is the page of the registry, on this machine only by default', async () => {
  const server = await start();
  expect(server.address).toMatch(/^127\.0\.0\.1:\d+$/);
  const page = { status: 200, type: registry.contentType, body: 'up 1\n' };
  expect(await ask(server, '/metrics')).toEqual(page);
  expect(await ask(server, '/metrics?name=up')).toEqual(page);
});

it('there is nothing else', async () => {
  const server = await start();
  for (const path of ['/', '/metrics/', '/health']) {
    expect((await ask(server, path)).status).toBe(404);
  }
  expect((await ask(server, '/metrics', 'POST')).status).toBe(404);
});

it('a registry that fails is status 500 and the next request is answered', async () => {
  let isBroken = true;
  const metrics = async (): Promise<string> => {
    if (isBroken) throw new Error('no figures today');
    return 'up 1\n';
  };
  const server = await start({ ...registry, metrics });
  expect(await ask(server, '/metrics')).toMatchObject({ status: 500, body: 'no figures today\n' });
  isBroken = false;
  expect((await ask(server, '/metrics')).status).toBe(200);
});

it('a port in use is a conflict that names the address', async () => {
  const server = await start();
  const port = Number(server.address.split(':')[1]);
  const second = startMetricsServer({ port, registry });
  await expect(second).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(second).rejects.toThrow(server.address);
});

it('an address that this machine does not have is a mistake in the configuration', async () => {
  const elsewhere = startMetricsServer({ host: '192.0.2.1', port: 0, registry });
  await expect(elsewhere).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
});

it('closing ends idle connections and silent ones, and may be repeated', async () => {
  const server = await start();
  const agent = new Agent({ keepAlive: true });
  await ask(server, '/metrics', 'GET', agent);
  const [host, port] = server.address.split(':');
  const silent = connect(Number(port), host);
  const silentClosed = new Promise((resolve) => silent.on('close', resolve).on('error', () => {}));
  await new Promise((resolve) => silent.on('connect', resolve));
  await Promise.all([server.close(), server[Symbol.asyncDispose]()]);
  await silentClosed;
  agent.destroy();
  const refused = new Promise((resolve) =>
    get(`http://${server.address}/metrics`).on('error', resolve),
  );
  expect(await refused).toMatchObject({ code: 'ECONNREFUSED' });
});
