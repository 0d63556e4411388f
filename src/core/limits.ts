/** Limits that both sides of the wire rely on. They are part of the protocol, not of the
 *  configuration. */
export const KEY_BYTES_MAX = 1_024;
export const VALUE_BYTES_MAX = 4 * 1_024 * 1_024;
export const CONTEXT_BYTES_MAX = 16 * 1_024;
/** A mint that would leave a larger record is refused; merges never are. */
export const RECORD_BYTES_MAX = 16 * 1_024 * 1_024;
export const SIBLINGS_WARN = 10;
export const SIBLINGS_MAX = 64;
export const REQUEST_ID_BYTES = 16;
export const PEER_FRAME_BYTES_MAX = 64 * 1_024 * 1_024;
export const CLIENT_FRAME_BYTES_MAX = 20 * 1_024 * 1_024;
export const GOSSIP_FRAME_BYTES_MAX = 256 * 1_024;
/** A bucket's name: `[a-z0-9][a-z0-9._-]{0,63}`. */
export const BUCKET_NAME: RegExp = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const DEFAULT_BUCKET = 'default';
