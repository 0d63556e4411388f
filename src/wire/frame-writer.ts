/** Frames of one stream, encoded by one writer that is used again and again.
 *  Invariants: a frame is never written to again, though it may be a view into a page of frames; a
 *  writer that was left by an error is given up.
 *  Not here: what goes into a frame, where its bytes are (page-writer.ts). */
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { PageWriter } from './page-writer.ts';

/** What is used here of a generated message. */
export interface FrameCodec<Frame> {
  encode(frame: Frame, writer?: BinaryWriter): BinaryWriter;
}

export class FrameWriter<Frame> {
  readonly #codec: FrameCodec<Frame>;
  #writer: PageWriter | undefined;

  constructor(codec: FrameCodec<Frame>) {
    this.#codec = codec;
  }

  encode(frame: Frame): Uint8Array {
    const writer = this.#writer ?? new PageWriter();
    this.#writer = undefined;
    const bytes = this.#codec.encode(frame, writer).finish();
    this.#writer = writer;
    return bytes;
  }
}
