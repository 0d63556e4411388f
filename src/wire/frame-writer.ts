/** Frames of one stream, encoded by one writer that is used again and again: a new one grows by
 *  doubling from nothing, which for a large frame costs more than the encoding.
 *  Invariants: a frame never shares memory with the writer; a writer that a large frame has made
 *  grow, or that was left by an error, is given up.
 *  Not here: what goes into a frame. */
import type { BinaryWriter } from '@bufbuild/protobuf/wire';

/** What is used here of a generated message. */
export interface FrameCodec<Frame> {
  encode(frame: Frame, writer?: BinaryWriter): BinaryWriter;
}

/** Beyond it a writer is not kept. */
const WRITER_BYTES_MAX = 512 * 1_024;

export class FrameWriter<Frame> {
  readonly #codec: FrameCodec<Frame>;
  #writer: BinaryWriter | undefined;

  constructor(codec: FrameCodec<Frame>) {
    this.#codec = codec;
  }

  encode(frame: Frame): Uint8Array {
    const kept = this.#writer;
    this.#writer = undefined;
    const writer = this.#codec.encode(frame, kept);
    const bytes = writer.finish();
    if (bytes.length <= WRITER_BYTES_MAX) this.#writer = writer;
    return bytes;
  }
}
