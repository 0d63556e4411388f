/** Where do many small byte strings of short life come from? They are cut from pages: an array with
 *  memory of its own costs several times as much, and again when native code asks for its address.
 *  Invariants: no byte is handed out twice, and all are 0 when handed out; a page lives as long as
 *  anything cut from it, so what is kept for long is to be copied.
 *  Not here: reuse. A page that nobody holds is garbage like any other. */

export class BytePages {
  readonly #pageBytes: number;
  #page: ArrayBuffer;
  #used = 0;

  constructor(pageBytes: number) {
    this.#pageBytes = pageBytes;
    this.#page = new ArrayBuffer(pageBytes);
  }

  /** A long one gets memory of its own. */
  take(length: number): Uint8Array {
    if (length > this.#pageBytes / 8) return new Uint8Array(length);
    if (this.#used + length > this.#pageBytes) {
      this.#page = new ArrayBuffer(this.#pageBytes);
      this.#used = 0;
    }
    const bytes = new Uint8Array(this.#page, this.#used, length);
    this.#used += length;
    return bytes;
  }
}
