/** CRC-32 (IEEE 802.3) of the bytes, as an unsigned 32-bit number; `previous` continues an earlier
 *  one. A port, because core may not import zlib: platform hands in zlib.crc32, the simulator a
 *  table (one golden vector). */
export type Checksum = (bytes: Uint8Array, previous?: number) => number;
