/** The page that a Prometheus server reads. It shows counts to whoever can reach it and asks for no
 *  password, so it listens on this machine only unless told otherwise. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { assert, CoterieError } from '../../core/errors.ts';

export interface MetricsServerOptions {
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly registry: MetricsSource;
}

/** The part of prom-client's Registry that the page needs. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface MetricsServer extends AsyncDisposable {
  /** host:port, with the port it got. */
  readonly address: string;
  /** Idempotent. Answers what was asked, then ends every connection, idle or silent. */
  close(): Promise<void>;
}

/** Whoever reads metrics needs one or two connections. */
const CONNECTIONS_MAX = 32;
const REQUEST_TIMEOUT_MS = 5_000;

/** Errors: CONFLICT when the port is taken, INVALID_CONFIG when the address cannot be listened
 *  on. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { host = '127.0.0.1', port, registry } = options;
  const limits = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS };
  const answering = new Set<Promise<void>>();
  const server = createServer(limits, (request, response) => {
    const answered = answer(registry, request, response);
    answering.add(answered);
    void answered.finally(() => answering.delete(answered));
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, host, port);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeServer(server, answering);
    return closing;
  };
  return { address: addressOf(server), close, [Symbol.asyncDispose]: close };
}

async function answer(
  registry: MetricsSource,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split('?', 1)[0];
  if (request.method !== 'GET' || path !== '/metrics') {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Only GET /metrics is here\n');
    return;
  }
  try {
    const page = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(page);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`${words}\n`);
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (cause: NodeJS.ErrnoException): void => {
      const isTaken = cause.code === 'EADDRINUSE';
      const sentence = isTaken
        ? `The metrics address ${host}:${port} is in use: choose another port`
        : `The metrics page cannot listen on ${host}:${port} (${cause.code ?? cause.message})`;
      reject(new CoterieError(isTaken ? 'CONFLICT' : 'INVALID_CONFIG', sentence, { cause }));
    };
    server.once('error', refused);
    server.listen(port, host, () => {
      server.off('error', refused);
      resolve();
    });
  });
}

function addressOf(server: Server): string {
  const info = server.address();
  assert(typeof info === 'object' && info !== null, 'The metrics page listens on no port');
  const { address, family, port } = info;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

async function closeServer(server: Server, answering: ReadonlySet<Promise<void>>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await Promise.allSettled(answering);
  server.closeAllConnections();
  await closed;
}
