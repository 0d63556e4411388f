/** Client messages with the fields that a test speaks of; all others are as if not given. */
import type { ConsistencyLevel } from '../../src/core/quorum/level.ts';
import {
  type DeleteRequest,
  Durability,
  type GetRequest,
  type PutRequest,
} from '../../src/wire/generated/coterie/v1/kv.ts';
import { levelToWire } from '../../src/wire/level-codec.ts';

const NO_BYTES = new Uint8Array(0);
const encoder = new TextEncoder();

interface Common {
  readonly key: string | Uint8Array;
  readonly bucket?: string;
  readonly level?: ConsistencyLevel;
  readonly explain?: boolean;
  readonly timeoutMs?: number;
}

export interface GetFields extends Common {
  readonly r?: number;
  readonly pr?: number;
}

interface WriteFields extends Common {
  readonly w?: number;
  readonly pw?: number;
  readonly dw?: number;
  readonly durability?: 'fsync' | 'memory';
  readonly context?: Uint8Array;
  readonly requestId?: Uint8Array;
  readonly isRetry?: boolean;
  readonly sloppy?: boolean;
}

export interface PutFields extends WriteFields {
  readonly value?: string | Uint8Array;
  readonly overwrite?: boolean;
}

export interface DeleteFields extends WriteFields {
  readonly blind?: boolean;
}

export function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? encoder.encode(text) : text;
}

/** A request id that a test can name by a number. */
export function requestIdOf(number: number): Uint8Array {
  return new Uint8Array(16).fill(number);
}

export function getRequest(fields: GetFields): GetRequest {
  return { ...common(fields), r: fields.r ?? 0, pr: fields.pr ?? 0 };
}

export function putRequest(fields: PutFields): PutRequest {
  return {
    ...write(fields),
    value: bytesOf(fields.value ?? 'v'),
    overwrite: fields.overwrite ?? false,
  };
}

export function deleteRequest(fields: DeleteFields): DeleteRequest {
  return { ...write(fields), blind: fields.blind ?? false };
}

function common(fields: Common) {
  return {
    bucket: fields.bucket ?? 'default',
    key: bytesOf(fields.key),
    level: levelToWire(fields.level),
    explain: fields.explain ?? false,
    timeoutMs: fields.timeoutMs ?? 0,
  };
}

function write(fields: WriteFields) {
  return {
    ...common(fields),
    w: fields.w ?? 0,
    pw: fields.pw ?? 0,
    dw: fields.dw ?? 0,
    durability: fields.durability === 'memory' ? Durability.MEMORY : Durability.FSYNC,
    context: fields.context ?? NO_BYTES,
    requestId: fields.requestId ?? NO_BYTES,
    isRetry: fields.isRetry ?? false,
    sloppy: fields.sloppy ?? false,
  };
}
