/** Is every option one that the method knows? A name that is spelt wrong would be ignored, and the
 *  request go out with another budget or level than was meant.
 *  Invariant: costs one look in a set per option given, and nothing is made unless one is wrong.
 *  Not here: their values (requests.ts, client.ts). */
import { CoterieError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import type {
  ClientOptions,
  DeleteOptions,
  GetOptions,
  PutOptions,
  RequestOptions,
} from './types.ts';

/** All of them: the compiler finds one that is missing, or too many. */
type Names<Options> = Readonly<Record<keyof Options, true>>;
type WriteNames = Names<Omit<PutOptions & DeleteOptions, 'overwrite' | 'blind'>>;

const READY: Names<Pick<RequestOptions, 'timeoutMs' | 'signal'>> = {
  timeoutMs: true,
  signal: true,
};
const REQUEST: Names<RequestOptions> = { ...READY, bucket: true, consistency: true, explain: true };
const GET: Names<GetOptions> = { ...REQUEST, r: true, pr: true };
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
const PUT: Names<PutOptions> = { ...WRITE, overwrite: true };
const DELETE: Names<DeleteOptions> = { ...WRITE, blind: true };
const CLIENT: Names<ClientOptions> = {
  nodes: true,
  bucket: true,
  consistency: true,
  timeoutMs: true,
  retry: true,
  inFlightMax: true,
  inFlightBytesMax: true,
  clusterId: true,
};

/** Whose options they are, in words, and their names. */
export interface KnownOptions {
  readonly of: string;
  readonly names: ReadonlySet<string>;
}

export const GET_OPTIONS: KnownOptions = known('get', GET);
export const PUT_OPTIONS: KnownOptions = known('put', PUT);
export const DELETE_OPTIONS: KnownOptions = known('delete', DELETE);
export const LAYOUT_OPTIONS: KnownOptions = known('layout', REQUEST);
export const READY_OPTIONS: KnownOptions = known('ready', READY);
export const CLIENT_OPTIONS: KnownOptions = known('the client', CLIENT);
/** Of `connect`: those of the client, and how it connects. */
export const CONNECT_OPTIONS: KnownOptions = known('connect', {
  ...CLIENT,
  signal: true,
  log: true,
});

function known(of: string, names: object): KnownOptions {
  return { of, names: new Set(Object.keys(names)) };
}

/** Errors: INVALID_ARGUMENT. */
export function checkOptionNames(options: object, { of, names }: KnownOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new CoterieError('INVALID_ARGUMENT', `The options of ${of} are not an object`);
  }
  for (const name in options) {
    // What somebody added to every object of the program is not an option.
    if (!names.has(name) && Object.hasOwn(options, name)) throw unknown(name, of, names);
  }
}

function unknown(name: string, of: string, names: ReadonlySet<string>): CoterieError {
  const nearest = nearestName(name, names);
  const hint =
    nearest === undefined ? `it takes ${[...names].join(', ')}` : `did you mean ${nearest}`;
  const shown = JSON.stringify(name.slice(0, 80));
  return new CoterieError('INVALID_ARGUMENT', `${shown} is not an option of ${of}; ${hint}`);
}
