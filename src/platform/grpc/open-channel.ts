/** Opens a connection of its own to an address and says how that went, at once and without doubt.
 *
 *  A short connection of ours goes first: it greets in HTTP/2 and waits for the first byte of an
 *  answer. So a refusal comes with the system's own error, a host or a process that hangs is
 *  told from one that is not there, and all of it can be given up. grpc-js alone could not: a
 *  socket that it is still connecting, or that nobody answers on, outlives its channel for
 *  minutes, and a channel that was refused waits before it tries again.
 *  A call is begun only on a channel that is ready: what was refused was certainly not sent. */
import { connect } from 'node:net';
import { type ChannelInterface, Client, connectivityState, credentials } from '@grpc/grpc-js';
import { channelOptions } from './options.ts';

export type ChannelOpening =
  | { readonly kind: 'ready'; readonly client: Client }
  | {
      readonly kind: 'refused' | 'silent' | 'given-up';
      readonly message: string;
      /** The machine there answers that nobody listens. */
      readonly isNobodyThere?: boolean;
    };

export interface ChannelRequest {
  /** `host:port`, an IPv6 host in brackets. */
  readonly address: string;
  readonly messageBytesMax: number;
  readonly timeoutMs: number;
  /** Gives the attempt up. */
  readonly signal?: AbortSignal;
}

type Failure = Exclude<ChannelOpening, { kind: 'ready' }>;

/** Never rejects. The caller owns the client and must close it. */
export async function openChannel(request: ChannelRequest): Promise<ChannelOpening> {
  const startedAt = performance.now();
  const failure = await probe(request);
  if (failure !== undefined) return failure;
  const client = new Client(
    `dns:${request.address}`,
    credentials.createInsecure(),
    channelOptions(request.messageBytesMax),
  );
  const spentMs = performance.now() - startedAt;
  const timeoutMs = Math.max(0, Math.ceil(request.timeoutMs - spentMs));
  const trouble = await untilReady(client.getChannel(), { ...request, timeoutMs });
  if (trouble === undefined) return { kind: 'ready', client };
  client.close();
  return trouble;
}

/** The client's preface and an empty SETTINGS frame (RFC 9113 section 3.4). */
const GREETING = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');

/** `undefined` when somebody listens and speaks. */
function probe(request: ChannelRequest): Promise<Failure | undefined> {
  const { address, signal } = request;
  const target = splitAddress(address);
  if (target === undefined) {
    return Promise.resolve({ kind: 'refused', message: `${address} is not of the form host:port` });
  }
  return settleOnce(request, (settle) => {
    const socket = connect(target);
    socket.once('connect', () => socket.write(GREETING));
    socket.once('data', () => settle(undefined));
    socket.once('end', () => settle({ kind: 'refused', message: `${address} hung up` }));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const isNobodyThere = error.code === 'ECONNREFUSED';
      const message = `${address}: ${error.code ?? error.message}`;
      settle({ kind: 'refused', message, isNobodyThere });
    });
    if (signal?.aborted === true) settle({ kind: 'given-up', message: `${address}: given up` });
    return () => socket.destroy();
  });
}

/** `undefined` when calls may begin. */
function untilReady(
  channel: ChannelInterface,
  request: ChannelRequest,
): Promise<Failure | undefined> {
  return settleOnce(request, (settle) => {
    let isOver = false;
    const look = () => {
      if (isOver) return;
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return settle(undefined);
      if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) {
        return settle({ kind: 'refused', message: `${request.address} does not speak gRPC` });
      }
      channel.watchConnectivityState(state, Infinity, look);
    };
    look();
    return () => {
      isOver = true;
    };
  });
}

/** Runs `begin` until it settles, the time is up or the caller gives up; then cleans up after
 *  it. */
function settleOnce(
  request: ChannelRequest,
  begin: (settle: (outcome: Failure | undefined) => void) => () => void,
): Promise<Failure | undefined> {
  const { address, timeoutMs, signal } = request;
  return new Promise((resolve) => {
    let cleanUp: (() => void) | undefined;
    let isSettled = false;
    const settle = (outcome: Failure | undefined) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      cleanUp?.();
      resolve(outcome);
    };
    const giveUp = () => settle({ kind: 'given-up', message: `${address}: given up` });
    const timer = setTimeout(() => {
      settle({ kind: 'silent', message: `${address} did not answer within ${timeoutMs} ms` });
    }, timeoutMs);
    signal?.addEventListener('abort', giveUp);
    cleanUp = begin(settle);
    if (isSettled) cleanUp();
  });
}

function splitAddress(address: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}
