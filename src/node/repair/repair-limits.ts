/** How large is what an exchange sends and keeps at a time?
 *  Invariant: one larger item travels alone, so that nothing is too large to be repaired.
 *  Not here: the bounds of the lane it travels over (node/link).
 *  Source: docs/protocol.md, "Bulk". */

/** Of keys and marks in a page of entries. */
export const PAGE_BYTES_MAX = 64 * 1_024;
/** Of records in a message. */
export const RECORD_BYTES_PER_MESSAGE = 256 * 1_024;
/** Of records in a message, however small. */
export const KEYS_PER_MESSAGE = 2_048;
/** What a message has beside its keys and records, about; and each of them. */
export const MESSAGE_OVERHEAD = 24;
export const ITEM_OVERHEAD = 4;
