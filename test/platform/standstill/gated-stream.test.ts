/** One stream, turn by turn; over real transports it is in gated-transport.test.ts. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { FrameStream, StreamHandlers } from '../../../src/env/transport.ts';
import { Gate } from '../../../src/platform/standstill/gate.ts';
import { GatedStream } from '../../../src/platform/standstill/gated-stream.ts';
import { silentLog } from '../../../src/platform/system/pino-log.ts';
import { ManualClock } from '../../client/manual-clock.ts';

/** Notes what it is told; what was sent stays in its buffer until the test empties it. */
class RealStream implements FrameStream {
  readonly remote = 'there';
  readonly told: string[] = [];
  bufferedBytes = 0;

  send(frame: Uint8Array): void {
    this.bufferedBytes += frame.byteLength;
    this.told.push(`send ${frame.byteLength}`);
  }

  pause(): void {
    this.told.push('pause');
  }

  resume(): void {
    this.told.push('resume');
  }

  close(): void {
    this.told.push('close');
  }
}

let clock: ManualClock;
let gate: Gate;
let logged: string[];
let seen: string[];
let real: RealStream;
let stream: GatedStream;
let gated: StreamHandlers;

beforeEach(() => {
  clock = new ManualClock();
  gate = new Gate(clock);
  logged = [];
  seen = [];
  real = new RealStream();
  const log = { ...silentLog, error: (event: string) => logged.push(event) };
  stream = new GatedStream({ gate, log }, 'there');
  gated = stream.handlersFor({
    frame: (bytes) => seen.push(`frame ${bytes.byteLength}`),
    closed: ({ kind }) => {
      seen.push(kind);
      if (kind === 'broken') throw new Error('a bug');
    },
    drained: () => seen.push('drained'),
  });
});

describe('GatedStream', () => {
  it('is paused while its node stands still, and until all that waited is in', async () => {
    stream.attach(real);
    gate.close();
    gate.enter(() => seen.push('waited'));
    gate.open();
    expect(real.told).toEqual(['pause']);
    await clock.settle();
    expect(seen).toEqual(['waited']);
    expect(real.told).toEqual(['pause', 'resume']);
  });

  it('that is there only since its node went on waits for what came earlier too', async () => {
    gate.close();
    gate.enter(() => seen.push('waited'));
    gate.open();
    stream.attach(real);
    expect(real.told).toEqual(['pause']);
    await clock.settle();
    expect(real.told).toEqual(['pause', 'resume']);
  });

  it('does not say drained of a buffer into which more was sent meanwhile', async () => {
    stream.attach(real);
    gate.close();
    gated.drained?.();
    stream.send(new Uint8Array(10));
    gate.open();
    await clock.settle();
    expect([seen, stream.bufferedBytes]).toEqual([[], 10]);
    real.bufferedBytes = 0;
    gated.drained?.();
    expect(seen).toEqual(['drained']);
  });

  it('does nothing and holds nothing once it is closed', async () => {
    stream.attach(real);
    gated.closed({ kind: 'ended', message: '' });
    gate.close();
    stream.send(new Uint8Array(10));
    expect(stream.bufferedBytes).toBe(0);
    gate.open();
    await clock.settle();
    expect([real.told, seen]).toEqual([[], ['ended']]);
  });

  it('leaves what a handler throws to the real stream, and logs it when that has gone on', async () => {
    stream.attach(real);
    const broken = { kind: 'broken', message: '' } as const;
    expect(() => gated.closed(broken)).toThrow('a bug');
    gate.close();
    gated.closed(broken);
    gate.open();
    await clock.settle();
    expect(logged).toEqual(['stream-handler-failed']);
    expect(gate.isClear).toBe(true);
  });
});
