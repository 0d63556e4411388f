/** One number for one state of one key: Merkle leaves are XORs of it, and reads compare replicas by
 *  it. It is two MurmurHash3_x86_32 of the record's HEADER, each seeded with half of the cluster's
 *  key mixed with the key's token. The header holds vector, dots and, per sibling, dot, kind and
 *  content hash: replicas that differ in a value differ here, although no value byte is read.
 *  Keyed, because leaves are XORs and a client could otherwise write keys whose hashes cancel out.
 *  Not a signature. The digest that a read compares replicas by is this same hash, so neither needs
 *  a value. */
import murmurHash3 from 'murmurhash3js-revisited';
import { writeU32 } from './varint.ts';

/** 64 bits as two u32, the form in which Merkle leaves combine them. */
export interface ItemHash {
  readonly high: number;
  readonly low: number;
}

// The library's check of every single byte costs more than the hash; a Uint8Array needs none.
murmurHash3.inputValidation = false;
const tokenBytes = new Uint8Array(4);

/** Of a record's HEADER (RecordCodec.header) under its key's token. All three numbers are u32. */
export function itemHash(
  headerBytes: Uint8Array,
  token: number,
  clusterKeyHigh: number,
  clusterKeyLow: number,
): ItemHash {
  writeU32(tokenBytes, 0, token);
  const { hash32 } = murmurHash3.x86;
  return {
    high: hash32(headerBytes, hash32(tokenBytes, clusterKeyHigh)),
    low: hash32(headerBytes, hash32(tokenBytes, clusterKeyLow)),
  };
}
