/** The options of each method of the client.
 *  Not here: the check (core/known-options.ts), their values (requests.ts, client.ts). */
import { type KnownOptions, knownOptions, type OptionNames } from '../core/known-options.ts';
import type {
  ClientOptions,
  DeleteOptions,
  GetOptions,
  PutOptions,
  RequestOptions,
} from './types.ts';

type WriteNames = OptionNames<Omit<PutOptions & DeleteOptions, 'overwrite' | 'blind'>>;

const READY: OptionNames<Pick<RequestOptions, 'timeoutMs' | 'signal'>> = {
  timeoutMs: true,
  signal: true,
};
const REQUEST: OptionNames<RequestOptions> = {
  ...READY,
  bucket: true,
  consistency: true,
  explain: true,
};
const GET: OptionNames<GetOptions> = { ...REQUEST, r: true, pr: true };
const WRITE: WriteNames = {
  ...REQUEST,
  w: true,
  pw: true,
  dw: true,
  sloppy: true,
  durability: true,
  context: true,
  requestId: true,
  retry: true,
};
const PUT: OptionNames<PutOptions> = { ...WRITE, overwrite: true };
const DELETE: OptionNames<DeleteOptions> = { ...WRITE, blind: true };
const CLIENT: OptionNames<ClientOptions> = {
  nodes: true,
  bucket: true,
  consistency: true,
  timeoutMs: true,
  retry: true,
  inFlightMax: true,
  inFlightBytesMax: true,
  clusterId: true,
};

export const GET_OPTIONS: KnownOptions = knownOptions('get', GET);
export const PUT_OPTIONS: KnownOptions = knownOptions('put', PUT);
export const DELETE_OPTIONS: KnownOptions = knownOptions('delete', DELETE);
export const LAYOUT_OPTIONS: KnownOptions = knownOptions('layout', REQUEST);
export const READY_OPTIONS: KnownOptions = knownOptions('ready', READY);
export const CLIENT_OPTIONS: KnownOptions = knownOptions('the client', CLIENT);
/** Of `connect`: those of the client, and how it connects. */
export const CONNECT_OPTIONS: KnownOptions = knownOptions('connect', {
  ...CLIENT,
  signal: true,
  log: true,
});
