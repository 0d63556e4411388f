/** Texts of the command line become values. A text that does not fit throws commander's
 *  InvalidArgumentError, which commander completes with the option's name. */
import { InvalidArgumentError } from 'commander';
import { parseAddress } from '../config/address.ts';
import type { ProcessEnvironment } from '../config/load.ts';
import { CoterieError } from '../core/errors.ts';

export const DEFAULT_NODE = '127.0.0.1:7400';
/** Budget of administrative calls that name none, per call. */
export const ADMIN_TIMEOUT_MS = 5_000;

export function parseNode(text: string): string {
  if (parseAddress(text) === undefined) {
    throw new InvalidArgumentError(`It must be HOST:PORT, such as ${DEFAULT_NODE}.`);
  }
  return text;
}

/** For options that may be given several times. */
export function collectNode(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), parseNode(text)];
}

/** Flags, or else COTERIE_NODES (comma or space separated), or else the local node. Errors:
 *  INVALID_ARGUMENT. */
export function nodesOf(
  flags: readonly string[] | undefined,
  environment: ProcessEnvironment,
): readonly string[] {
  if (flags !== undefined && flags.length > 0) return flags;
  const listed = (environment['COTERIE_NODES'] ?? '').split(/[\s,]+/).filter((part) => part !== '');
  if (listed.length === 0) return [DEFAULT_NODE];
  for (const text of listed) {
    if (parseAddress(text) === undefined) {
      throw new CoterieError(
        'INVALID_ARGUMENT',
        `COTERIE_NODES holds ${JSON.stringify(text)}, which is not HOST:PORT`,
      );
    }
  }
  return listed;
}

/** Commander looks for options that are missing before those that it does not know: with its own
 *  check a misspelt name would be told as a missing one. Errors: INVALID_ARGUMENT. */
export function required<Value>(option: string, value: Value | undefined): Value {
  if (value !== undefined) return value;
  throw new CoterieError('INVALID_ARGUMENT', `required option '${option}' not specified`);
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** Digits only: 1e3, 0x10 and signs are more often mistakes than meant. */
export function wholeNumberIn(range: Range): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < range.min || value > range.max) {
      throw new InvalidArgumentError(
        `It must be a whole number from ${range.min} to ${range.max}.`,
      );
    }
    return value;
  };
}

const TIMEOUT_MAX_MS = 3_600_000;

/** `500`, `500ms`, `2s` -> milliseconds, from 1 ms to an hour. */
export function parseTimeout(text: string): number {
  return parseTime(text, 1);
}

/** The same, from `minMs`. */
export function parseTime(text: string, minMs: number): number {
  const match = /^(\d+)(ms|s)?$/.exec(text);
  if (match === null) {
    throw new InvalidArgumentError('It must be milliseconds, or a number with ms or s: 500, 2s.');
  }
  const timeMs = Number(match[1]) * (match[2] === 's' ? 1_000 : 1);
  if (timeMs >= minMs && timeMs <= TIMEOUT_MAX_MS) return timeMs;
  const bound = timeMs < minMs ? `at least ${minMs} ms` : `at most ${TIMEOUT_MAX_MS / 1_000} s`;
  throw new InvalidArgumentError(`It must be ${bound}, such as 500, 2s.`);
}

/** 32 hexadecimal digits or a UUID. */
export function parseRequestId(text: string): string {
  const hex = /^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i;
  if (!hex.test(text))
    throw new InvalidArgumentError('It must be 32 hexadecimal digits or a UUID.');
  return text.replaceAll('-', '').toLowerCase();
}
