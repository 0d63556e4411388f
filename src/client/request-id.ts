/** Request ids: 16 bytes, written as 32 hex digits, that make the repetition of a write safe.
 *  Not here: what a node does with them (docs/guarantees.md). */
import { bytesToHex, hexToBytes } from '../core/bytes.ts';
import { CoterieError } from '../core/errors.ts';
import { REQUEST_ID_BYTES } from '../core/limits.ts';
import type { Random } from '../env/random.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HEX = /^[0-9a-f]{32}$/i;

export function newId(random: Random): Uint8Array {
  return random.bytes(REQUEST_ID_BYTES);
}

/** Takes 16 bytes, 32 hex digits or a UUID. Errors: INVALID_ARGUMENT naming `what`. */
export function parseId(id: string | Uint8Array, what: string): Uint8Array {
  if (typeof id !== 'string') {
    if (id.length === REQUEST_ID_BYTES) return id;
    throw wrong(what, `has ${id.length} bytes`);
  }
  if (UUID.test(id)) return hexToBytes(id.replaceAll('-', ''));
  if (HEX.test(id)) return hexToBytes(id);
  throw wrong(what, `is ${JSON.stringify(id.slice(0, 64))}`);
}

export function formatId(id: Uint8Array): string {
  return bytesToHex(id);
}

/** A number below 2^16 that depends on the whole id: ids that were made from a time differ in
 *  few places only. */
export function drawOf(id: Uint8Array): number {
  let sum = 0;
  for (const byte of id) sum = (Math.imul(sum, 31) + byte) >>> 0;
  return (sum ^ (sum >>> 16)) & 0xffff;
}

function wrong(what: string, found: string): CoterieError {
  const forms = `${REQUEST_ID_BYTES} bytes, 32 hex digits or a UUID`;
  const message = `The ${what} ${found}; it must be ${forms}`;
  return new CoterieError('INVALID_ARGUMENT', message);
}
