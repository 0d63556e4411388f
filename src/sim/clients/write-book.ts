/** Which writes were ever asked for, by anybody? Values that reads return are looked up here, byte
 *  for byte.
 *  Invariant: a write is in the book before its request leaves the client.
 *  Not here: judging what is not in it (checkers). */
import { bytesEqual } from '../../core/bytes.ts';
import type { Seen, WriteId } from '../history.ts';
import { headText, readHead } from './values.ts';

interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Of values that no write made, as much as a report can show. */
const FOREIGN_TEXT_CHARS_MAX = 200;

export class WriteBook {
  readonly #entries = new Map<WriteId, Entry>();

  note(write: WriteId, key: string, value: Uint8Array): void {
    this.#entries.set(write, { key, value });
  }

  /** What a read of `key` was shown. */
  recognise(key: string, value: Uint8Array, dot: string): Seen {
    const text = headText(value);
    const head = readHead(text);
    const entry = head === undefined ? undefined : this.#entries.get(head.write);
    const isAsked = entry?.key === key && bytesEqual(entry.value, value);
    if (head === undefined || !isAsked) {
      return { write: undefined, text: text.slice(0, FOREIGN_TEXT_CHARS_MAX), dot };
    }
    return { write: head.write, text, dot };
  }
}
