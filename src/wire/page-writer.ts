/** A writer of protobuf messages whose results are cut from pages one after the other: memory of
 *  its own for each message costs more than writing it.
 *  Invariants: writes what BinaryWriter writes, byte for byte; what `finish` returned is never
 *  written to again; a page is of PAGE_BYTES, so that a result that lives long keeps no more alive,
 *  and what does not fit into one has memory of its own; after an error the writer is of no use.
 *  Not here: which messages (generated), when a writer is kept (frame-writer.ts). */
import { BinaryWriter } from '@bufbuild/protobuf/wire';

const PAGE_BYTES = 16_384;
/** A varint of 32 bits. */
const VARINT_BYTES_MAX = 5;
const VARINT_64_BYTES_MAX = 10;
/** Text up to this length is looked at here, a longer one by the engine. */
const SHORT_CHARS_MAX = 127;
const NO_PAGE = new Uint8Array(0);
const encoder = new TextEncoder();
const scratchBytes = new Uint8Array(8);
const scratch = new DataView(scratchBytes.buffer);

export class PageWriter extends BinaryWriter {
  #page = NO_PAGE;
  /** Where the message begins. */
  #from = 0;
  #at = 0;
  /** Where messages within it begin, the innermost last, counted from its own beginning. */
  readonly #forks: number[] = [];

  override finish(): Uint8Array<ArrayBuffer> {
    const page = this.#page;
    const isOwn = page.length > PAGE_BYTES;
    const bytes = isOwn ? page.slice(this.#from, this.#at) : page.subarray(this.#from, this.#at);
    this.#from = this.#at;
    this.#forks.length = 0;
    if (isOwn) {
      this.#page = NO_PAGE;
      this.#from = 0;
      this.#at = 0;
    }
    return bytes;
  }

  override fork(): this {
    this.#forks.push(this.#at - this.#from);
    this.#need(1);
    this.#at += 1;
    return this;
  }

  /** Most lengths take one byte, which `fork` has left free. */
  override join(): this {
    const fork = this.#forks.pop();
    if (fork === undefined) throw new Error('There is no fork to join');
    const length = this.#at - this.#from - fork - 1;
    const wider = varintBytes(length) - 1;
    if (wider > 0) {
      this.#need(wider);
      const begin = this.#from + fork + 1;
      this.#page.copyWithin(begin + wider, begin, this.#at);
    }
    const end = this.#at + wider;
    this.#at = this.#from + fork;
    this.#varint(length);
    this.#at = end;
    return this;
  }

  override raw(chunk: Uint8Array): this {
    const { length } = chunk;
    this.#need(length);
    const page = this.#page;
    const at = this.#at;
    // A call into the engine costs more than a few steps here.
    if (length > 32) page.set(chunk, at);
    else for (let index = 0; index < length; index += 1) page[at + index] = chunk[index] ?? 0;
    this.#at = at + length;
    return this;
  }

  override uint32(value: number): this {
    if (value >>> 0 !== value) throw new Error(`${value} is no unsigned number of 32 bits`);
    this.#need(VARINT_BYTES_MAX);
    this.#varint(value);
    return this;
  }

  override int32(value: number): this {
    if (value < 0) return this.raw(new BinaryWriter().int32(value).finish());
    return this.uint32(value);
  }

  override bool(value: boolean): this {
    this.#need(1);
    this.#page[this.#at] = value ? 1 : 0;
    this.#at += 1;
    return this;
  }

  override bytes(value: Uint8Array): this {
    return this.uint32(value.length).raw(value);
  }

  override string(value: string): this {
    const { length } = value;
    if (length <= SHORT_CHARS_MAX) {
      this.#need(1 + length);
      const page = this.#page;
      const begin = this.#at + 1;
      let index = 0;
      for (; index < length; index += 1) {
        const code = value.charCodeAt(index);
        if (code > 0x7f) break;
        page[begin + index] = code;
      }
      if (index === length) {
        page[this.#at] = length;
        this.#at = begin + length;
        return this;
      }
    }
    return this.bytes(encoder.encode(value));
  }

  override fixed32(value: number): this {
    if (value >>> 0 !== value) throw new Error(`${value} is no unsigned number of 32 bits`);
    this.#need(4);
    const page = this.#page;
    const at = this.#at;
    page[at] = value & 0xff;
    page[at + 1] = (value >>> 8) & 0xff;
    page[at + 2] = (value >>> 16) & 0xff;
    page[at + 3] = value >>> 24;
    this.#at = at + 4;
    return this;
  }

  override uint64(value: string | number | bigint): this {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      return this.raw(new BinaryWriter().uint64(value).finish());
    }
    this.#need(VARINT_64_BYTES_MAX);
    let rest = value;
    for (; rest > 0xffff_ffff; rest = Math.floor(rest / 0x80)) {
      this.#page[this.#at] = (rest % 0x80) | 0x80;
      this.#at += 1;
    }
    this.#varint(rest);
    return this;
  }

  override double(value: number): this {
    scratch.setFloat64(0, value, true);
    return this.raw(scratchBytes);
  }

  // Not used by what goes over connections, or so seldom that another writer may do it.

  override float(value: number): this {
    return this.raw(new BinaryWriter().float(value).finish());
  }

  override sfixed32(value: number): this {
    return this.raw(new BinaryWriter().sfixed32(value).finish());
  }

  override sint32(value: number): this {
    return this.raw(new BinaryWriter().sint32(value).finish());
  }

  override sfixed64(value: string | number | bigint): this {
    return this.raw(new BinaryWriter().sfixed64(value).finish());
  }

  override fixed64(value: string | number | bigint): this {
    return this.raw(new BinaryWriter().fixed64(value).finish());
  }

  override int64(value: string | number | bigint): this {
    return this.raw(new BinaryWriter().int64(value).finish());
  }

  override sint64(value: string | number | bigint): this {
    return this.raw(new BinaryWriter().sint64(value).finish());
  }

  /** 0..2^32-1, where there is room. */
  #varint(value: number): void {
    const page = this.#page;
    let at = this.#at;
    let rest = value;
    while (rest > 0x7f) {
      page[at] = (rest & 0x7f) | 0x80;
      at += 1;
      rest >>>= 7;
    }
    page[at] = rest;
    this.#at = at + 1;
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#page.length) this.#turn(bytes);
  }

  /** Begins another page with what there is of the message. */
  #turn(bytes: number): void {
    const begun = this.#page.subarray(this.#from, this.#at);
    const needed = begun.length + bytes;
    const page = new Uint8Array(needed > PAGE_BYTES ? 2 * needed : PAGE_BYTES);
    page.set(begun);
    this.#page = page;
    this.#from = 0;
    this.#at = begun.length;
  }
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
