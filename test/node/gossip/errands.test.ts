/** Probes for oneself and for others. */
import { expect, test } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { FailureDetector } from '../../../src/core/membership/failure-detector.ts';
import { Errands } from '../../../src/node/gossip/errands.ts';
import { GossipChannel } from '../../../src/node/gossip/gossip-channel.ts';
import { Prober } from '../../../src/node/gossip/prober.ts';
import { seededRandom } from '../../client/scripted-node.ts';
import { recordOf } from '../../core/membership/gossip-cluster.ts';
import { FakeStream, fakeWire, peerOf } from './fake-wire.ts';

function rig() {
  const wire = fakeWire();
  const { clock, deadlines } = wire;
  const detector = new FailureDetector(
    DEFAULT_DETECTOR_OPTIONS,
    recordOf(1),
    seededRandom(),
    deadlines.nowMs(),
  );
  const addresses = new Map<string, string>();
  for (const index of [2, 3, 4]) {
    detector.learn(recordOf(index), deadlines.nowMs());
    detector.evidence(recordOf(index).id, deadlines.nowMs(), 'direct');
    addresses.set(recordOf(index).id, recordOf(index).address);
  }
  const streams = new Map<string, FakeStream>();
  const channelTo = (address: string): GossipChannel => {
    const stream = new FakeStream(address);
    const channel = new GossipChannel(wire, address, {
      own: () => peerOf(1),
      greeted: () => {},
      heard: () => {},
      refused: () => {},
      closed: () => {},
    });
    channel.attach(stream);
    streams.set(address, stream);
    return channel;
  };
  const concluded: number[] = [];
  const errands = new Errands(deadlines, {
    detector,
    prober: new Prober(wire, () => peerOf(1)),
    timeoutMs: 500,
    addressOf: (id) => addresses.get(id),
    channelTo,
    concluded: () => concluded.push(clock.monotonicMs()),
  });
  let exchange = 0;
  const ask = (asked: readonly string[]): void => {
    const action = { kind: 'ask', id: recordOf(2).id, round: 1, asked } as const;
    errands.ask(action, () => {
      exchange += 1;
      return exchange;
    });
  };
  return { ...wire, detector, addresses, channelTo, streams, concluded, errands, ask };
}

const [TWO, THREE] = [recordOf(2), recordOf(3)];

test('a member is probed once at a time', async () => {
  const { clock, transport, errands, concluded } = rig();
  errands.probe(TWO.id);
  errands.probe(TWO.id);
  errands.probe(THREE.id);
  expect(transport.dials).toEqual([TWO.address, THREE.address]);
  await clock.advance(500);
  errands.probe(TWO.id);
  expect(transport.dials).toHaveLength(3);
  expect(concluded).toHaveLength(2);
});

test('an answer is a sign of life, a refusal makes it avoided', () => {
  const { transport, detector, errands } = rig();
  errands.probe(TWO.id);
  transport.to(TWO.address).end({ kind: 'refused', isNobodyThere: true });
  expect(detector.stateOf(TWO.id)).toBe('AVOID');
  errands.probe(TWO.id);
  transport.to(TWO.address).say({ sender: peerOf(2) });
  expect(detector.stateOf(TWO.id)).toBe('ALIVE');
});

test('a refusal where the member was until now is not held against it', () => {
  const { transport, detector, addresses, errands } = rig();
  errands.probe(TWO.id);
  addresses.set(TWO.id, 'moved:1');
  transport.to(TWO.address).end({ kind: 'refused', isNobodyThere: true });
  expect(detector.stateOf(TWO.id)).toBe('ALIVE');
});

test('a member without an address is not probed, nor asked about', () => {
  const { transport, errands, addresses, ask, streams } = rig();
  addresses.delete(TWO.id);
  errands.probe(TWO.id);
  ask([THREE.id]);
  expect(transport.dials).toEqual([]);
  expect(streams.size).toBe(0);
});

test('those asked are told whom to probe and where', () => {
  const { ask, streams } = rig();
  ask([THREE.id, recordOf(4).id, recordOf(9).id]);
  expect([...streams.keys()]).toEqual([THREE.address, recordOf(4).address]);
  expect(streams.get(THREE.address)?.contents).toEqual([
    { kind: 'probe', target: TWO.id, address: TWO.address, timeoutMs: 500 },
  ]);
});

test('an answer counts once, and only from the one who was asked', () => {
  const { detector, errands, ask } = rig();
  const answers: unknown[][] = [];
  detector.askedAnswered = (...given) => answers.push(given);
  ask([THREE.id]);
  errands.reported(1, recordOf(4).id, 'ack');
  errands.reported(99, THREE.id, 'ack');
  expect(answers).toEqual([]);
  errands.reported(1, THREE.id, 'silent');
  errands.reported(1, THREE.id, 'ack');
  expect(answers).toMatchObject([[TWO.id, 1, THREE.id, 'nack', 1_000]]);
});

test('questions that nobody answers are forgotten, the oldest first', () => {
  const { detector, errands, ask } = rig();
  const answers: unknown[][] = [];
  detector.askedAnswered = (...given) => answers.push(given);
  for (let turn = 0; turn < 1_025; turn += 1) ask([THREE.id]);
  errands.reported(1, THREE.id, 'ack');
  expect(answers).toEqual([]);
  errands.reported(2, THREE.id, 'ack');
  expect(answers).toHaveLength(1);
});

test('for others a member is probed where this node knows it to be, or else where they do', () => {
  const { transport, errands, channelTo, streams } = rig();
  const channel = channelTo('asker:1');
  const request = { kind: 'probe', target: TWO.id, address: 'old:1', timeoutMs: 500 } as const;
  errands.run(request, 7, channel, recordOf(1).id);
  errands.run({ ...request, target: recordOf(9).id }, 8, channel, recordOf(1).id);
  expect(transport.dials).toEqual([TWO.address, 'old:1']);
  transport.to(TWO.address).say({ sender: peerOf(2) });
  transport.to('old:1').end({ kind: 'refused', isNobodyThere: true });
  const results = streams.get('asker:1')?.sent.slice(1);
  expect(results).toMatchObject([
    { exchange: 7, content: { kind: 'probe-result', target: TWO.id, outcome: 'ack' } },
    { exchange: 8, content: { kind: 'probe-result', outcome: 'refused' } },
  ]);
});

test('who is asked for itself answers at once', () => {
  const { transport, errands, channelTo, streams } = rig();
  for (const target of ['', recordOf(1).id]) {
    const request = { kind: 'probe', target, address: 'a:1', timeoutMs: 500 } as const;
    errands.run(request, 7, channelTo('asker:1'), recordOf(1).id);
    expect(streams.get('asker:1')?.contents).toMatchObject([{ outcome: 'ack' }]);
  }
  expect(transport.dials).toEqual([]);
});

test('nobody makes this node wait for longer than 5 s', async () => {
  const { clock, errands, channelTo, streams } = rig();
  const channel = channelTo('asker:1');
  const request = { kind: 'probe', target: TWO.id, address: 'a:1', timeoutMs: 3_600_000 } as const;
  errands.run(request, 7, channel, recordOf(1).id);
  // The asker has said who it is, or its stream would end before.
  const stream = streams.get('asker:1');
  if (stream !== undefined) stream.handlers = channel.streamHandlers;
  stream?.say({ sender: peerOf(3) });
  await clock.advance(5_000);
  expect(stream?.contents).toMatchObject([{ outcome: 'silent' }]);
});
