/** Offers a node's services over gRPC: KV and Admin unary, Peer.Link and Bulk, KV.Session
 *  and Gossip.Exchange as frame streams, and beside them grpc.health.v1 (the whole server and
 *  coterie.v1.KV say whether the node serves data) and server reflection. Insecure credentials: it
 *  listens on 127.0.0.1 unless told otherwise. Not here: what the services do, and which of them
 *  may be used in which state of the node. */
import {
  type handleBidiStreamingCall,
  logVerbosity,
  Server,
  ServerCredentials,
  setLogVerbosity,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { CoterieError } from '../../core/errors.ts';
import type { Log } from '../../env/log.ts';
import type { FrameStream, StreamService } from '../../env/transport.ts';
import type { NodeServices } from '../../wire/services.ts';
import { acceptStream } from './accept-stream.ts';
import { type Doorway, heldCalls } from './held-calls.ts';
import {
  ADMIN_METHODS,
  asBuffer,
  asBytes,
  KV_METHODS,
  KV_SERVICE,
  STREAM_PATHS,
  type UnaryMethod,
} from './methods.ts';
import { SERVER_OPTIONS } from './options.ts';
import { loadProtoFiles } from './reflection.ts';
import { unaryHandler } from './unary-handler.ts';

export interface GrpcServerOptions {
  readonly services: NodeServices;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly log: Log;
  /** From the close of an accepted stream until the other side has taken what was sent. Default
   *  2,000. */
  readonly closeTimeoutMs?: number;
  /** For a node that can stand still; without it calls come in unheld. */
  readonly doorway?: Doorway | undefined;
}

const HOST = '127.0.0.1';
const CLOSE_TIMEOUT_MS = 2_000;

// grpc-js would print a failed bind on standard error as well; it is told to the caller.
setLogVerbosity(logVerbosity.NONE);

export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #server: Server;
  readonly #health = new HealthImplementation();
  readonly #streams = new Set<FrameStream>();
  #address: string | undefined;
  #isStopping = false;
  #unsubscribe: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: GrpcServerOptions) {
    const { doorway } = options;
    const interceptors = doorway === undefined ? [] : [heldCalls(doorway)];
    this.#options = options;
    this.#server = new Server({ ...SERVER_OPTIONS, interceptors });
  }

  /** The address it listens on, `host:port`. May be called once.
   *  Errors: CONFLICT when the port is taken, INVALID_CONFIG when the address cannot be listened
   *  on. */
  async start(): Promise<string> {
    const { services, host = HOST, port } = this.#options;
    this.#addServices();
    this.#showHealth(services.isServing());
    this.#unsubscribe = services.onServingChange((isServing) => this.#showHealth(isServing));
    const name = host.includes(':') ? `[${host}]` : host;
    this.#address = `${name}:${await this.#bind(`${name}:${port}`)}`;
    return this.#address;
  }

  /** Takes nothing new, ends the streams, lets calls in flight finish for up to `graceMs`, then
   *  drops what is left. Idempotent. */
  stop(options: { readonly graceMs: number }): Promise<void> {
    this.#isStopping = true;
    this.#unsubscribe?.();
    this.#showHealth(false);
    this.#stopped ??= new Promise((resolve) => {
      // Not forceShutdown: with channelz off it does not know the connections and drops none
      // (grpc-js 1.14.7). The order matters too: a connection that tryShutdown has begun to close
      // is one that drain leaves alone.
      if (this.#address !== undefined) this.#server.drain(this.#address, options.graceMs);
      this.#server.tryShutdown(() => resolve());
      for (const stream of this.#streams) stream.close();
    });
    return this.#stopped;
  }

  #bind(address: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (cause, port) => {
        if (cause === null) return resolve(port);
        this.#unsubscribe?.();
        reject(listenError(address, cause));
      });
    });
  }

  #addServices(): void {
    // `kv` is asked for at each call: the node puts its own there when it has started.
    const { services } = this.#options;
    const { admin } = services;
    this.#addUnary(KV_METHODS.get, (request, signal, deadlineMs) =>
      services.kv.get(withBudget(request, deadlineMs), signal),
    );
    this.#addUnary(KV_METHODS.put, (request, signal, deadlineMs) =>
      services.kv.put(withBudget(request, deadlineMs), signal),
    );
    this.#addUnary(KV_METHODS.delete, (request, signal, deadlineMs) =>
      services.kv.delete(withBudget(request, deadlineMs), signal),
    );
    this.#addUnary(ADMIN_METHODS.status, (request) => admin.status(request));
    this.#addUnary(ADMIN_METHODS.layout, (request) => admin.layout(request));
    this.#addUnary(ADMIN_METHODS.reserve, (request) => admin.reserve(request));
    this.#addUnary(ADMIN_METHODS.adopt, (request) => admin.adopt(request));
    this.#addUnary(ADMIN_METHODS.repairStatus, (request) => admin.repairStatus(request));
    this.#addUnary(ADMIN_METHODS.repair, (request) => admin.repair(request));
    this.#addUnary(ADMIN_METHODS.legs, (request) => admin.legs(request));
    this.#addStream('link');
    this.#addStream('bulk');
    this.#addStream('session');
    this.#addStream('gossip');
    this.#health.addToServer(this.#server);
    new ReflectionService(loadProtoFiles()).addToServer(this.#server);
  }

  #addUnary<Request, Reply>(
    method: UnaryMethod<Request, Reply>,
    serve: (request: Request, signal: AbortSignal, deadlineMs?: number) => Promise<Reply>,
  ): void {
    const { log } = this.#options;
    const handler = unaryHandler({ method, log, admit: () => this.#admit(), serve });
    this.#register(method.path, handler, 'unary');
  }

  #addStream(service: StreamService): void {
    const handler: handleBidiStreamingCall<Uint8Array, Uint8Array> = (call) => {
      const stream = acceptStream(call, {
        service,
        accept: (name, offered) => {
          this.#admit();
          return this.#options.services.accept(name, offered);
        },
        log: this.#options.log,
        closeTimeoutMs: this.#options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS,
        released: (released) => this.#streams.delete(released),
      });
      if (stream !== undefined) this.#streams.add(stream);
    };
    this.#register(STREAM_PATHS[service], handler, 'bidi');
  }

  #register(path: string, handler: UntypedHandleCall, type: 'unary' | 'bidi'): void {
    this.#server.register(path, handler, asBuffer, asBytes, type);
  }

  /** Errors: NOT_RUNNING once it stops. */
  #admit(): void {
    if (this.#isStopping) throw new CoterieError('NOT_RUNNING', 'The node is stopping');
  }

  #showHealth(isServing: boolean): void {
    const status = isServing && !this.#isStopping ? 'SERVING' : 'NOT_SERVING';
    this.#health.setStatus('', status);
    this.#health.setStatus(KV_SERVICE, status);
  }
}

/** gRPC's deadline counts when the request names no budget of its own, or a longer one. */
function withBudget<Request extends { timeoutMs: number }>(
  request: Request,
  deadlineMs: number | undefined,
): Request {
  if (deadlineMs === undefined) return request;
  const isLonger = request.timeoutMs === 0 || request.timeoutMs > deadlineMs;
  return isLonger ? { ...request, timeoutMs: deadlineMs } : request;
}

function listenError(address: string, cause: Error): CoterieError {
  const details = { address };
  if (cause.message.includes('EADDRINUSE')) {
    const message = `Another process listens on ${address}: stop it, or choose another port`;
    return new CoterieError('CONFLICT', message, { cause, details });
  }
  const message = `Cannot listen on ${address}: ${cause.message}`;
  return new CoterieError('INVALID_CONFIG', message, { cause, details });
}
