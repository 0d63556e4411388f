/** The client: checks arguments, bounds what is in flight, and turns replies into results.
 *  Invariants: every fault is a rejection with a CoterieError; beyond the bounds a request fails
 *  at once and nothing is queued; after `close` no timer, stream or callback is left.
 *  Not here: choosing nodes (router.ts), attempts and deadlines (call.ts), streams
 *  (session-connection.ts). */

import { Deadlines } from '../core/deadlines.ts';
import { CoterieError } from '../core/errors.ts';
import { checkOptionNames } from '../core/known-options.ts';
import { DEFAULT_BUCKET, KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../core/limits.ts';
import { NumberTable } from '../core/number-table.ts';
import { decodeLayout, layoutHash } from '../core/ring/layout.ts';
import { Ring } from '../core/ring/ring.ts';
import { Call, type CallEnvironment, type CallSpec } from './call.ts';
import {
  CLIENT_OPTIONS,
  DELETE_OPTIONS,
  GET_OPTIONS,
  LAYOUT_OPTIONS,
  PUT_OPTIONS,
  READY_OPTIONS,
} from './option-names.ts';
import { ReadyWait } from './ready-wait.ts';
import { drawOf, formatId, newId, parseId } from './request-id.ts';
import {
  checkBucket,
  checkLevel,
  checkTimeout,
  deleteRequest,
  getRequest,
  putRequest,
  type RequestDefaults,
} from './requests.ts';
import { deleteResult, getResult, putResult, type ResultTimes } from './results.ts';
import { Router } from './router.ts';
import { SessionPool } from './session-pool.ts';
import type { SessionAnswer, SessionOperation, SessionResult } from './session-work.ts';
import type {
  Client,
  ClientEnvironment,
  ClientOptions,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  GetResult,
  PutOptions,
  PutResult,
  RequestOptions,
  RetryMode,
  WriteOptions,
} from './types.ts';

export const TIMEOUT_MS_DEFAULT = 2_000;
export const IN_FLIGHT_MAX_DEFAULT = 4_096;
export const IN_FLIGHT_BYTES_MAX_DEFAULT: number = 64 * 1_024 * 1_024;
/** What a request costs in a frame beside its key, value and context; counted with them. */
export const REQUEST_OVERHEAD_BYTES = 64;
/** How long `close` waits for the transport to report the streams over. */
export const CLOSE_WAIT_MS = 1_000;
const ADDRESS = /^(?:\[[0-9A-Za-z:.%]+\]|[^\s:[\]]+):[0-9]{1,5}$/;
const NO_OPTIONS = {};

/** Makes a client; nothing is dialed before it is needed. Errors: INVALID_ARGUMENT. */
export function createClient(environment: ClientEnvironment, options: ClientOptions): Client {
  return new SessionClient(environment, options);
}

class SessionClient implements Client {
  readonly #environment: ClientEnvironment;
  readonly #defaults: RequestDefaults;
  readonly #timeoutMs: number;
  readonly #retry: RetryMode;
  readonly #inFlightMax: number;
  readonly #inFlightBytesMax: number;
  readonly #deadlines: Deadlines;
  readonly #pool: SessionPool;
  readonly #calls = new NumberTable<Call>();
  #nextCall = 0;
  readonly #readyWaits = new Set<ReadyWait>();
  readonly #callEnvironment: CallEnvironment;
  #bytesInFlight = 0;
  #closing: Promise<void> | undefined;

  constructor(environment: ClientEnvironment, options: ClientOptions) {
    checkOptionNames(options, CLIENT_OPTIONS);
    const { transport, clock, random, log } = environment;
    this.#environment = environment;
    this.#defaults = {
      bucket: checkBucket(options.bucket ?? DEFAULT_BUCKET),
      consistency: checkLevel(options.consistency ?? 'quorum'),
    };
    this.#timeoutMs = checkTimeout(options.timeoutMs ?? TIMEOUT_MS_DEFAULT);
    this.#retry = checkRetry(options.retry ?? 'same');
    this.#inFlightMax = checkBound('inFlightMax', options.inFlightMax ?? IN_FLIGHT_MAX_DEFAULT, 1);
    this.#inFlightBytesMax = checkBound(
      'inFlightBytesMax',
      options.inFlightBytesMax ?? IN_FLIGHT_BYTES_MAX_DEFAULT,
      KEY_BYTES_MAX + VALUE_BYTES_MAX,
    );
    this.#deadlines = new Deadlines(clock);
    const { clusterId } = options;
    this.#pool = new SessionPool(
      { transport, clock, random, log, deadlines: this.#deadlines },
      {
        nodes: checkNodes(options.nodes),
        clusterId: clusterId === undefined ? new Uint8Array(0) : parseId(clusterId, 'cluster id'),
      },
    );
    const router = new Router(this.#pool, random);
    this.#callEnvironment = { deadlines: this.#deadlines, router, random };
  }

  async get(key: string | Uint8Array, options: GetOptions = NO_OPTIONS): Promise<GetResult> {
    const startedMs = this.#deadlines.nowMs();
    if (options !== NO_OPTIONS) checkOptionNames(options, GET_OPTIONS);
    const get = getRequest(this.#defaults, key, options);
    const { result, tookUs } = await this.#call(startedMs, {
      operation: { $case: 'get', get },
      message: get,
      bucket: get.bucket,
      key: get.key,
      draw: undefined,
      isWrite: false,
      bytes: get.key.length,
      retry: this.#retry,
      requestId: undefined,
      timeoutMs: this.#timeoutOf(options),
      signal: options.signal,
    });
    if (result.$case !== 'get') throw mismatch('get', result);
    return getResult(result.get, this.#times(startedMs, tookUs));
  }

  async put(
    key: string | Uint8Array,
    value: string | Uint8Array,
    options: PutOptions = NO_OPTIONS,
  ): Promise<PutResult> {
    const startedMs = this.#deadlines.nowMs();
    if (options !== NO_OPTIONS) checkOptionNames(options, PUT_OPTIONS);
    const id = this.#requestId(options);
    const put = putRequest(this.#defaults, key, value, options, id);
    const bytes = put.key.length + put.value.length + put.context.length;
    const operation = { $case: 'put', put } as const;
    const { result, tookUs } = await this.#write(startedMs, operation, put, bytes, options);
    if (result.$case !== 'put') throw mismatch('put', result);
    return putResult(result.put, formatId(id), this.#times(startedMs, tookUs));
  }

  async delete(
    key: string | Uint8Array,
    options: DeleteOptions = NO_OPTIONS,
  ): Promise<DeleteResult> {
    const startedMs = this.#deadlines.nowMs();
    if (options !== NO_OPTIONS) checkOptionNames(options, DELETE_OPTIONS);
    const id = this.#requestId(options);
    const message = deleteRequest(this.#defaults, key, options, id);
    const operation = { $case: 'delete', delete: message } as const;
    const bytes = message.key.length + message.context.length;
    const { result, tookUs } = await this.#write(startedMs, operation, message, bytes, options);
    if (result.$case !== 'delete') throw mismatch('delete', result);
    return deleteResult(result.delete, formatId(id), this.#times(startedMs, tookUs));
  }

  async layout(options: RequestOptions = NO_OPTIONS): Promise<Ring> {
    if (options !== NO_OPTIONS) checkOptionNames(options, LAYOUT_OPTIONS);
    const { result } = await this.#call(this.#deadlines.nowMs(), {
      operation: { $case: 'layout', layout: {} },
      message: undefined,
      bucket: this.#defaults.bucket,
      key: undefined,
      draw: undefined,
      isWrite: false,
      bytes: 0,
      retry: this.#retry,
      requestId: undefined,
      timeoutMs: this.#timeoutOf(options),
      signal: options.signal,
    });
    if (result.$case !== 'layout') throw mismatch('layout', result);
    const encoded = result.layout.layout;
    if (encoded.length === 0) {
      throw new CoterieError('NOT_INITIALISED', 'The node belongs to no cluster yet');
    }
    this.#pool.layout(encoded);
    return new Ring(decodeLayout(encoded), layoutHash(encoded));
  }

  async ready(options: Pick<RequestOptions, 'timeoutMs' | 'signal'> = NO_OPTIONS): Promise<void> {
    if (options !== NO_OPTIONS) checkOptionNames(options, READY_OPTIONS);
    const timeoutMs = this.#timeoutOf(options);
    const { signal } = options;
    this.#checkOpen();
    if (signal?.aborted === true) throw aborted(signal.reason);
    if (this.#pool.all.some((session) => session.isReady())) return;
    let wait: ReadyWait | undefined;
    const onAbort = (): void => wait?.abandon(aborted(signal?.reason));
    try {
      await new Promise<void>((resolve, reject) => {
        wait = new ReadyWait(this.#pool, this.#deadlines, timeoutMs, { resolve, reject });
        this.#readyWaits.add(wait);
        signal?.addEventListener('abort', onAbort, { once: true });
        wait.start();
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
      if (wait !== undefined) this.#readyWaits.delete(wait);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const message = 'The client was closed';
    for (const call of this.#calls.items()) call.abandon('NOT_RUNNING', message);
    for (const wait of [...this.#readyWaits])
      wait.abandon(new CoterieError('NOT_RUNNING', message));
    const isOver = this.#pool.close();
    const isLate = new Promise<void>((resolve) => {
      this.#deadlines.add(this.#deadlines.nowMs() + CLOSE_WAIT_MS, resolve);
    });
    await Promise.race([isOver, isLate]);
    this.#deadlines.stop();
    await this.#environment.release?.();
  }

  #times(startedMs: number, tookUs: number): ResultTimes {
    return { elapsedMs: this.#deadlines.nowMs() - startedMs, coordinatorMs: tookUs / 1_000 };
  }

  #write(
    startedMs: number,
    operation: SessionOperation,
    message: {
      readonly bucket: string;
      readonly key: Uint8Array;
      readonly requestId: Uint8Array;
    } & {
      timeoutMs: number;
      isRetry: boolean;
    },
    bytes: number,
    options: WriteOptions,
  ): Promise<SessionAnswer> {
    return this.#call(startedMs, {
      operation,
      message,
      bucket: message.bucket,
      key: message.key,
      draw: drawOf(message.requestId),
      isWrite: true,
      bytes,
      retry: options.retry === undefined ? this.#retry : checkRetry(options.retry),
      requestId: message.requestId,
      timeoutMs: this.#timeoutOf(options),
      signal: options.signal,
    });
  }

  /** Throws before it returns a promise; the public methods are async. */
  #call(startedMs: number, spec: CallSpec): Promise<SessionAnswer> {
    this.#checkOpen();
    if (spec.signal?.aborted === true) throw aborted(spec.signal.reason);
    const bytes = spec.bytes + REQUEST_OVERHEAD_BYTES;
    if (this.#calls.size >= this.#inFlightMax) {
      throw overloaded('inFlightMax', this.#inFlightMax, `${this.#calls.size} requests`);
    }
    if (this.#bytesInFlight + bytes > this.#inFlightBytesMax) {
      throw overloaded('inFlightBytesMax', this.#inFlightBytesMax, `${this.#bytesInFlight} bytes`);
    }
    const number = this.#nextCall;
    this.#nextCall = (number + 1) | 0;
    return new Promise((resolve, reject) => {
      const over = (): void => {
        if (this.#calls.take(number) !== undefined) this.#bytesInFlight -= bytes;
      };
      const call: Call = new Call(this.#callEnvironment, spec, startedMs, {
        resolve: (answer) => {
          over();
          resolve(answer);
        },
        reject: (error) => {
          over();
          reject(error);
        },
      });
      this.#calls.set(number, call);
      this.#bytesInFlight += bytes;
      call.start(startedMs);
    });
  }

  #timeoutOf({ timeoutMs }: Pick<RequestOptions, 'timeoutMs'>): number {
    return timeoutMs === undefined ? this.#timeoutMs : checkTimeout(timeoutMs);
  }

  #requestId(options: WriteOptions): Uint8Array {
    if (options.requestId === undefined) return newId(this.#environment.random);
    return parseId(options.requestId, 'request id');
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    throw new CoterieError('NOT_RUNNING', 'The client is closed: make another one', {
      retryable: false,
    });
  }
}

function checkNodes(nodes: unknown): readonly string[] {
  if (!Array.isArray(nodes)) throw usage('nodes is not a list; give the host:port of each node');
  if (nodes.length === 0) throw usage('nodes is empty; give the host:port of at least one node');
  const wrong = nodes.find((address) => typeof address !== 'string' || !ADDRESS.test(address));
  if (wrong === undefined) return [...new Set(nodes)];
  throw usage(`The node address ${JSON.stringify(wrong)} is not of the form host:port`);
}

function checkRetry(retry: RetryMode): RetryMode {
  if (retry === 'same' || retry === 'any' || retry === 'none') return retry;
  throw usage(`retry is ${JSON.stringify(retry)}; it must be same, any or none`);
}

function checkBound(name: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw usage(`${name} is ${value}; it must be a whole number from ${min}`);
}

function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}

function overloaded(bound: string, limit: number, present: string): CoterieError {
  const message =
    `This client has ${present} in flight; its ${bound} is ${limit}: ` +
    'wait for some, or raise it';
  return new CoterieError('OVERLOADED', message, { details: { stage: 'client', bound, limit } });
}

function aborted(cause: unknown): CoterieError {
  return new CoterieError('ABORTED', 'The caller gave the request up before it began', {
    applied: 'no',
    cause,
  });
}

function mismatch(verb: string, result: SessionResult): CoterieError {
  return new CoterieError('ASSERTION_FAILED', `A ${verb} was answered by a ${result.$case}`);
}
