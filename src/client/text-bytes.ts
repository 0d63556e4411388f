/** Strings to UTF-8. Short ones share slabs: an ArrayBuffer for every key costs more than most of a
 *  request. A slab dies with the last request that has a key in it.
 *  Not here: what a string may contain (requests.ts). */

const SLAB_BYTES = 16 * 1_024;
/** Longer strings get bytes of their own. */
const SHARED_CHARS_MAX = 1_024;
/** UTF-8 takes at most this for each UTF-16 unit. */
const BYTES_PER_CHAR_MAX = 3;

const encoder = new TextEncoder();
let slab = new Uint8Array(SLAB_BYTES);
let used = 0;

/** The bytes are not written to again. */
export function encodeText(text: string): Uint8Array {
  if (text.length > SHARED_CHARS_MAX) return encoder.encode(text);
  if (used + text.length * BYTES_PER_CHAR_MAX > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  const { written } = encoder.encodeInto(text, slab.subarray(used));
  const bytes = slab.subarray(used, used + written);
  used += written;
  return bytes;
}
