/** Two views of the same bytes, never a copy: the binding speaks Buffer only, our ports Uint8Array
 *  only. A Buffer must not leave this folder: its `slice` shares bytes where a Uint8Array's copies
 *  them. */

export function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function asBytes(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
