/** Values, which are bytes, as text: UTF-8 where it is, base64 and saying so where it is not. */

export interface EncodedValue {
  readonly value: string;
  readonly encoding: 'utf8' | 'base64';
}

// The byte order mark is kept: what is shown as utf8 must give the same bytes again.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encodeValue(bytes: Uint8Array): EncodedValue {
  try {
    return { value: decoder.decode(bytes), encoding: 'utf8' };
  } catch {
    // A fatal decoder has no other way to say "this is not UTF-8".
    const { buffer, byteOffset, byteLength } = bytes;
    const value = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
    return { value, encoding: 'base64' };
  }
}

/** For people. On a terminal control characters are escaped, because a stored value must not move
 *  its cursor. */
export function displayValue(bytes: Uint8Array, isTerminal: boolean): string {
  const { value, encoding } = encodeValue(bytes);
  if (encoding === 'base64') return `${value} (base64 of ${bytes.length} bytes)`;
  return isTerminal ? escapeControls(value) : value;
}

export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (char) => {
    if (char === '\n' || char === '\t') return char;
    return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}

/** A word that a POSIX shell reads back as it is. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
