/** The checksum port without Node: CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320), byte by
 *  byte through a table. For browsers and the simulator; about ten times slower than zlib's. */
import type { Checksum } from '../../core/checksum.ts';

const POLYNOMIAL = 0xedb88320;
const TABLE: Uint32Array = makeTable();

export const tableCrc32: Checksum = (bytes, previous = 0) => {
  let crc = ~previous;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
};

function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let index = 0; index < 256; index += 1) {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) {
      value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    }
    table[index] = value;
  }
  return table;
}
