import { describe, expect, it } from 'vitest';
import type { CoterieError } from '../../../src/core/errors.ts';
import type { FrameStream, Transport } from '../../../src/env/transport.ts';
import { MemoryDisk } from '../../../src/platform/memory/memory-disk.ts';
import { MemoryStore } from '../../../src/platform/memory/memory-store.ts';
import { Life, LivingStore, LivingStream, LivingTransport } from '../../../src/sim/cluster/life.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { NodeClock } from '../../node/node-clock.ts';

function aLife() {
  const told: CoterieError[] = [];
  const life = new Life('n1#3', (error) => told.push(error));
  return { life, told };
}

function countingStream() {
  const calls: string[] = [];
  const call = (name: string) => () => {
    calls.push(name);
  };
  const stream: FrameStream = {
    remote: 'n2:7400',
    bufferedBytes: 7,
    send: call('send'),
    pause: call('pause'),
    resume: call('resume'),
    close: call('close'),
  };
  return { stream, calls };
}

const useAll = [
  (stream: FrameStream) => stream.send(new Uint8Array(1)),
  (stream: FrameStream) => stream.pause(),
  (stream: FrameStream) => stream.resume(),
  (stream: FrameStream) => stream.close(),
];

describe('the life of a process', () => {
  it('hands everything on as long as it lasts', () => {
    const { life, told } = aLife();
    const { stream, calls } = countingStream();
    const living = new LivingStream(stream, life);
    for (const use of useAll) use(living);
    expect(calls).toEqual(['send', 'pause', 'resume', 'close']);
    expect([living.remote, living.bufferedBytes]).toEqual(['n2:7400', 7]);
    expect(told).toEqual([]);
  });

  it('lets a dead process send nothing, and counts and tells each attempt', () => {
    const { life, told } = aLife();
    const { stream, calls } = countingStream();
    const living = new LivingStream(stream, life);
    life.end();
    for (const use of useAll) expect(() => use(living)).toThrow('n1#3 is dead');
    expect(calls).toEqual([]);
    expect(life.ghostCount).toBe(4);
    expect(told.map(({ code }) => code)).toEqual(Array(4).fill('ASSERTION_FAILED'));
  });

  it('lets a dead process neither read nor write nor dial', () => {
    const { life } = aLife();
    const clock = new NodeClock(new ManualClock());
    const store = new LivingStore(new MemoryStore({ clock }, { disk: new MemoryDisk() }), life);
    const unused: Transport = {
      dial: () => countingStream().stream,
      close: () => Promise.resolve(),
    };
    const transport = new LivingTransport(unused, life);
    const handlers = { frame: () => {}, closed: () => {} };
    life.end();
    const key = Uint8Array.of(1);
    for (const act of [
      () => store.open(),
      () => store.getMany([key]),
      () => store.batch([{ type: 'del', key }], { sync: true }),
      () => store.iterate({ from: key, to: key }),
      () => store.diskSpace(),
      () => store.close(),
      () => transport.dial('n2:7400', 'link', handlers),
      () => transport.close(),
    ]) {
      expect(act).toThrow('nothing of it may run any more');
    }
    expect(life.ghostCount).toBe(8);
  });
});
