/** Frames that share one writer: each is as if it had been written alone. */
import { expect, test } from 'vitest';
import { FrameWriter } from '../../src/wire/frame-writer.ts';
import { Level, SessionRequestFrame } from '../../src/wire/generated/coterie/v1/kv.ts';

function frameOf(id: number, keyBytes = 3): SessionRequestFrame {
  const get = {
    bucket: 'default',
    key: new Uint8Array(keyBytes).fill(id),
    level: Level.UNSPECIFIED,
    r: 0,
    pr: 0,
    timeoutMs: 1_000,
    explain: false,
  };
  return { hello: undefined, requests: [{ id, operation: { $case: 'get', get } }] };
}

test('every frame is as one that was written alone, and later ones do not change it', () => {
  const writer = new FrameWriter(SessionRequestFrame);
  const frames = [5, 600_000, 1, 70].map((size, id) => frameOf(id + 1, size));
  const written = frames.map((frame) => writer.encode(frame));
  for (const [index, frame] of frames.entries()) {
    expect(written[index]).toEqual(SessionRequestFrame.encode(frame).finish());
  }
});

test('what an error left half written is not in the next frame', () => {
  const writer = new FrameWriter(SessionRequestFrame);
  writer.encode(frameOf(1));
  expect(() => writer.encode(frameOf(-1))).toThrow();
  expect(SessionRequestFrame.decode(writer.encode(frameOf(2)))).toEqual(frameOf(2));
});
