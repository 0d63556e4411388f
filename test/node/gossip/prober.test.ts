/** One probe: what counts as an answer. */
import { expect, test } from 'vitest';
import { PROBES_MAX, Prober } from '../../../src/node/gossip/prober.ts';
import { fakeWire, peerOf } from './fake-wire.ts';

function rig() {
  const wire = fakeWire();
  const outcomes: string[] = [];
  const prober = new Prober(wire, () => peerOf(1));
  const probe = (index = 2, timeoutMs = 500): void => {
    const { id, address } = peerOf(index);
    prober.probe({ id, address, timeoutMs }, (outcome) => outcomes.push(outcome));
  };
  return { ...wire, prober, probe, outcomes, target: peerOf(2) };
}

test('the member itself answers: ack, and the stream ends', () => {
  const { transport, probe, outcomes, target } = rig();
  probe();
  expect(transport.to(target.address).sent).toMatchObject([{ sender: peerOf(1) }]);
  transport.to(target.address).say({ sender: target });
  transport.to(target.address).say({ sender: target });
  expect(outcomes).toEqual(['ack']);
  expect(transport.open).toEqual([]);
});

test('another one answers at the address: the member does not listen there', () => {
  const { transport, probe, outcomes, target } = rig();
  probe();
  transport.to(target.address).say({ sender: peerOf(3) });
  expect(outcomes).toEqual(['refused']);
});

test('nobody listens there: refused, at once', () => {
  const { transport, probe, outcomes, target } = rig();
  probe();
  transport.to(target.address).end({ kind: 'refused', isNobodyThere: true });
  expect(outcomes).toEqual(['refused']);
});

test.each(['refused', 'broken', 'ended'] as const)(
  'a stream that is %s for another reason says no more than silence',
  async (kind) => {
    const { clock, transport, probe, outcomes, target } = rig();
    probe();
    transport.to(target.address).end({ kind });
    expect(outcomes).toEqual([]);
    await clock.advance(500);
    expect(outcomes).toEqual(['silent']);
  },
);

test('no answer in time: silent, once, and the stream ends', async () => {
  const { clock, transport, deadlines, probe, outcomes, target } = rig();
  probe();
  await clock.advance(499);
  expect(outcomes).toEqual([]);
  await clock.advance(1);
  transport.to(target.address).say({ sender: target });
  expect(outcomes).toEqual(['silent']);
  expect(transport.open).toEqual([]);
  expect(deadlines.size).toBe(0);
});

test('beyond the bound nobody is dialled, and the answer is silent in a later turn', async () => {
  const { clock, transport, probe, outcomes } = rig();
  for (let turn = 0; turn <= PROBES_MAX; turn += 1) probe();
  expect(transport.dials).toHaveLength(PROBES_MAX);
  expect(outcomes).toEqual([]);
  await clock.advance(1);
  expect(outcomes).toEqual(['silent']);
  await clock.advance(500);
  expect(outcomes).toHaveLength(PROBES_MAX + 1);
});

test('after stop nothing is told, dialled or left', async () => {
  const { clock, transport, deadlines, prober, probe, outcomes } = rig();
  probe();
  prober.stop();
  probe(3);
  await clock.advance(1_000);
  expect(outcomes).toEqual([]);
  expect(transport.dials).toHaveLength(1);
  expect(transport.open).toEqual([]);
  expect(deadlines.size).toBe(0);
});
