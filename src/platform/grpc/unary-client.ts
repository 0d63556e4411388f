/** Typed callers of a node's unary methods, for the command line and tests. Every failure is a
 *  CoterieError: the node's own, or UNREACHABLE (`applied: 'no'` when the connection was
 *  refused, so that nothing was sent), DEADLINE_EXCEEDED, ABORTED. */
import { type Client, connectivityState, type ServiceError } from '@grpc/grpc-js';
import { CoterieError } from '../../core/errors.ts';
import { FRAME_BYTES_MAX } from '../../wire/frame-limits.ts';
import type { AdminService, KvService } from '../../wire/services.ts';
import { ADMIN_METHODS, asBuffer, KV_METHODS, type UnaryMethod } from './methods.ts';
import { openChannel } from './open-channel.ts';
import { errorOfFailure } from './status.ts';
import { decodeMessage } from './unary-handler.ts';

export interface UnaryClientOptions {
  /** For each call, connecting included. */
  readonly timeoutMs: number;
}

export interface Closable {
  /** Gives the connection back; calls in flight may still end. Idempotent. */
  close(): void;
}

/** Connects with the first call, and again when the connection was lost. `host:port`. */
export function createAdminClient(
  address: string,
  options: UnaryClientOptions,
): AdminService & Closable {
  const caller = new UnaryCaller(address, options);
  return {
    status: (request) => caller.call(ADMIN_METHODS.status, request),
    layout: (request) => caller.call(ADMIN_METHODS.layout, request),
    reserve: (request) => caller.call(ADMIN_METHODS.reserve, request),
    adopt: (request) => caller.call(ADMIN_METHODS.adopt, request),
    repairStatus: (request) => caller.call(ADMIN_METHODS.repairStatus, request),
    repair: (request) => caller.call(ADMIN_METHODS.repair, request),
    legs: (request) => caller.call(ADMIN_METHODS.legs, request),
    close: () => caller.close(),
  };
}

/** The same for Get, Put and Delete. */
export function createKvClient(address: string, options: UnaryClientOptions): KvService & Closable {
  const caller = new UnaryCaller(address, options);
  return {
    get: (request, signal) => caller.call(KV_METHODS.get, request, signal),
    put: (request, signal) => caller.call(KV_METHODS.put, request, signal),
    delete: (request, signal) => caller.call(KV_METHODS.delete, request, signal),
    close: () => caller.close(),
  };
}

class UnaryCaller {
  readonly #address: string;
  readonly #timeoutMs: number;
  #client: Client | undefined;
  #opening: Promise<Client> | undefined;
  #isClosed = false;

  constructor(address: string, options: UnaryClientOptions) {
    this.#address = address;
    this.#timeoutMs = options.timeoutMs;
  }

  async call<Request, Reply>(
    method: UnaryMethod<Request, Reply>,
    request: Request,
    signal?: AbortSignal,
  ): Promise<Reply> {
    this.#refuseAborted(signal);
    const deadline = Date.now() + this.#timeoutMs;
    const client = await this.#connected();
    this.#refuseAborted(signal);
    const message = method.request.encode(request).finish();
    const reply = await this.#send(client, method.path, message, { deadline, signal });
    return decodeMessage(method.path, method.reply, reply);
  }

  close(): void {
    this.#isClosed = true;
    this.#client?.close();
    this.#client = undefined;
  }

  #connected(): Promise<Client> {
    const client = this.#client;
    if (client?.getChannel().getConnectivityState(false) === connectivityState.READY) {
      return Promise.resolve(client);
    }
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** A channel that lost its connection would back off before it tries again; a new one tries at
   *  once. */
  async #open(): Promise<Client> {
    this.#client?.close();
    this.#client = undefined;
    const opening = await openChannel({
      address: this.#address,
      messageBytesMax: FRAME_BYTES_MAX.session,
      timeoutMs: this.#timeoutMs,
    });
    if (opening.kind !== 'ready') {
      const code = opening.kind === 'silent' ? 'DEADLINE_EXCEEDED' : 'UNREACHABLE';
      const message = `No node answers at ${this.#address}: ${opening.message}`;
      throw new CoterieError(code, message, {
        applied: 'no',
        details: { address: this.#address },
      });
    }
    if (this.#isClosed) {
      opening.client.close();
      throw new CoterieError('NOT_RUNNING', `The client of ${this.#address} is closed`);
    }
    this.#client = opening.client;
    return opening.client;
  }

  #send(
    client: Client,
    path: string,
    message: Uint8Array,
    { deadline, signal }: { deadline: number; signal: AbortSignal | undefined },
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, reply?: Uint8Array): void => {
        signal?.removeEventListener('abort', cancel);
        if (error !== null) reject(errorOfFailure(error, this.#address));
        else resolve(reply ?? new Uint8Array());
      };
      const call = client.makeUnaryRequest(
        path,
        asBuffer,
        (bytes: Buffer): Uint8Array => bytes,
        message,
        { deadline },
        answered,
      );
      const cancel = (): void => call.cancel();
      signal?.addEventListener('abort', cancel);
    });
  }

  #refuseAborted(signal: AbortSignal | undefined): void {
    if (signal?.aborted !== true) return;
    const message = `The call to ${this.#address} was given up before it was sent`;
    throw new CoterieError('ABORTED', message, { applied: 'no' });
  }
}
