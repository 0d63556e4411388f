import { expect, test } from 'vitest';
import type { StreamClosed } from '../../../src/env/transport.ts';
import { MemoryNetwork } from '../../../src/platform/memory/memory-transport.ts';
import { silentLog } from '../../../src/platform/system/pino-log.ts';
import { systemClock } from '../../../src/platform/system/system-clock.ts';
import { describeTransport } from '../../conformance/transport.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { makeMemoryRig } from './memory-rig.ts';

const clock = systemClock;

describeTransport('MemoryNetwork', async () => makeMemoryRig());

test('two listeners cannot share an address, and the end of one frees it', () => {
  const network = new MemoryNetwork({ clock, log: silentLog });
  const handlers = { frame: () => {}, closed: () => {} };
  const unlisten = network.listen('memory:1', () => handlers);
  expect(() => network.listen('memory:1', () => handlers)).toThrow(/already/);
  unlisten();
  network.listen('memory:1', () => handlers);
});

test('a cut breaks the streams to that address only', async () => {
  const network = new MemoryNetwork({ clock, log: silentLog });
  const taken: string[] = [];
  for (const address of ['memory:1', 'memory:2']) {
    network.listen(address, () => {
      taken.push(address);
      return { frame: () => {}, closed: () => {} };
    });
  }
  const ends = new Map<string, StreamClosed>();
  const transport = network.transport();
  for (const address of ['memory:1', 'memory:2']) {
    const closed = (reason: StreamClosed) => ends.set(address, reason);
    transport.dial(address, 'link', { frame: () => {}, closed });
  }
  await waitUntil(() => taken.length === 2, { deadlineMs: 5_000, what: 'both streams' });
  network.cut('memory:1');
  expect(ends.get('memory:1')?.kind).toBe('broken');
  expect(ends.has('memory:2')).toBe(false);
  await transport.close();
  expect(ends.get('memory:2')?.kind).toBe('ended');
});

test('a frame over the limit of its service breaks the stream in place of being sent', async () => {
  const network = new MemoryNetwork({ clock, log: silentLog });
  let frameCount = 0;
  network.listen('memory:1', () => ({ frame: () => frameCount++, closed: () => {} }));
  const ends: StreamClosed[] = [];
  const stream = network.transport().dial('memory:1', 'session', {
    frame: () => {},
    closed: (reason) => ends.push(reason),
  });
  stream.send(new Uint8Array(20 * 1_024 * 1_024 + 1));
  await waitUntil(() => ends.length > 0, { deadlineMs: 5_000, what: 'the end' });
  expect(ends[0]?.kind).toBe('broken');
  expect(ends[0]?.message).toContain('20971521');
  expect(frameCount).toBe(0);
});
