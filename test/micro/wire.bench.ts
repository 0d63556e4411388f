/** What frames cost on the wire's side: a frame of 32 puts, as a session sends it under load.
 *  `npm run bench:micro`. */
import { bench, describe } from 'vitest';
import { FrameWriter } from '../../src/wire/frame-writer.ts';
import { PutRequest, SessionRequestFrame } from '../../src/wire/generated/coterie/v1/kv.ts';

const REQUESTS = 32;

function frameOf(valueBytes: number): SessionRequestFrame {
  const put = {
    ...PutRequest.decode(new Uint8Array()),
    bucket: 'bench',
    key: new TextEncoder().encode('user000000000001'),
    value: new Uint8Array(valueBytes).fill(7),
    context: new Uint8Array(48).fill(5),
  };
  const requests = Array.from({ length: REQUESTS }, (_, id) => ({
    id,
    operation: { $case: 'put' as const, put },
  }));
  return { hello: undefined, requests };
}

describe(`frame codec, ${REQUESTS} puts`, () => {
  for (const valueBytes of [100, 4_096]) {
    const frame = frameOf(valueBytes);
    const writer = new FrameWriter(SessionRequestFrame);
    const bytes = writer.encode(frame);
    bench(`encode, ${valueBytes} bytes each`, () => {
      writer.encode(frame);
    });
    bench(`decode, ${valueBytes} bytes each`, () => {
      SessionRequestFrame.decode(bytes);
    });
  }
});
